"""Who acts, and how far that reaches: a set of districts, in them stations and teams.

Invariant: a command is told by an `Actor` alone on whose behalf it runs, whether that is a person who called, an event,
a clock or another installation; nothing in it depends on HTTP.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from shared.contracts.faults import Code, Fault, RefusedError

EVERY_DISTRICT = "*"


class Role(StrEnum):
    """What somebody may act as, within their scope."""

    VOLUNTEER = "volunteer"
    TEAM_LEADER = "team_leader"
    STATION_MANAGER = "station_manager"
    CASE_WORKER = "case_worker"
    GUIDE = "guide"
    """An officer of a guiding body: sees and approves what its organisations do, and no person's data."""
    DISTRICT_ADMIN = "district_admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    UPSTREAM = "upstream"


STAFF = (Role.TEAM_LEADER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR)
"""Who may see everybody's hours and records; a volunteer sees their own (MCA Order 67, art. 12)."""


class Reach(IntEnum):
    """How much of a district somebody gets at; each includes the ones before it."""

    OWN = 1
    """What is about them, or was made by them."""
    UNITS = 2
    """What belongs to the stations they manage or the teams they lead."""
    DISTRICT = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """Where somebody's roles hold: districts (GB/T 2260 codes, or `EVERY_DISTRICT`), and units in them.

    Units are ids of stations, teams and guiding bodies.
    """

    districts: frozenset[str]
    units: frozenset[UUID] = frozenset()

    def covers(self, district: str) -> bool:
        """Return whether a district is within it."""
        return district in self.districts or EVERY_DISTRICT in self.districts


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody or something that acts in one district of its scope."""

    name: str
    """How events name it as their cause: ``account:<id>``, ``event:<id>``, ``import:<id>``, ``work:<id>``."""
    district: str
    """The district it acts in now."""
    scope: Scope
    roles: frozenset[str] = frozenset()
    reach: Reach = Reach.DISTRICT
    volunteer_id: UUID | None = None
    """Whom it acts as, where it is a volunteer."""

    def has(self, *roles: str) -> bool:
        """Return whether it has one of the roles."""
        return not self.roles.isdisjoint(roles)

    def own_id(self, field: str = "volunteer_id") -> UUID:
        """Return whom it acts as; RefusedError (not_found) at a field for an account that is no volunteer's."""
        if self.volunteer_id is None:
            raise RefusedError(Fault(field, Code.NOT_FOUND))
        return self.volunteer_id

    def may_see(self, volunteer_id: UUID) -> bool:
        """Return whether what is about a volunteer is this one's to see (MCA Order 67, art. 12: their own)."""
        return volunteer_id == self.volunteer_id or self.reach is Reach.DISTRICT

    def reaches(self, *, unit: UUID, made_by: str) -> bool:
        """Return whether something of a station or team, made by an actor, is this one's to deal with."""
        if self.reach is Reach.DISTRICT or made_by == self.name:
            return True
        return self.reach is Reach.UNITS and unit in self.scope.units
