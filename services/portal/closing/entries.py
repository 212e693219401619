"""The form of a shift's closing: what it says of each, and where a service's fault stands in it.

Invariant: what was not touched says nothing, so that the service's own figures stand; what was touched is said whole,
or refused by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.portal.closing.queries import ClosingLine
from services.portal.shell.clocks import read_clock
from services.portal.shell.forms import faults_of
from shared.contracts.calendar import CHINA
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole
from shared.http.upstream import RefusedByServiceError

FIELDS = ("was", "start", "end", "break", "reason", "rating")
RATINGS = ("5", "4", "3", "2", "1")
_NAMES = {"started_at": "start", "ended_at": "end", "break_minutes": "break", "reason": "reason", "rating": "rating"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the form says of one: ``was`` is ``came``, ``absent``, or empty where nothing is said."""

    was: str = ""
    start: str = ""
    end: str = ""
    break_minutes: str = ""
    reason: str = ""
    rating: str = ""


def said_of(form: Mapping[str, str], sign_up_id: UUID) -> Said:
    """Return what a form says of one."""
    return Said(*(form.get(f"{field}-{sign_up_id}", "").strip() for field in FIELDS))


def said_by_rule(line: ClosingLine) -> Said:
    """Return what the form says before anybody has touched it."""
    rest = str(line.break_minutes or "")
    return Said(
        "came" if line.came else "absent", _clock(line.start), _clock(line.end), rest, "", str(line.rating or "")
    )


def nearest(clock: str, starts_at: datetime, ends_at: datetime) -> datetime | None:
    """Return the moment that a time of day means for a shift: of its days the one nearest to it; None for no time."""
    at = read_clock(clock)
    if at is None:
        return None
    first = starts_at.astimezone(CHINA).date()
    moments = [datetime.combine(first + timedelta(days=days), at, CHINA) for days in (-1, 0, 1)]
    return min(moments, key=lambda moment: max(starts_at - moment, moment - ends_at, timedelta(0)))


def entries(
    form: Mapping[str, str], lines: Sequence[ClosingLine], starts_at: datetime, ends_at: datetime
) -> list[dict[str, object]]:
    """Return what activities is told: only of those of whom something else is said than is known."""
    told = ((line, said_of(form, line.sign_up_id)) for line in lines)
    return [entry for line, said in told if (entry := _entry(line, said, starts_at, ends_at))]


def unreadable(form: Mapping[str, str], lines: Sequence[ClosingLine], language: str) -> dict[str, str]:
    """Return what is said of people who came and cannot be read: left alone, another figure would be confirmed."""
    missing, wrong = (Fault("", code).message(language) for code in (Code.MISSING, Code.OUT_OF_RANGE))
    found: dict[str, str] = {}
    for line in lines:
        said, known = said_of(form, line.sign_up_id), said_by_rule(line)
        if said.was != "came" or (line.came and said == replace(known, reason=said.reason, rating=said.rating)):
            continue
        found |= {
            f"{field}-{line.sign_up_id}": missing
            for field, typed in (("start", said.start), ("end", said.end))
            if read_clock(typed) is None
        }
        if said.break_minutes and whole(said.break_minutes) is None:
            found[f"break-{line.sign_up_id}"] = wrong
    return found


def closing_faults(refused: RefusedByServiceError) -> dict[str, str]:
    """Return a refusal's sentences by the fields of the form; one of a whole line stands at its end time."""
    found: dict[str, str] = {}
    for field, sentence in faults_of(refused).items():
        of, _, rest = field.partition(".")
        sign_up_id, _, name = rest.partition(".")
        found.setdefault(f"{_NAMES.get(name, 'end')}-{sign_up_id}" if of == "entries" else field, sentence)
    return found


def _entry(line: ClosingLine, said: Said, starts_at: datetime, ends_at: datetime) -> dict[str, object] | None:
    entry: dict[str, object] = {"sign_up_id": str(line.sign_up_id), "reason": said.reason}
    if said.was == "absent":
        return entry | {"no_show": True} if line.came else None
    if said.was != "came":
        return None
    known = said_by_rule(line)
    is_rated = said.rating in RATINGS and said.rating != known.rating
    rating = {"rating": int(said.rating)} if is_rated else {}
    if (said.start, said.end, said.break_minutes) == (known.start, known.end, known.break_minutes):
        return entry | rating if rating else None
    start = nearest(said.start, starts_at, ends_at) if said.start != known.start else line.started_at
    end = nearest(said.end, starts_at, ends_at) if said.end != known.end else line.ended_at
    rest = whole(said.break_minutes or "0")
    times = {"started_at": start and start.isoformat(), "ended_at": end and end.isoformat(), "break_minutes": rest}
    return entry | times | rating


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%H:%M}" if moment else ""
