"""A request for a team: what it says, and the code of the team that it becomes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.registry.places.domain.codes import TEAM_KINDS
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import NAME_LENGTH
from shared.contracts import text
from shared.contracts.codes import SERVICE_OF
from shared.contracts.faults import Code, RefusedError

PURPOSE_LENGTH = 500
COMMUNITY = "community"
_KINDS = {kind: kind for kind in TEAM_KINDS}


class FormationState(StrEnum):
    """How a request stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wish:
    """A team that is asked for, and what for."""

    name: str
    kind: str
    organisation_id: UUID | None
    station_id: UUID | None
    focus_service: str | None
    purpose: str


def read_wish(values: Mapping[str, str], organisations: Mapping[str, UUID], stations: Mapping[str, UUID]) -> Wish:
    """Read a request; ``organisations`` and ``stations`` are the open ones, code -> id.

    A community's team is at a station; every other is of an organisation or at a station (domain.md section 1, line
    23). Raises RefusedError with every fault found.
    """
    fields = Fields(values)
    name = fields.name("name", NAME_LENGTH)
    kind = fields.coded("kind", _KINDS, required=True)
    organisation_id = fields.reference("organisation_code", organisations)
    station_id = fields.reference("station_code", stations, required=kind == COMMUNITY)
    focus_service = fields.coded("focus_service", SERVICE_OF)
    purpose = fields.text("purpose", text.tidy, required=True)
    if kind and kind != COMMUNITY and not any(values.get(field) for field in ("organisation_code", "station_code")):
        fields.fault("organisation_code", Code.MISSING)
    if purpose and len(purpose) > PURPOSE_LENGTH:
        fields.fault("purpose", Code.TOO_LONG)
    if fields.faults or not (name and kind and purpose):
        raise RefusedError(*fields.faults)
    return Wish(name, kind, organisation_id, station_id, focus_service, purpose)


def next_code(district: str, taken: Iterable[str]) -> str:
    """Return the code of a district's next team: one more than the highest of its kind, never one that was used."""
    shape = re.compile(rf"{re.escape(district)}-TEAM-([0-9]{{1,9}})")
    numbers = [int(match[1]) for code in taken if (match := shape.fullmatch(code))]
    return f"{district}-TEAM-{max(numbers, default=0) + 1:03}"
