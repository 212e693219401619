"""Sign-ups as an iCalendar file (RFC 5545), for a calendar to take in.

Invariant: lines end with CRLF and are at most 75 octets long; no character is cut in two; what people have written
cannot end a line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.activities.signing_up.domain import SignUpState
from services.activities.timetable.domain import calendar_status

_LONGEST = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


@dataclass(frozen=True, slots=True)
class Entry:
    """A sign-up as a calendar needs it; ``sequence`` rises whenever it or its activity changes."""

    sign_up_id: UUID
    state: SignUpState
    title: str
    place: str
    description: str
    risk_text: str
    starts_at: datetime
    ends_at: datetime
    sequence: int


def calendar_file(entries: Sequence[Entry], made_at: datetime) -> bytes:
    """Return a calendar of entries, published for whoever takes it in (RFC 5546, PUBLISH)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Linbang//timetable//ZH", "METHOD:PUBLISH"]
    for entry in entries:
        lines += _event(entry, made_at)
    return b"".join(piece for line in [*lines, "END:VCALENDAR"] for piece in _folded(line))


def _event(entry: Entry, made_at: datetime) -> list[str]:
    about = "\n".join(filter(None, (entry.description, entry.risk_text)))
    return [
        "BEGIN:VEVENT",
        f"UID:{entry.sign_up_id}@linbang",
        f"DTSTAMP:{_time(made_at)}",
        f"SEQUENCE:{entry.sequence}",
        f"STATUS:{calendar_status(entry.state)}",
        f"DTSTART:{_time(entry.starts_at)}",
        f"DTEND:{_time(entry.ends_at)}",
        f"SUMMARY:{_text(entry.title)}",
        f"LOCATION:{_text(entry.place)}",
        f"DESCRIPTION:{_text(about)}",
        "END:VEVENT",
    ]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    return value.translate(_ESCAPED)


def _folded(line: str) -> Iterator[bytes]:
    """Yield a line in pieces of at most 75 octets, of which all but the first begin with a space."""
    piece = b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > _LONGEST:
            yield piece + b"\r\n"
            piece = b" "
        piece += encoded
    yield piece + b"\r\n"
