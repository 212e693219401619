from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.places.domain import wording

FULL_WIDTH = str.maketrans(
    "0123456789X+- /;", "".join(chr(ord(c) + 0xFEE0) if c != " " else "\u3000" for c in "0123456789X+- /;")
)
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
SEPARATED = st.sampled_from(["", " ", "-", "\u00a0", "\uff0d"])


@pytest.mark.parametrize(
    "normal_form",
    [
        wording.ungrouped,
        wording.phone,
        wording.email,
        wording.code,
    ],
)
@given(st.text())
def test_a_normal_form_is_its_own(normal_form: Callable[[str], str], text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once


@given(MOBILES, st.sampled_from(["", "+86", "+86 ", "0086-", "86", "(+86)"]), SEPARATED, st.booleans())
def test_a_mobile_number_is_one_however_it_is_written(mobile: str, prefix: str, gap: str, full: bool) -> None:
    written = f"{prefix}{mobile[:3]}{gap}{mobile[3:7]}{gap}{mobile[7:]}"
    assert wording.phone(written.translate(FULL_WIDTH) if full else written) == mobile


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True), SEPARATED, st.booleans())
def test_an_id_number_is_one_however_it_is_written(number: str, gap: str, full: bool) -> None:
    written = f"{number[:6]}{gap}{number[6:14]}{gap}{number[14:]}".lower()
    assert wording.ungrouped(written.translate(FULL_WIDTH) if full else written) == number


@given(st.dates(date(1000, 1, 1)))
def test_a_date_is_one_however_it_is_written(day: date) -> None:
    for written in (
        f"{day:%Y-%m-%d}", f"{day.year}/{day.month}/{day.day}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}", f"{day:%Y-%m-%d} 00:00:00",
        f"{day:%Y/%m/%d}".translate(FULL_WIDTH),
    ):  # fmt: skip
        assert wording.day(written) == day


@pytest.mark.parametrize(
    "written", ["", "2026-02-30", "2026/3-1", "26-3-1", "2026-3", "0000-01-01", "2026年3月", "yesterday"]
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert wording.day(written) is None


def test_lists_take_the_usual_separators() -> None:
    assert wording.codes("law; TAX、it,law;") == ("law", "tax", "it")
    assert wording.codes("law;tax") == ("law", "tax")
