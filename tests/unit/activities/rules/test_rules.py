"""A district's rule set is whole, within limits, and reads as it was written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.rules.domain import FIRST_RULES, RuleSet, first_moment, rule_faults, rules_of
from shared.contracts.faults import RefusedError

HOUR = timedelta(hours=1)


def test_a_district_that_has_said_nothing_counts_the_shift_alone() -> None:
    assert not [*rule_faults(FIRST_RULES)]
    assert FIRST_RULES.model_dump() == {
        "check_in_opens": 30,
        "counts_early": 0,
        "counts_late": 0,
        "forgotten_after": 30,
        "offer_stands": 720,
        "no_offers": 60,
        "agreement": 2880,
        "notice": 1440,
    }
    assert rules_of(None) == FIRST_RULES


@given(minutes=st.lists(st.integers(0, 20_000), min_size=8, max_size=8))
def test_what_is_on_file_reads_as_it_was_written(minutes: list[int]) -> None:
    rules = RuleSet.model_validate(dict(zip(RuleSet.model_fields, minutes, strict=True)))
    assert rules_of(rules.model_dump_json()) == rules


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        (RuleSet(check_in_opens=4 * HOUR, notice=400 * HOUR), ["check_in_opens", "notice"]),
        (RuleSet(offer_stands=timedelta(minutes=9)), ["offer_stands"]),
        (RuleSet(counts_early=HOUR), ["counts_early"]),  # nobody can have come by then
        (RuleSet(counts_late=HOUR), ["counts_late"]),  # nor checked out
        (RuleSet(check_in_opens=HOUR, counts_early=HOUR, forgotten_after=HOUR, counts_late=HOUR), []),
    ],
)
def test_every_fault_is_named(rules: RuleSet, fields: list[str]) -> None:
    assert [fault.field for fault in rule_faults(rules)] == fields


NOW = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)  # 01:30 of the 28th in China


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        (None, NOW),
        (date(2026, 11, 28), NOW),
        (date(2026, 11, 29), datetime(2026, 11, 28, 16, tzinfo=UTC)),
    ],
)
def test_a_rule_set_holds_from_the_first_minute_of_its_day_in_china(day: date | None, begins: datetime) -> None:
    assert first_moment(day, NOW) == begins


@pytest.mark.parametrize(("day", "code"), [(date(2026, 11, 27), "in_past"), (date(2028, 12, 1), "out_of_range")])
def test_a_day_that_is_over_or_far_away_is_refused(day: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        first_moment(day, NOW)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("holds_from", code)]
