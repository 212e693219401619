"""Why a volunteer's hours are what they are: the events that make them, and the ledger's entries beside those.

Invariant: the events of activities' log are the truth; an entry is sound where it says what its event says. What
somebody has changed in the ledger changes no event, so the explanation stays right and shows where the ledger is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceCorrected, ServiceLogged
from shared.contracts.received import Received

Entries = Mapping[tuple[UUID, int, str], int]
"""Minutes of ledger entries by record, version and kind."""

_ENTRIES = text("""
    SELECT record_id, version, kind, minutes FROM ledger_entry
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND (CAST(:at AS timestamptz) IS NULL OR recorded_at < :at)
""")
_HOURS = text("SELECT minutes FROM volunteer_hours WHERE district = :district AND volunteer_id = :volunteer_id")


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what it changes, in minutes, the sum so far, and what is wrong with its ledger entries."""

    event: Received[Any]
    change: int
    total: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All lines in order, entries that no event accounts for, and the figures that should be one."""

    lines: Sequence[Line]
    unaccounted: Sequence[tuple[UUID, int, str]]
    by_events: int
    by_entries: int
    hours: int | None
    """The sum that is kept; None where a past moment is explained."""

    @property
    def sound(self) -> bool:
        """Whether the ledger says what the events say."""
        figures = {self.by_events, self.by_entries} | ({self.hours} if self.hours is not None else set())
        return len(figures) == 1 and not self.unaccounted and not any(line.fault for line in self.lines)


async def entries(
    tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime | None
) -> tuple[Entries, int | None]:
    """Return a volunteer's ledger entries before a moment, and the kept sum where none is named."""
    values = {"district": district, "volunteer_id": volunteer_id}
    rows = await tx.execute(_ENTRIES, {**values, "at": at})
    found = {(row.record_id, row.version, row.kind): row.minutes for row in rows}
    return found, None if at else (await tx.scalar(_HOURS, values) or 0)


def explain(events: Sequence[Received[Any]], found: Entries, hours: int | None) -> Explanation:
    """Hold a volunteer's events, in log order, against the ledger's entries."""
    lines: list[Line] = []
    left, total = dict(found), 0
    for event in events:
        expected = _expected(event)
        faults = []
        for kind, minutes in expected:
            there = left.pop((event.data.record_id, event.attributes.sequence, kind), None)
            if there is None:
                faults.append(f"no {kind} in the ledger")
            elif there != minutes:
                faults.append(f"the ledger's {kind} is {there}")
        change = sum(minutes for _, minutes in expected)
        total += change
        lines.append(Line(event, change, total, "; ".join(faults) or None))
    return Explanation(lines, list(left), total, sum(found.values()), hours)


def _expected(event: Received[Any]) -> list[tuple[str, int]]:
    """Return the entries, kind and minutes, that an event makes."""
    match event.data:
        case ServiceLogged():
            return [("credit", event.data.minutes)]
        case ServiceCorrected():
            pair = [("reversal", -event.data.previous_minutes), ("correction", event.data.minutes)]
            return [(kind, minutes) for kind, minutes in pair if minutes]
    return []
