"""An activity is published complete or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.activities.publishing.domain import ActivityDraft, ShiftDraft, check_draft
from shared.contracts.faults import RefusedError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SHIFT = ShiftDraft(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2), 20)
DRAFT = ActivityDraft(
    title="社区读书会",
    service="culture",
    place="新华社区活动室",
    person_in_charge="站长办公室",
    risk_text="地面湿滑时注意安全",
    description="",
    shifts=[SHIFT],
)


def faults_of(draft: ActivityDraft) -> set[tuple[str, str]]:
    with pytest.raises(RefusedError) as refused:
        check_draft(draft, NOW)
    return {(fault.field, fault.code) for fault in refused.value.faults}


def test_a_complete_draft_passes() -> None:
    check_draft(DRAFT, NOW)


@pytest.mark.parametrize("field", ["title", "place", "person_in_charge", "risk_text", "service"])
@pytest.mark.parametrize("blank", ["", "   "])
@pytest.mark.row(22)
def test_what_decree_685_asks_for_is_required(field: str, blank: str) -> None:
    code = "unknown_value" if field == "service" and blank else "missing"
    assert faults_of(replace(DRAFT, **{field: blank})) == {(field, code)}  # type: ignore[arg-type]


def test_every_fault_is_told_at_once() -> None:
    draft = replace(DRAFT, place="", risk_text="", service="dancing", shifts=[])
    assert faults_of(draft) == {
        ("place", "missing"),
        ("risk_text", "missing"),
        ("service", "unknown_value"),
        ("shifts", "missing"),
    }


@pytest.mark.parametrize(
    ("shift", "fault"),
    [
        (replace(SHIFT, starts_at=NOW), ("shifts.0.starts_at", "in_past")),
        (replace(SHIFT, starts_at=NOW - timedelta(seconds=1)), ("shifts.0.starts_at", "in_past")),
        (replace(SHIFT, ends_at=SHIFT.starts_at), ("shifts.0.ends_at", "end_before_start")),
        (replace(SHIFT, ends_at=SHIFT.starts_at + timedelta(hours=24)), ("shifts.0.ends_at", "out_of_range")),
        (replace(SHIFT, capacity=None), ("shifts.0.capacity", "missing")),
        (replace(SHIFT, capacity=0), ("shifts.0.capacity", "out_of_range")),
        (replace(SHIFT, capacity=10_001), ("shifts.0.capacity", "out_of_range")),
    ],
)
@pytest.mark.row(22)
def test_a_shift_is_in_the_future_and_of_sensible_size(shift: ShiftDraft, fault: tuple[str, str]) -> None:
    assert fault in faults_of(replace(DRAFT, shifts=[shift]))


def test_a_shift_far_ahead_is_refused() -> None:
    far = NOW + timedelta(days=800)
    draft = replace(DRAFT, shifts=[ShiftDraft(far, far + timedelta(hours=1), 1)])
    assert faults_of(draft) == {("shifts.0.starts_at", "out_of_range")}


@pytest.mark.parametrize(
    ("title", "code"), [("=cmd()", "formula"), ("a\x00b", "control_character"), ("x" * 101, "too_long")]
)
def test_text_is_plain(title: str, code: str) -> None:
    assert faults_of(replace(DRAFT, title=title)) == {("title", code)}


def test_risks_may_be_told_in_several_lines() -> None:
    check_draft(replace(DRAFT, risk_text="- 注意安全\n- 自带饮水\r\n"), NOW)
