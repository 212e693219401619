"""Row 5: minors sign up with a guardian's consent, and for nothing dangerous."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.signing_up.domain import KnownPerson, Shift, barred_from, decide_group
from shared.contracts.faults import Code, RefusedError
from shared.store.event_log import new_id

NOW = datetime(2026, 11, 27, tzinfo=UTC)
people = st.lists(st.builds(KnownPerson, st.builds(new_id), st.booleans(), st.booleans()), min_size=1, max_size=6)


def shift(*, dangerous: bool) -> Shift:
    start = NOW + timedelta(days=1)
    return Shift(new_id(), new_id(), "防汛演练", start, start + timedelta(hours=2), 50, 0, 0, 1, dangerous=dangerous)


@pytest.mark.row(5, 28)
@given(people, st.booleans())
def test_a_minor_is_barred_from_danger_and_without_consent_from_everything_and_an_adult_from_nothing(
    asking: list[KnownPerson], dangerous: bool
) -> None:
    barred = barred_from(shift(dangerous=dangerous), asking)
    for person in asking:
        if not person.minor:
            assert person.id not in barred
        elif dangerous:
            assert barred[person.id] is Code.NOT_FOR_MINORS
        else:
            assert barred.get(person.id) == (None if person.guardian_agreed else Code.GUARDIAN_NEEDED)


@pytest.mark.row(5)
def test_of_people_who_come_together_each_who_may_not_is_named_and_nobody_gets_a_place() -> None:
    adult, minor = KnownPerson(new_id()), KnownPerson(new_id(), minor=True)
    asked = shift(dangerous=False)
    known = {adult.id, minor.id}
    parties = [[adult.id, minor.id], [minor.id], [adult.id]]
    verdicts = decide_group(asked, NOW, parties, known, {}, barred=barred_from(asked, [adult, minor])).verdicts
    refused = [verdict for verdict in verdicts if isinstance(verdict, RefusedError)]
    assert [[(fault.field, fault.code) for fault in each.faults] for each in refused] == [
        [("group.1", Code.GUARDIAN_NEEDED)],
        [("shift_id", Code.GUARDIAN_NEEDED)],
    ]
    assert isinstance(verdicts[2], list)
