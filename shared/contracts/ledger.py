"""Events of the hours ledger and of the awards that follow from it."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.service_record import Provenance


class HoursCredited(Event):
    """A volunteer's ledger got one service record's minutes."""

    topic: ClassVar[str] = "assessment.ledger"

    volunteer_id: UUID
    record_id: UUID
    minutes: int
    lifetime_minutes: int
    activity_title: str
    provenance: Provenance
    claim_id: UUID | None = None
    """The claim that was accepted by it: ``ClaimAnswered`` tells the volunteer."""


class HoursCorrected(Event):
    """A credit was reversed and, where minutes remain, credited anew with the right figure."""

    topic: ClassVar[str] = "assessment.ledger"

    volunteer_id: UUID
    record_id: UUID
    minutes: int
    previous_minutes: int
    lifetime_minutes: int
    activity_title: str | None = None
    """Absent in older events."""
    claim_id: UUID | None = None
    """The claim that was accepted by it: ``ClaimAnswered`` tells the volunteer."""


class ImportCredited(Event):
    """Every record of one bulk import is in the ledger; stands for an HoursCredited each."""

    topic: ClassVar[str] = "assessment.ledger"

    import_id: UUID
    records: int
    minutes: int
    volunteers: int


class HoursCarried(Event):
    """What somebody had served in another district of the installation counts for them in the one they moved to.

    It is the whole of it, and takes the place of what was said before of the same district: it comes again where the
    hours or stars there change. It is told in the new district; statistics of neither change by it.
    """

    topic: ClassVar[str] = "assessment.ledger"

    volunteer_id: UUID
    from_district: str
    """Where it was served: of somebody who has moved twice, each district is told of by itself."""
    minutes: int
    sessions: int
    stars: int
    """The level that they have been awarded there; they have it here, too."""


class StarLevelReached(Event):
    """A volunteer's lifetime hours have crossed a level of the district's rule set."""

    topic: ClassVar[str] = "assessment.award"

    volunteer_id: UUID
    level: int
    previous_level: int
    lifetime_minutes: int
    rule_set: str
    import_id: UUID | None = None


class StarLevelRestated(Event):
    """A merger of two entries was undone: the kept one's level is what it would be without the other's hours."""

    topic: ClassVar[str] = "assessment.award"

    volunteer_id: UUID
    level: int
    previous_level: int
    lifetime_minutes: int
    rule_set: str
