"""What a chart of figures shows adds up to all of them, however many there are."""

from hypothesis import given
from hypothesis import strategies as st

from services.portal.shell.charts import ranked_bars
from services.portal.shell.csv_files import csv_of, lines_of


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 10**9)), max_size=60), st.integers(1, 30))
def test_bars_add_up_to_the_whole_and_the_longest_is_as_long_as_the_chart(
    values: list[tuple[str, int]], most: int
) -> None:
    bars = ranked_bars(values, most, "others")
    assert len(bars) == min(len(values), most)
    assert sum(bar.value for bar in bars) == sum(value for _, value in values)
    assert all(0 <= bar.length <= 100 for bar in bars)
    if any(value for _, value in values):
        assert max(bar.length for bar in bars) == 100


def test_a_name_that_looks_like_a_formula_is_a_text_in_a_file() -> None:
    assert lines_of([("=1+1", -5)]) == b"'=1+1,-5\r\n"
    assert csv_of([("\t=1", "合计")]) == "\ufeff'\t=1,合计\r\n".encode()
