"""A district's rule set is whole, within limits, and reads as it was written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.rules.domain import FIRST_RULES, RuleSet, rule_faults, rules_of

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
