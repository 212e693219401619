"""Row 17: what a rule document must say."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.registry.rule_documents.domain import (
    FURTHEST,
    LONGEST_TEXT,
    LONGEST_TITLE,
    NewVersion,
    acceptance_id,
    version_faults,
)

TODAY = date(2026, 11, 28)
DAY = timedelta(days=1)


def faults(
    title: str = "志愿者守则", text: str = "第一条\n\n第二条", begins: date = TODAY, required: date | None = None
) -> dict[str, str]:
    found = version_faults(NewVersion(title, text, begins, required or begins), TODAY)
    return {fault.field: fault.code for fault in found}


@pytest.mark.parametrize("days", [0, 1, FURTHEST.days])
def test_it_begins_today_or_later_and_is_required_from_then_on_or_later(days: int) -> None:
    later = TODAY + days * DAY
    assert faults(begins=later) == faults(required=later) == {}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"title": " "}, {"title": "missing"}),
        ({"title": "守" * (LONGEST_TITLE + 1)}, {"title": "too_long"}),
        ({"title": "守则\n"}, {"title": "control_character"}),
        ({"text": ""}, {"text": "missing"}),
        ({"text": "则" * (LONGEST_TEXT + 1)}, {"text": "too_long"}),
        ({"text": "一\x00二"}, {"text": "control_character"}),
        ({"text": "����"}, {"text": "garbled"}),
        ({"begins": TODAY - DAY}, {"in_force_from": "in_past"}),
        ({"begins": TODAY + FURTHEST + DAY}, {"in_force_from": "out_of_range"}),
        ({"begins": TODAY + DAY, "required": TODAY}, {"required_from": "before_in_force"}),
        ({"required": TODAY + FURTHEST + DAY}, {"required_from": "out_of_range"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changes: dict[str, object], found: dict[str, str]) -> None:
    assert faults(**changes) == found  # type: ignore[arg-type]


def test_a_volunteer_and_a_version_have_one_acceptance() -> None:
    volunteer, document = uuid4(), uuid4()
    assert acceptance_id(volunteer, document, 1) == acceptance_id(volunteer, document, 1)
    others = {acceptance_id(volunteer, document, 2), acceptance_id(uuid4(), document, 1)}
    assert len(others | {acceptance_id(volunteer, document, 1)}) == 3
