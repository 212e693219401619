"""Closing tells activities what was touched, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.portal.closing.entries import Said, closing_faults, entries, nearest, said_by_rule, unreadable
from services.portal.closing.queries import ClosingLine
from shared.http.upstream import RefusedByServiceError

ID = UUID("01a21b07-0f35-7284-b5f9-7f5045434656")
START = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)  # 09:00 in China
END = START + timedelta(hours=2)
CAME = START - timedelta(minutes=5, seconds=-12)
RECORDED: dict[str, Any] = {"started_at": START, "ended_at": END + timedelta(minutes=20), "minutes": 130}


def line(state: str, *, left_at: datetime | None = None) -> ClosingLine:
    came = state != "confirmed"
    return ClosingLine(
        sign_up_id=ID,
        volunteer_id=ID,
        number_last_four="4180",
        state=state,
        no_show=False,
        checked_in_at=CAME if came else None,
        checked_out_at=left_at,
        started_at=None,
        ended_at=None,
        minutes=0,
        counts_from=max(CAME, START) if came else None,
        counts_until=min(left_at, END) if left_at else None,
        missing=state in ("attending", "missing_check_out"),
        rating=None,
    )


def form(said: Said) -> dict[str, str]:
    names = {"was": said.was, "start": said.start, "end": said.end, "break": said.break_minutes, "reason": said.reason}
    names["rating"] = said.rating
    return {f"{name}-{ID}": value for name, value in names.items()}


def told(of: ClosingLine, said: Said) -> list[dict[str, object]]:
    return entries(form(said), [of], START, END)


def test_what_was_not_touched_says_nothing() -> None:
    for of in (line("confirmed"), line("completed", left_at=END), line("attending")):
        assert told(of, said_by_rule(of)) == []


def test_a_missing_end_is_said_alone_so_that_the_check_in_stands_to_the_second() -> None:
    of = line("missing_check_out")
    assert told(of, replace(said_by_rule(of), end="10:30", reason="忘记签退")) == [
        {
            "sign_up_id": str(ID),
            "reason": "忘记签退",
            "started_at": None,
            "ended_at": "2026-11-27T10:30:00+08:00",
            "break_minutes": 0,
        }
    ]


def test_the_form_says_what_is_credited_and_not_what_was_tapped() -> None:
    said = said_by_rule(line("completed", left_at=END + timedelta(minutes=7)))
    assert (said.start, said.end, said.break_minutes) == ("09:00", "11:00", "")
    assert said_by_rule(line("missing_check_out")).start == "09:00"


def test_what_a_leader_confirmed_before_is_kept_where_something_else_is_changed() -> None:
    of = line("completed", left_at=END).model_copy(update=RECORDED)
    assert said_by_rule(of) == Said("came", "09:00", "11:20", "10", "")
    assert not of.is_by_rules
    (entry,) = told(of, replace(said_by_rule(of), start="09:10", reason="来晚了"))
    assert (entry["started_at"], entry["ended_at"], entry["break_minutes"]) == (
        "2026-11-27T09:10:00+08:00",
        RECORDED["ended_at"].isoformat(),
        10,
    )


@pytest.mark.parametrize(
    ("of", "said", "fields"),
    [
        (line("confirmed"), Said("came"), ["start", "end"]),
        (line("completed", left_at=END), Said("came", "09:00", "", ""), ["end"]),
        (line("missing_check_out"), Said("came", "25:00", "10:00", "ten"), ["start", "break"]),
        (line("missing_check_out"), Said("came", "09:00", "", "", "电话没打通"), []),
        (line("confirmed"), Said("absent"), []),
    ],
)
def test_what_cannot_be_read_is_named_instead_of_left_out(of: ClosingLine, said: Said, fields: list[str]) -> None:
    assert list(unreadable(form(said), [of], "zh-CN")) == [f"{field}-{ID}" for field in fields]


def test_who_came_without_a_check_in_is_said_with_both_times() -> None:
    (entry,) = told(line("confirmed"), Said("came", "09:10", "11:00", "15", "手机没电"))
    assert (entry["started_at"], entry["ended_at"]) == ("2026-11-27T09:10:00+08:00", "2026-11-27T11:00:00+08:00")
    assert entry["break_minutes"] == 15


def test_who_was_checked_in_and_did_not_come_is_said_to_have_missed_it() -> None:
    of = line("attending")
    assert told(of, replace(said_by_rule(of), was="absent", reason="点错了")) == [
        {"sign_up_id": str(ID), "reason": "点错了", "no_show": True}
    ]


def test_a_time_of_day_is_the_one_nearest_to_the_shift() -> None:
    night = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)  # 22:00 to 02:00 in China
    until = night + timedelta(hours=4)
    said = [nearest(clock, night, until) for clock in ("21:55", "23:00", "01:30", "02:20")]
    assert [moment and moment.isoformat(timespec="minutes") for moment in said] == [
        "2026-11-27T21:55+08:00",
        "2026-11-27T23:00+08:00",
        "2026-11-28T01:30+08:00",
        "2026-11-28T02:20+08:00",
    ]
    assert nearest("", night, until) is None


def test_a_fault_stands_at_the_field_it_is_of_and_one_of_a_whole_line_at_its_end() -> None:
    faults = [
        {"field": f"entries.{ID}", "code": "missing", "message": "必填"},
        {"field": f"entries.{ID}.reason", "code": "missing", "message": "写明原因"},
        {"field": "shift_id", "code": "too_early", "message": "还没结束"},
    ]
    refused = RefusedByServiceError(422, {"faults": faults}, None)
    assert closing_faults(refused) == {f"end-{ID}": "必填", f"reason-{ID}": "写明原因", "shift_id": "还没结束"}


def test_a_rating_is_told_where_it_is_another_than_before_with_whatever_else_was_touched() -> None:
    of = line("completed", left_at=END)
    known = said_by_rule(of)
    assert told(of, replace(known, rating="4")) == [{"sign_up_id": str(ID), "reason": "", "rating": 4}]
    (both,) = told(of, replace(known, end="10:30", reason="提前走", rating="2"))
    assert (both["rating"], both["reason"], "ended_at" in both) == (2, "提前走", True)
    rated = of.model_copy(update={"rating": 4})
    assert told(rated, said_by_rule(rated)) == []
    assert told(rated, replace(said_by_rule(rated), rating="")) == [], "what was said is not unsaid"
    for wrong in ("6", "0", "好"):
        assert told(of, replace(known, rating=wrong)) == []
    absent = line("confirmed")
    assert told(absent, replace(said_by_rule(absent), rating="5")) == []
    assert unreadable(form(replace(known, rating="4")), [of], "zh-CN") == {}
