"""What a draft is, and whose.

Invariant: a draft holds what was typed, right or wrong, and nothing in it is looked at until it is published. Who may
not edit it is not told that it is there.
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.actor import Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError

MOST_SHIFTS = 200
_Line = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]
_Cell = Annotated[str, Field(max_length=50, pattern=r"^[^\x00]*$")]


class TypedShift(BaseModel):
    """A row of shifts as it was typed: a day (2026-03-01), times of day (09:00, China's), a number of places."""

    day: _Cell = ""
    starts: _Cell = ""
    ends: _Cell = ""
    capacity: _Cell = ""


class DraftContent(BaseModel):
    """An activity as far as it is written: ``station`` is a code or an id, ``weeks`` how often rows are repeated."""

    station: _Cell = ""
    title: _Line = ""
    service: _Line = ""
    place: _Line = ""
    person_in_charge: _Line = ""
    risk_text: _Line = ""
    description: _Line = ""
    shifts: list[TypedShift] = Field([], max_length=MOST_SHIFTS)
    weeks: _Cell = ""
    needs: list[_Cell] = Field([], max_length=MOST_SHIFTS)
    dangerous: _Cell = ""
    """``yes`` where it was ticked."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft on file; ``station_id`` is None where it names no station yet."""

    id: UUID
    kept_by: str
    station_id: UUID | None
    version: int


def check_editable(found: Draft | None, actor: Actor, version: int | None = None) -> Draft:
    """Return a draft that an actor may edit: its organiser, its station's manager, the district's centre.

    ``version`` is the one that they have seen, where that matters. Raises RefusedError ``not_found``, or
    ``changed_meanwhile``.
    """
    if found is None or not _is_for(found, actor):
        raise RefusedError(Fault("draft_id", Code.NOT_FOUND))
    if version is not None and version != found.version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    return found


def _is_for(found: Draft, actor: Actor) -> bool:
    # Not by reach alone: who may publish at every station does not edit everybody's drafts.
    if found.kept_by == actor.name or actor.has(Role.DISTRICT_ADMIN):
        return True
    return actor.has(Role.STATION_MANAGER) and found.station_id in actor.scope.units
