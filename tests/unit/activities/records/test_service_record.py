"""A record says what it must, and nobody serves in two places at once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.records.domain import (
    RecordBook,
    RightMinutes,
    RightTimes,
    ServiceRecord,
    Session,
    Timeline,
    corrected,
    read_record,
)
from shared.contracts.faults import RefusedError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LINE = {
    "record_no": "SR1",
    "volunteer_no": "V1",
    "station_code": "STA-01",
    "activity": "文化活动",
    "service": "culture",
    "started_at": "2026-01-05T08:00:00+08:00",
    "ended_at": "2026-01-05T10:00:00+08:00",
    "minutes": "120",
    "recipient_rating": "5",
}
VOLUNTEERS = {"V1": UUID(int=1), "V2": UUID(int=2)}
STATIONS = {"STA-01": UUID(int=10)}


def book(digests: dict[str, bytes] | None = None, sessions: list[Session] | None = None) -> RecordBook:
    return RecordBook(VOLUNTEERS, STATIONS, digests or {}, sessions or [])


def enter(into: RecordBook, **changes: str) -> ServiceRecord | None:
    return into.enter(read_record({**LINE, **changes}, NOW))


def fault_of(into: RecordBook | None = None, /, **changes: str) -> tuple[str, str]:
    with pytest.raises(RefusedError) as refused:
        enter(into or book(), **changes)
    (fault,) = refused.value.faults
    return fault.field, fault.code


def test_a_line_becomes_a_record_in_utc() -> None:
    assert enter(book()) == ServiceRecord(
        "SR1",
        UUID(int=1),
        UUID(int=10),
        "文化活动",
        "culture",
        datetime(2026, 1, 5, 0, tzinfo=UTC),
        datetime(2026, 1, 5, 2, tzinfo=UTC),
        120,
        5,
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"record_no": ""}, ("record_no", "missing")),
        ({"record_no": "S R"}, ("record_no", "format")),
        ({"record_no": "LB-510115-20260105-000001"}, ("record_no", "unknown_reference")),
        ({"volunteer_no": " "}, ("volunteer_no", "missing")),
        ({"volunteer_no": "V 1"}, ("volunteer_no", "format")),
        ({"volunteer_no": "V9"}, ("volunteer_no", "unknown_reference")),
        ({"station_code": "STA-99"}, ("station_code", "unknown_reference")),
        ({"activity": ""}, ("activity", "missing")),
        ({"activity": "=1+1"}, ("activity", "formula")),
        ({"activity": "文" * 101}, ("activity", "too_long")),
        ({"service": "dancing"}, ("service", "unknown_value")),
        ({"service": ""}, ("service", "missing")),
        ({"started_at": ""}, ("started_at", "missing")),
        ({"started_at": "yesterday"}, ("started_at", "time")),
        ({"started_at": "2026-02-30T08:00:00+08:00"}, ("started_at", "time")),
        ({"started_at": "0001-01-01T00:00:00+08:00"}, ("started_at", "time")),
        ({"started_at": "1926-01-05T08:00:00+08:00"}, ("started_at", "out_of_range")),
        ({"started_at": "2026-03-01T16:00:01+08:00"}, ("started_at", "in_future")),
        ({"ended_at": "2026-01-05T08:00:00+08:00"}, ("ended_at", "end_before_start")),
        ({"ended_at": "2026-01-04T08:00:00+08:00"}, ("ended_at", "end_before_start")),
        ({"ended_at": "2026-03-01T16:00:01+08:00"}, ("ended_at", "in_future")),
        ({"ended_at": "2026-01-06T08:00:01+08:00", "minutes": "1440"}, ("ended_at", "out_of_range")),
        ({"minutes": ""}, ("minutes", "missing")),
        *(
            ({"minutes": written}, ("minutes", "whole_number"))
            for written in (
                "2h",
                "-120",
                "119.5",
                "120.0",
                "1e2",
                "十二",
                "∞",
                "nan",
                "1,20",
                "1²",
                "١٢٠",
                "+120",
                "1 20",
            )
        ),
        ({"minutes": "1" * 5000}, ("minutes", "out_of_range")),
        ({"activity": "清扫\n第二行"}, ("activity", "control_character")),
        ({"activity": "清\ufffd"}, ("activity", "garbled")),
        ({"activity": "社区?扫"}, ("activity", "garbled")),
        ({"activity": "绀惧尯娓呮壂"}, ("activity", "garbled")),
        ({"record_no": "锟斤拷1"}, ("record_no", "format")),
        ({"started_at": "2026-01-05"}, ("started_at", "time")),
        ({"started_at": "46027.33"}, ("started_at", "time")),
        ({"minutes": "0"}, ("minutes", "out_of_range")),
        ({"minutes": "99999"}, ("minutes", "out_of_range")),
        ({"minutes": "121"}, ("minutes", "disagrees_with_times")),
        ({"recipient_rating": "0"}, ("recipient_rating", "out_of_range")),
        ({"recipient_rating": "6"}, ("recipient_rating", "out_of_range")),
        ({"recipient_rating": "good"}, ("recipient_rating", "whole_number")),
        ({"recipient_rating": "4.5"}, ("recipient_rating", "whole_number")),
    ],
)
def test_a_fault_is_named_with_its_field(changes: dict[str, str], fault: tuple[str, str]) -> None:
    assert fault_of(**changes) == fault


@pytest.mark.parametrize(
    "written",
    ["2026-01-05T08:00:00", "2026-01-05 08:00", "2026/1/5 8:00", "2026-01-05T00:00:00Z", " 2026-01-05T08:00 "],
)
def test_a_time_without_offset_is_chinas(written: str) -> None:
    record = enter(book(), started_at=written)
    assert record is not None
    assert record.started_at == datetime(2026, 1, 5, 0, tzinfo=UTC)


def test_a_session_of_a_whole_day_and_no_rating_are_fine() -> None:
    record = enter(book(), ended_at="2026-01-06T08:00:00+08:00", minutes="1440", recipient_rating="")
    assert record is not None
    assert record.rating is None


@pytest.mark.parametrize(
    ("changes", "normalised"),
    [
        ({}, False),
        ({"minutes": "\uff11\uff12\uff10"}, True),
        ({"record_no": " SR1"}, True),
        ({"activity": "（文）化"}, False),
        ({"activity": "　文化 活动\u200b"}, True),
        ({"service": "文化活动"}, True),
        ({"service": "Culture"}, True),
        ({"volunteer_no": "v1"}, True),
        ({"station_code": "ＳＴＡ—01"}, True),
        ({"started_at": "２０２６／１／５　８：００"}, True),
    ],
)
def test_full_width_digits_and_blanks_are_normalised(changes: dict[str, str], normalised: bool) -> None:
    line = read_record({**LINE, **changes}, NOW)
    assert line.normalised is normalised
    assert (line.minutes, line.record_no) == (120, "SR1")
    assert (line.volunteer_no, line.station_code, line.service) == ("V1", "STA-01", "culture")


@pytest.mark.parametrize("minutes", ["1", "60", "119"])
def test_fewer_minutes_than_the_span_are_a_break_and_the_span_is_kept(minutes: str) -> None:
    """Case C16: a day of eight hours with an hour for lunch."""
    record, whole = enter(book(), minutes=minutes), enter(book())
    assert record is not None
    assert whole is not None
    assert record == whole._replace(minutes=int(minutes))
    assert record.digest() != whole.digest()


def test_a_record_number_means_one_content_for_ever() -> None:
    record = enter(book())
    assert record is not None
    known = book({"SR1": record.digest()})
    assert enter(known) is None
    assert fault_of(known, recipient_rating="4") == ("record_no", "already_recorded")
    assert fault_of(known, volunteer_no="V2") == ("record_no", "already_recorded")


def test_the_same_line_twice_in_a_file_is_unchanged_and_another_content_refused() -> None:
    one = book()
    assert enter(one) is not None
    assert enter(one) is None
    assert fault_of(one, service="law") == ("record_no", "already_recorded")


def test_a_number_whose_line_was_refused_is_still_free() -> None:
    one = book(sessions=[Session(UUID(int=1), datetime(2026, 1, 5, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))])
    assert fault_of(one) == ("started_at", "overlap")
    assert enter(one, volunteer_no="V2") is not None


def test_sessions_may_touch() -> None:
    one = book()
    assert enter(one) is not None
    next_hour = {"started_at": "2026-01-05T10:00:00+08:00", "ended_at": "2026-01-05T11:00:00+08:00", "minutes": "60"}
    assert enter(one, record_no="SR2", **next_hour) is not None
    within = {"started_at": "2026-01-05T09:59:00+08:00", "ended_at": "2026-01-05T10:59:00+08:00", "minutes": "60"}
    assert fault_of(one, record_no="SR3", **within) == ("started_at", "overlap")
    assert enter(one, record_no="SR4", volunteer_no="V2", **within) is not None


minute = st.integers(0, 60)
spans = st.tuples(minute, st.integers(1, 20)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(spans, max_size=30))
def test_a_timeline_decides_as_looking_at_every_pair_does(wanted: list[tuple[int, int]]) -> None:
    timeline, accepted = Timeline(), list[Session]()
    for start, end in wanted:
        started_at, ended_at = NOW + timedelta(minutes=start), NOW + timedelta(minutes=end)
        free = not any(
            not (end <= session_start or start >= session_end)
            for session_start, session_end in [(minutes_of(s.started_at), minutes_of(s.ended_at)) for s in accepted]
        )
        assert timeline.place(started_at, ended_at) is free
        if free:
            accepted.append(Session(uuid4(), started_at, ended_at))


def minutes_of(moment: datetime) -> int:
    return (moment - NOW) // timedelta(minutes=1)


@pytest.mark.parametrize(
    ("present", "minutes", "code"),
    [(120, 121, "out_of_range"), (120, -1, "out_of_range"), (120, 120, "not_open"), (0, 60, "not_open")],
)
def test_a_correction_by_minutes_stays_within_the_session(present: int, minutes: int, code: str) -> None:
    record = enter(book())
    assert record is not None
    with pytest.raises(RefusedError, match=code):
        corrected(record._replace(minutes=present), RightMinutes(minutes), NOW)


def test_a_correction_may_lower_restore_or_void() -> None:
    record = enter(book())
    assert record is not None
    assert corrected(record, RightMinutes(0), NOW).minutes == 0
    assert corrected(record, RightMinutes(60), NOW) == record._replace(minutes=60)
    assert corrected(record._replace(minutes=60), RightMinutes(120), NOW) == record


def test_a_correction_that_states_the_real_times_may_give_more() -> None:
    record = enter(book())
    assert record is not None
    start, end = record.started_at - timedelta(minutes=30), record.ended_at + timedelta(minutes=30)
    right = corrected(record, RightTimes(start, end, 10), NOW)
    assert (right.started_at, right.ended_at, right.minutes) == (start, end, 170)
    assert right == record._replace(started_at=start, ended_at=end, minutes=170)


@pytest.mark.parametrize(
    ("earlier", "later", "breaks", "fault"),
    [
        (timedelta(hours=9), timedelta(), 0, "started_at:out_of_range"),  # on another day it is another record
        (timedelta(), timedelta(days=400), 0, "ended_at:in_future"),
        (timedelta(), -timedelta(hours=5), 0, "ended_at:end_before_start"),
        (timedelta(), timedelta(), 120, "break_minutes:out_of_range"),
        (timedelta(), timedelta(), -1, "break_minutes:out_of_range"),
        (timedelta(), timedelta(), 0, "minutes:not_open"),
    ],
)
def test_stated_times_are_those_of_a_session_of_that_day(
    earlier: timedelta, later: timedelta, breaks: int, fault: str
) -> None:
    record = enter(book())
    assert record is not None
    with pytest.raises(RefusedError, match=fault):
        corrected(record, RightTimes(record.started_at - earlier, record.ended_at + later, breaks), NOW)


@given(breaks=st.integers(-5, 200), stretch=st.integers(-119, 300))
def test_minutes_and_breaks_are_the_stated_times(breaks: int, stretch: int) -> None:
    record = enter(book())
    assert record is not None
    end = record.ended_at + timedelta(minutes=stretch)
    try:
        right = corrected(record, RightTimes(record.started_at, end, breaks), NOW)
    except RefusedError:
        assert breaks < 0 or breaks >= 120 + stretch or (breaks == stretch == 0)
    else:
        assert right.minutes + breaks == 120 + stretch
