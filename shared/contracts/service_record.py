"""Events of a service record: who served where, when and for how many minutes (MCA Order 67, art. 7)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Provenance(StrEnum):
    """Who vouches for a record's times."""

    SELF_CHECK_IN = "self_check_in"
    LEADER = "leader"
    IMPORT = "import"


class ServiceLogged(Event):
    """A completed attendance, once. ``minutes`` is the time actually given (MCA Order 67, art. 7)."""

    topic: ClassVar[str] = "activities.service-record"

    record_id: UUID
    record_no: str
    volunteer_id: UUID
    station_id: UUID
    activity_title: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None = None
    """The recipient's rating, 1 to 5, where one was given."""
    provenance: Provenance
    import_id: UUID | None = None
    claim_id: UUID | None = None
    """The claim that was accepted by it: ``ClaimAnswered`` tells the volunteer."""


class ServiceCorrected(Event):
    """A record's minutes were wrong (MCA Order 67, art. 13); 0 minutes voids it. Both values stay on file."""

    topic: ClassVar[str] = "activities.service-record"

    record_id: UUID
    volunteer_id: UUID
    minutes: int
    previous_minutes: int
    reason: str
    started_at: datetime | None = None
    """The real times, where they were wrong too; on the record's day."""
    ended_at: datetime | None = None
    activity_title: str | None = None
    """Absent in older events."""
    claim_id: UUID | None = None
    """The claim that was accepted by it: ``ClaimAnswered`` tells the volunteer."""


class ServiceRated(Event):
    """The organiser says how good a service was (MCA Order 67, art. 10; domain.md row 48); the last one counts.

    What the recipient says is ``rating`` of the record itself.
    """

    topic: ClassVar[str] = "activities.service-record"

    record_id: UUID
    volunteer_id: UUID
    rating: int
    """1 to 5."""


class ServiceRecordsImported(Event):
    """A bulk import of past records is complete: this many were accepted under this import id."""

    topic: ClassVar[str] = "activities.service-record"

    import_id: UUID
    records: int
    minutes: int


class ServiceClaimed(Event):
    """A volunteer says when they really served (MCA Order 67, art. 13: errors and omissions); due to be answered."""

    topic: ClassVar[str] = "activities.claim"

    claim_id: UUID
    sign_up_id: UUID | None = None
    """The attendance that it is about; absent where an imported record is said to be wrong."""
    record_id: UUID | None = None
    """The record that is said to be wrong; absent where there is none."""
    volunteer_id: UUID
    station_id: UUID
    activity_title: str
    started_at: datetime
    ended_at: datetime
    due_on: date
    """The last day for the answer."""


class ServiceHistoryStated(Event):
    """What activities keeps of somebody who has ended their registration; their sign-ups are withdrawn by then.

    Registry goes by it when it says until when their data is bound (GB/T 40143: records are kept for ten years).
    """

    topic: ClassVar[str] = "activities.service-history"

    volunteer_id: UUID
    records: int
    """How many service records there are that are not void."""
    last_served_on: date | None = None
    """The day of the last of them; absent where there is none."""


class ClaimAnswered(Event):
    """A leader has answered a claim; what was accepted is in the service record."""

    topic: ClassVar[str] = "activities.claim"

    claim_id: UUID
    sign_up_id: UUID | None = None
    record_id: UUID | None = None
    volunteer_id: UUID
    activity_title: str
    accepted: bool
    minutes: int
    """What it counts from now on."""
    reason: str
    excused: bool = False
    """Whether by it an absence is not counted any more."""
