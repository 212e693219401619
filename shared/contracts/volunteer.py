"""Events of a volunteer. They carry ids, never a name, phone number, e-mail address or ID number."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class VolunteerCategory(StrEnum):
    """Who volunteers, as the district counts them."""

    UNIVERSITY_STUDENT = "university_student"
    CIVIL_SERVANT = "civil_servant"
    RETIRED_TEACHER = "retired_teacher"
    PROFESSIONAL = "professional"
    RESIDENT = "resident"
    MINOR = "minor"


class RegistrationSource(StrEnum):
    """How a volunteer came in (State Council Decree 685, art. 7: by themselves or through an organisation)."""

    SELF = "self"
    ORGANISATION = "organisation"
    IMPORT = "import"


class VolunteerRegistered(Event):
    """A person is now a volunteer of the district."""

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    volunteer_no: str
    category: str
    organisation_id: UUID | None = None
    team_id: UUID | None = None
    registered_on: date
    source: RegistrationSource
    language: str = "zh-CN"
    import_id: UUID | None = None
    """Set when a bulk import registered the volunteer; nobody is notified of those."""
    minor: bool = False
    """Under 18; absent in older events, like ``guardian_agreed``."""
    guardian_agreed: bool = False
    """A minor's guardian has agreed: until then they sign up for nothing."""


class VolunteerProfileChanged(Event):
    """What other services know of a volunteer is different now; carries the new state in full."""

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    volunteer_no: str
    category: str
    organisation_id: UUID | None = None
    team_id: UUID | None = None
    registered_on: date
    import_id: UUID | None = None
    minor: bool = False
    """Under 18; absent in older events, like ``guardian_agreed``."""
    guardian_agreed: bool = False
    """A minor's guardian has agreed: until then they sign up for nothing."""
    left_team: str | None = None
    """The name of the team that has come to its end, where that is what has changed."""
    joined_team: str | None = None
    """The name of the team that it has been merged into; none where it was closed."""


class VolunteerRestricted(Event):
    """A person has ended their registration: of what is personal of them nothing is done any more but store it.

    PIPL art. 47: until its retention is over, storage and protection alone.
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    restricted_at: datetime


class VolunteerErased(Event):
    """The person behind a volunteer number is not known any more: the key of their data is destroyed.

    Hours and proofs stay under the number (domain.md rows 7, 64).
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    erased_at: datetime


class VolunteersMerged(Event):
    """The district's office has found that two entries are one person: one is merged into the other.

    From now on the person is the kept entry. The merged one keeps its number and what it has done, and nothing new is
    entered under it (domain.md row 19). It can be undone.
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    """The entry that is merged."""
    volunteer_no: str
    kept_id: UUID
    """The entry that it is merged into."""
    kept_no: str
    merged_at: datetime

    @property
    def into_id(self) -> UUID | None:
        """Return which entry the person is now, where it is not the one that the event is of."""
        return self.kept_id


class VolunteerMergeUndone(Event):
    """Two entries that were merged are two again, as before."""

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    """The entry that was merged."""
    volunteer_no: str
    kept_id: UUID
    """The entry that it was merged into."""
    kept_no: str
    undone_at: datetime

    @property
    def into_id(self) -> UUID | None:
        """Return which entry the person is now, where it is not the one that the event is of."""
        return None


class VolunteerMovedAway(Event):
    """Somebody has moved to another district of the installation; said in the district that they have left.

    What they did here stays here. Nobody deals with their data here but to keep it (``VolunteerRestricted`` follows).
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    volunteer_no: str
    to_district: str
    moved_at: datetime


class VolunteerMoveRefused(Event):
    """A district has refused somebody who asked to move there; said in the district that they stay in.

    Why it did is for the volunteer to read, and in no event.
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    volunteer_no: str
    to_district: str
    to_district_name: str


class VolunteerMovedIn(Event):
    """Somebody has come from another district of the installation; said in the new one, after their registration.

    They have the id and the number that they had. What they bring along of hours and stars is for assessment to say.
    """

    topic: ClassVar[str] = "registry.volunteer"

    volunteer_id: UUID
    volunteer_no: str
    from_district: str
    moved_at: datetime
