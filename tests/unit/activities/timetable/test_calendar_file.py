"""A calendar file as RFC 5545 has it, read by another implementation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from services.activities.signing_up.domain import SignUpState
from services.activities.timetable.calendar_file import Entry, calendar_file
from shared.contracts.calendar import CHINA

MADE = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
ENTRY = Entry(
    sign_up_id=UUID(int=7),
    state=SignUpState.CONFIRMED,
    title="社区读书会",
    place="新华社区活动室",
    description="陪孩子们读书",
    risk_text="地面湿滑时注意安全",
    starts_at=datetime(2026, 12, 1, 9, 0, tzinfo=CHINA),
    ends_at=datetime(2026, 12, 1, 11, 0, tzinfo=CHINA),
    sequence=3,
)


def read(*entries: Entry) -> Calendar:
    return Calendar.from_ical(calendar_file(entries, MADE))


def test_a_sign_up_is_an_event_with_its_times_in_utc() -> None:
    calendar = read(ENTRY)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    (event,) = calendar.events
    assert event["UID"] == f"{ENTRY.sign_up_id}@linbang"
    assert (event.start, event.end) == (ENTRY.starts_at, ENTRY.ends_at)
    assert b"DTSTART:20261201T010000Z\r\n" in calendar_file([ENTRY], MADE)
    assert (event["SUMMARY"], event["LOCATION"]) == ("社区读书会", "新华社区活动室")
    assert event["DESCRIPTION"] == "陪孩子们读书\n地面湿滑时注意安全"
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 3)


def test_what_was_given_up_is_cancelled_under_the_same_id() -> None:
    (event,) = read(replace(ENTRY, state=SignUpState.WITHDRAWN, sequence=4)).events
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == (f"{ENTRY.sign_up_id}@linbang", "CANCELLED", 4)


def test_a_calendar_without_a_sign_up_is_a_calendar() -> None:
    assert list(read().events) == []


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=300),
        min_size=3,
        max_size=3,
    )
)
def test_whatever_people_write_stays_one_value_in_lines_of_75_octets(texts: list[str]) -> None:
    title, place, description = texts
    file = calendar_file([replace(ENTRY, title=title, place=place, description=description, risk_text="")], MADE)
    lines = file.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and b"\n" not in line and line.decode() is not None for line in lines)
    unfolded = file.replace(b"\r\n ", b"").decode().split("\r\n")
    assert [line.partition(":")[0] for line in unfolded if line.startswith(("SUMMARY", "LOCATION", "DESCRIPTION"))] == [
        "SUMMARY",
        "LOCATION",
        "DESCRIPTION",
    ]
    (event,) = Calendar.from_ical(file).events
    assert [event["SUMMARY"], event["LOCATION"], event["DESCRIPTION"]] == texts


def test_moments_within_a_second_are_not_rounded_up() -> None:
    (event,) = read(replace(ENTRY, ends_at=ENTRY.ends_at + timedelta(microseconds=999_999))).events
    assert event.end == ENTRY.ends_at
