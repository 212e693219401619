"""The page of feature rows tells of each row which tests show it."""

from pathlib import Path

import pytest

from deploy.features import ROWS, shown_by

SHOWN = """
@pytest.mark.row(24, 25)
@pytest.mark.parametrize("n", [1])
async def test_places(n): ...

def test_other(): ...
"""


def seeded(folder: Path, content: str) -> Path:
    tests = folder / "tests"
    (tests / "unit").mkdir(parents=True)
    (tests / "unit" / "test_places.py").write_text(content)
    return tests


def test_there_are_64_rows_in_order() -> None:
    assert [row.number for row in ROWS] == list(range(1, 65))


def test_a_test_shows_the_rows_of_its_mark(tmp_path: Path) -> None:
    link = "[places](../tests/unit/test_places.py)"
    assert shown_by(seeded(tmp_path, SHOWN)) == {24: [link], 25: [link]}


def test_a_mark_that_names_no_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shows row 65, which is none"):
        shown_by(seeded(tmp_path, "@pytest.mark.row(65)\ndef test_it(): ..."))
