"""Row 5: whoever is under 18 has a guardian's consent first; a guardian is somebody else than the minor."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.consents.domain import Guardian, check_guardian
from services.registry.people.domain.identity import check_character, is_minor
from services.registry.people.domain.volunteer import birthday_said
from shared.contracts.faults import Code, RefusedError

TODAY = date(2026, 11, 27)
PHONE, OWN = "13800000001", "13800000002"
FOURTEEN = date(2012, 11, 27)
THIRTEEN = date(2012, 11, 28)


def refusals(name: str, phone: str, born: date = FOURTEEN) -> list[tuple[str, Code]]:
    with pytest.raises(RefusedError) as refused:
        check_guardian(name, phone, born=born, own_phone=OWN, today=TODAY)
    return [(fault.field, fault.code) for fault in refused.value.faults]


@pytest.mark.row(5)
@pytest.mark.parametrize(
    ("born", "day", "minor"),
    [
        (date(2008, 11, 27), TODAY, False),
        (date(2008, 11, 28), TODAY, True),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
    ],
)
def test_one_is_of_age_on_the_eighteenth_birthday(born: date, day: date, *, minor: bool) -> None:
    assert is_minor(born, day) is minor


@pytest.mark.row(5)
@given(st.dates(date(1900, 1, 1), TODAY), st.dates(TODAY, date(2050, 1, 1)), st.dates(TODAY, date(2050, 1, 1)))
def test_nobody_becomes_a_minor_again(born: date, day: date, another: date) -> None:
    assert is_minor(born, min(day, another)) or not is_minor(born, max(day, another))


@pytest.mark.row(5)
def test_without_a_guardian_a_minor_is_refused_with_a_sentence_and_every_other_fault_is_named() -> None:
    assert refusals("", "") == [("guardian_phone", Code.GUARDIAN_NEEDED)]
    assert refusals("=1", "12") == [("guardian_name", Code.FORMULA), ("guardian_phone", Code.FORMAT)]
    assert refusals("", PHONE) == [("guardian_name", Code.MISSING)]


@pytest.mark.row(5)
def test_from_14_on_the_guardian_s_phone_is_not_the_minor_s_own() -> None:
    assert refusals("张建国", OWN) == [("guardian_phone", Code.OWN_PHONE)]
    agreed = check_guardian("张建国", "+86 138-0000-0002", born=THIRTEEN, own_phone=OWN, today=TODAY)
    assert agreed == Guardian("张建国", OWN)
    assert check_guardian("张建国", PHONE, born=FOURTEEN, own_phone=OWN, today=TODAY).phone == PHONE


@pytest.mark.row(5)
def test_a_day_of_birth_is_read_from_a_right_number_alone() -> None:
    first = "519900201211270001"[:17]
    assert birthday_said({"id_number": first + check_character(first)}, TODAY) == FOURTEEN
    assert birthday_said({"id_number": first + "Y"}, TODAY) is None
    assert birthday_said({}, TODAY) is None
    passport = {"document": "passport", "id_number": "E12345678"}
    assert birthday_said(passport | {"born_on": FOURTEEN.isoformat()}, TODAY) == FOURTEEN
    assert birthday_said(passport, TODAY) is None
