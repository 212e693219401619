"""Row 59: by when a request to move is answered, what moves, and whose numbers a district takes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from services.registry.moving.domain import as_moved, due_on, reasons_not_to_move
from services.registry.people.domain.volunteer import check
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault
from tests.unit.registry.people.test_volunteer import LINE, REFERENCES, TODAY

ELSEWHERE = "51011400000007"


@pytest.mark.row(59)
def test_the_office_has_ten_working_days_and_holidays_are_none() -> None:
    assert due_on(datetime(2026, 11, 30, 2, tzinfo=UTC)) == date(2026, 12, 14)
    assert due_on(datetime(2025, 9, 26, 2, tzinfo=UTC)) == date(2025, 10, 16)  # the National Day's week lies between


@pytest.mark.row(59)
def test_skills_and_services_move_and_what_was_the_old_district_s_does_not() -> None:
    before = check(LINE, REFERENCES, TODAY).volunteer
    assert before
    before = replace(before, organisation_id=uuid4(), team_id=uuid4(), community="510115001001")
    after = as_moved(before)
    assert (after.organisation_id, after.team_id, after.community) == (None, None, None)
    assert (after.number, after.skills, after.services) == (before.number, before.skills, before.services)


@pytest.mark.row(59)
def test_staff_and_minors_do_not_move_by_themselves() -> None:
    assert reasons_not_to_move([Role.VOLUNTEER], minor=False) == []
    assert reasons_not_to_move([Role.VOLUNTEER, Role.TEAM_LEADER], minor=True) == [
        Fault("to_district", Code.HAS_DUTIES),
        Fault("to_district", Code.GUARDIAN_NEEDED),
    ]


@pytest.mark.row(59)
def test_a_number_of_another_district_is_taken_where_its_bearer_has_moved_in_alone() -> None:
    line = LINE | {"number": ELSEWHERE}
    assert [fault.code for fault in check(line, REFERENCES, TODAY).faults] == [Code.OTHER_DISTRICT]
    assert check(line, replace(REFERENCES, moved_in={ELSEWHERE}), TODAY).volunteer
