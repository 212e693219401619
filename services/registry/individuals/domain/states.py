"""How an invitation stands, how somebody was contacted, and what came of it."""

from datetime import timedelta
from enum import StrEnum

LONGEST = timedelta(days=90)
"""So far ahead the date to answer by can be, as of a proposed station."""


class InvitationState(StrEnum):
    """How an invitation to a team stands."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How somebody was contacted."""

    PHONE = "phone"
    MESSAGE = "message"
    VISIT = "visit"
    MEETING = "meeting"


class Outcome(StrEnum):
    """What came of it."""

    WANTS_TEAM = "wants_team"
    STAYS_INDIVIDUAL = "stays_individual"
    WANTS_TRAINING = "wants_training"
    NOT_REACHED = "not_reached"
    OTHER = "other"
