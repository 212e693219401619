"""Rows 7 and 64: until when data is bound, and what of it is put right."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.own_data.domain import as_written, bound_until, corrected
from services.registry.people.domain.roster import Entry, OnFile, decide, public_profile
from services.registry.people.domain.volunteer import Volunteer, check
from shared.contracts.faults import Code, Fault
from shared.imports.rows import Verdict
from tests.unit.registry.people.test_volunteer import KEYS, LINE, REFERENCES, TODAY


def volunteer(**changes: str) -> Volunteer:
    checked = check(LINE | changes, REFERENCES, TODAY)
    assert checked.volunteer, checked.faults
    return checked.volunteer


@pytest.mark.row(7, 64)
def test_nothing_binds_the_data_of_who_has_never_served() -> None:
    assert bound_until(None, TODAY) is None


@pytest.mark.row(7, 64)
@given(st.dates(date(1990, 1, 1), TODAY))
def test_who_has_served_is_known_for_ten_years_after_the_last_service_and_no_day_longer(last: date) -> None:
    free = bound_until(last, TODAY)
    if free is None:
        assert last <= date(2016, 3, 1)
    else:
        assert free > TODAY
        assert timedelta(days=3652) <= free - last <= timedelta(days=3653)
        assert bound_until(last, free) is None
        assert bound_until(last, free - timedelta(days=1)) == free


@pytest.mark.row(7, 64)
def test_a_service_on_a_leap_day_binds_until_the_first_of_march() -> None:
    assert bound_until(date(2024, 2, 29), TODAY) == date(2034, 3, 1)


@pytest.mark.row(7, 64)
def test_what_is_put_right_passes_the_rules_of_a_registration_and_all_else_stays() -> None:
    before = volunteer()
    after = corrected(before, {"name": "张晓羽"}, REFERENCES, TODAY).volunteer
    assert after is not None
    assert after.name == "张晓羽"
    changed = {field for field in LINE if as_written(before, REFERENCES)[field] != as_written(after, REFERENCES)[field]}
    assert changed == {"name"}
    refused = corrected(before, {"name": "张晓羽8"}, REFERENCES, TODAY)
    assert refused.faults == (Fault("name", Code.NOT_A_NAME),)


@pytest.mark.row(7, 64)
def test_sex_follows_from_another_id_number() -> None:
    after = corrected(volunteer(), {"id_number": "519900200409128872"}, REFERENCES, TODAY).volunteer
    assert after is not None
    assert (volunteer().gender, after.gender) == ("female", "male")


@pytest.mark.row(7, 64)
@pytest.mark.parametrize(
    ("document", "number", "kept"),
    [
        ("passport", "E12345678", "E12345678"),
        ("hong_kong_macau_permit", "H1234567801", "H12345678"),
        ("taiwan_permit", "0123456789A", "01234567"),
        ("foreign_residence_card", "FRA110000123456", "FRA110000123456"),
    ],
)
def test_a_resident_id_is_replaced_by_another_paper_and_the_birthday_stays_and_back(
    document: str, number: str, kept: str
) -> None:
    before = volunteer()
    after = corrected(before, {"id_number": number, "document": document}, REFERENCES, TODAY).volunteer
    assert after is not None
    assert (after.document, after.id_number, after.born, after.gender) == (
        document,
        kept,
        before.born,
        before.gender,
    )
    assert corrected(after, {"id_number": before.id_number}, REFERENCES, TODAY).volunteer == before
    back = {"id_number": before.id_number, "document": "resident_id"}
    assert corrected(after, back, REFERENCES, TODAY).volunteer == before


@pytest.mark.row(7, 64)
def test_another_paper_s_number_has_its_form_and_a_birthday_that_is_stated_counts() -> None:
    before = volunteer()
    passport = {"id_number": "E12345678", "document": "passport"}
    after = corrected(before, passport | {"born_on": "1999-05-06"}, REFERENCES, TODAY).volunteer
    assert after is not None
    assert after.born == date(1999, 5, 6)
    wrong = corrected(before, passport | {"document": "taiwan_permit"}, REFERENCES, TODAY)
    assert wrong.faults == (Fault("id_number", Code.DOCUMENT_NUMBER),)
    unknown = corrected(before, passport | {"document": "library_card"}, REFERENCES, TODAY)
    assert Fault("document", Code.UNKNOWN_VALUE) in unknown.faults
    untold = corrected(before, {"id_number": "E12345678"}, REFERENCES, TODAY)
    assert untold.faults == (Fault("id_number", Code.PASSPORT),)


@pytest.mark.row(7, 64)
@given(st.sampled_from(["law", "law;tax", ""]), st.sampled_from(["", "510115001040"]))
def test_changing_nothing_changes_nothing(skills: str, community: str) -> None:
    before = volunteer(skills=skills, community=community)
    assert corrected(before, {}, REFERENCES, TODAY).volunteer == before


@pytest.mark.row(7, 64)
def test_a_roster_neither_changes_nor_finds_who_has_left_and_the_person_may_register_anew() -> None:
    left = OnFile(uuid4(), LINE["number"], b"", b"", 2, "zh-CN", TODAY, public_profile(volunteer()), is_closed=True)
    same_number = KEYS.entry(2, volunteer(), normalised=False)
    anew: Entry = KEYS.entry(3, volunteer(number="51011500000002"), normalised=False)
    decision = decide([same_number], [left], [])
    assert decision.verdicts == [Verdict.rejected(2, Fault("number", Code.CLOSED))]
    assert decide([anew], [left], []).registered == [anew]
