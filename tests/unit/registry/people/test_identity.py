from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.people.domain import identity

OTHER_PAPERS = {
    "id_of_15_digits",
    "passport",
    "hong_kong_macau_permit",
    "taiwan_permit",
    "old_residence_card",
}
TODAY = date(2026, 3, 1)
BIRTHS = st.dates(identity.EARLIEST_BIRTH, TODAY)
SEQUENCES = st.integers(0, 999)


def number(born: date, sequence: int) -> str:
    first_17 = f"519900{born:%Y%m%d}{sequence:03d}"
    return first_17 + identity.check_character(first_17)


@pytest.mark.parametrize("right", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_examples_check(right: str) -> None:
    assert identity.check_character(right[:17]) == right[17]


@given(BIRTHS, SEQUENCES)
@pytest.mark.row(3)
def test_a_right_number_has_no_fault_and_says_sex_and_birth(born: date, sequence: int) -> None:
    right = number(born, sequence)
    assert identity.fault_of(right, TODAY) is None
    assert identity.birth_date(right) == born
    assert identity.gender(right) == ("male" if sequence % 2 else "female")


@given(BIRTHS, SEQUENCES, st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(born: date, sequence: int, position: int, shift: int) -> None:
    right = number(born, sequence)
    wrong = str((int(right[position]) + shift) % 10)
    assert identity.fault_of(right[:position] + wrong + right[position + 1 :], TODAY) in {"birth_date", "check_digit"}


@given(BIRTHS, SEQUENCES, st.integers(0, 15))
def test_two_neighbouring_digits_changed_round_are_found(born: date, sequence: int, position: int) -> None:
    right = number(born, sequence)
    swapped = right[:position] + right[position + 1] + right[position] + right[position + 2 :]
    assert swapped == right or identity.fault_of(swapped, TODAY) in {"birth_date", "check_digit"}


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    fault = identity.fault_of(text, TODAY)
    assert fault is None or fault in {"length", "format", "birth_date", "check_digit"} | OTHER_PAPERS


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("", "length"),
        ("519900194109", "length"),
        ("51990019410909817A", "format"),
        ("X19900194109098170", "format"),
        ("51990019410909817x", "format"),
        ("\u0665" * 18, "format"),
        ("519900193913328997", "birth_date"),
        ("519900202302298997", "birth_date"),
        ("519900189912318997", "birth_date"),
    ],
)
def test_what_is_wrong_is_said(wrong: str, fault: str) -> None:
    assert identity.fault_of(wrong, TODAY) == fault


@pytest.mark.parametrize(
    ("number", "paper"),
    [
        ("E12345678", "passport"),
        ("EA1234567", "passport"),
        ("G12345678", "passport"),
        ("PE1234567", "passport"),
        ("123456789", "passport"),
        ("K1234567X", "passport"),
        ("H12345678", "hong_kong_macau_permit"),
        ("M1234567801", "hong_kong_macau_permit"),
        ("H1234567800", "hong_kong_macau_permit"),
        ("01234567", "taiwan_permit"),
        ("0123456701", "taiwan_permit"),
        ("0123456701B", "taiwan_permit"),
        ("519900800101123", "id_of_15_digits"),
        ("USA110088010001", "old_residence_card"),
    ],
)
def test_another_paper_than_the_resident_id_is_called_by_its_name(number: str, paper: str) -> None:
    assert identity.fault_of(number, TODAY) == paper


@pytest.mark.parametrize(
    "number",
    ["810000199005171231", "820000199005171233", "830000199005171235", "931840199005171234"],
)
def test_residence_permits_and_cards_of_18_digits_are_taken(number: str) -> None:
    assert identity.fault_of(number, TODAY) is None


def test_nobody_is_born_tomorrow() -> None:
    assert identity.fault_of(number(TODAY, 1), TODAY) is None
    assert identity.fault_of(number(TODAY + timedelta(days=1), 1), TODAY) == "birth_date"
