"""A claim is answered within five working days."""

from datetime import UTC, date, datetime

import pytest

from services.activities.claims.domain import due_on
from shared.contracts.calendar import add_working_days


@pytest.mark.parametrize(
    ("made_at", "due"),
    [
        (datetime(2026, 3, 2, 1, tzinfo=UTC), date(2026, 3, 9)),  # a Monday: the next Monday
        (datetime(2026, 3, 6, 1, tzinfo=UTC), date(2026, 3, 13)),
        (datetime(2026, 3, 7, 1, tzinfo=UTC), date(2026, 3, 13)),  # a Saturday
        (datetime(2026, 3, 1, 17, tzinfo=UTC), date(2026, 3, 9)),  # Monday already in the district
    ],
)
@pytest.mark.row(44)
def test_a_claim_is_due_five_working_days_on(made_at: datetime, due: date) -> None:
    assert due_on(made_at) == due


def test_no_working_day_on_is_the_day_itself() -> None:
    assert add_working_days(date(2026, 3, 7), 0) == date(2026, 3, 7)
