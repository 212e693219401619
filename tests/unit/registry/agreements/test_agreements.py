"""What an agreement between a university and a station says, and how it stands on a day."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.registry.agreements.domain import (
    LONGEST,
    AgreementState,
    NewAgreement,
    agreement_faults,
    state_on,
)
from shared.contracts.faults import reason_fault

TODAY = date(2026, 3, 1)
DAY = timedelta(days=1)


def codes(starts_on: date, ends_on: date, students: int = 100, purpose: str = "助学") -> set[str]:
    new = NewAgreement(UUID(int=1), UUID(int=2), starts_on, ends_on, students, purpose)
    return {f"{fault.field}:{fault.code}" for fault in agreement_faults(new, TODAY)}


def test_one_that_was_signed_long_ago_and_holds_today_may_be_entered() -> None:
    assert codes(TODAY - 300 * DAY, TODAY) == set()


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "faults"),
    [
        (TODAY - 9 * DAY, TODAY - DAY, {"ends_on:in_past"}),
        (TODAY, TODAY - 2 * DAY, {"ends_on:end_before_start"}),
        (TODAY, TODAY + LONGEST + DAY, {"ends_on:out_of_range"}),
        (date(1926, 3, 1), TODAY, {"starts_on:out_of_range", "ends_on:out_of_range"}),
    ],
)
def test_days_that_cannot_be_are_refused(starts_on: date, ends_on: date, faults: set[str]) -> None:
    assert codes(starts_on, ends_on) == faults


def test_it_says_for_how_many_students_and_for_what() -> None:
    assert codes(TODAY, TODAY, 0, "") == {"students:out_of_range", "purpose:missing"}
    assert codes(TODAY, TODAY, 1, "助" * 501) == {"purpose:too_long"}
    assert [fault and fault.code for fault in map(reason_fault, ("", "长" * 501, "站点搬迁"))] == [
        "missing",
        "too_long",
        None,
    ]


@pytest.mark.parametrize(
    ("starts_in", "ends_in", "ended_in", "state"),
    [
        (1, 90, None, AgreementState.TO_COME),
        (0, 31, None, AgreementState.IN_FORCE),
        (-9, 30, None, AgreementState.EXPIRING),
        (-9, 0, None, AgreementState.EXPIRING),
        (-9, -1, None, AgreementState.OVER),
        (-9, 90, 0, AgreementState.ENDED),
    ],
)
def test_how_it_stands_follows_from_its_days(
    starts_in: int, ends_in: int, ended_in: int | None, state: AgreementState
) -> None:
    ended_on = None if ended_in is None else TODAY + ended_in * DAY
    assert state_on(TODAY + starts_in * DAY, TODAY + ends_in * DAY, ended_on, TODAY) is state
