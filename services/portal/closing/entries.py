"""The form of a shift's closing: what it says of each, and where a service's fault stands in it.

Invariant: what was not touched says nothing, so that the service's own figures stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from services.portal.closing.queries import ClosingLine
from services.portal.shell.forms import faults_of
from shared.contracts.calendar import CHINA
from shared.http.upstream import RefusedByServiceError

FIELDS = ("was", "start", "end", "break", "reason")
_NAMES = {"started_at": "start", "ended_at": "end", "break_minutes": "break", "reason": "reason"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the form says of one: ``was`` is ``came``, ``absent``, or empty where nothing is said."""

    was: str = ""
    start: str = ""
    end: str = ""
    break_minutes: str = ""
    reason: str = ""


def said_of(form: Mapping[str, str], sign_up_id: UUID) -> Said:
    """Return what a form says of one."""
    return Said(*(form.get(f"{field}-{sign_up_id}", "").strip() for field in FIELDS))


def said_by_rule(line: ClosingLine) -> Said:
    """Return what the form says before anybody has touched it."""
    start = line.started_at or line.checked_in_at
    end = line.ended_at or line.checked_out_at
    return Said("came" if line.came else "absent", _clock(start), _clock(end), "", "")


def nearest(clock: str, starts_at: datetime, ends_at: datetime) -> datetime | None:
    """Return the moment that a time of day means for a shift: of its days the one nearest to it; None for no time."""
    try:
        at = time.fromisoformat(clock)
    except ValueError:
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
    start = nearest(said.start, starts_at, ends_at) if said.start != known.start else None
    end = nearest(said.end, starts_at, ends_at) if said.end != known.end else None
    rest = int(said.break_minutes) if said.break_minutes.isdecimal() else 0
    if not (start or end or rest):
        return None
    times = {"started_at": start and start.isoformat(), "ended_at": end and end.isoformat(), "break_minutes": rest}
    return entry | times


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA):%H:%M}" if moment else ""
