"""How a service is, as it tells an operator: what its routes answer and pages read.

Invariant: it holds counts, and names of kinds, consumers and projections; nothing of a person or a district.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class TroubleCode(StrEnum):
    """What is not as it should be."""

    NOT_LOOKED = "not_looked"
    KAFKA_AWAY = "kafka_away"
    OUTBOX_LATE = "outbox_late"
    STANDS_STILL = "stands_still"
    PARKED = "parked"
    GIVEN_UP = "given_up"
    OVERDUE = "overdue"
    DIFFERS = "differs"
    MISSING = "missing"


class Trouble(BaseModel):
    """Something that is not as it should be: of what, and how many."""

    code: TroubleCode
    of: str = ""
    number: int = 0


class Following(BaseModel):
    """A consumer: how many records it is behind (null where Kafka does not say), and when it last came on."""

    consumer: str
    behind: int | None
    moved_at: datetime | None


class ParkedRecords(BaseModel):
    """Records that wait for an operator, by reason; the age of the oldest in seconds."""

    reason: str
    records: int
    oldest_seconds: float


class LaterWork(BaseModel):
    """Work of one kind; ``due_seconds`` is for how long the oldest has been due that nobody does."""

    kind: str
    open: int
    due_seconds: float
    given_up: int


class Comparison(BaseModel):
    """What a projection's last comparison with its replay found."""

    projection: str
    compared_at: datetime
    rows: int
    differences: int


class ServiceStatus(BaseModel):
    """How a service is. ``looked_at`` is when its observer looked: null where it never has."""

    service: str
    looked_at: datetime | None
    troubles: list[Trouble]
    outbox: int = 0
    """Events that Kafka has not acknowledged yet, counted to 100,000."""
    oldest_seconds: float | None = None
    following: list[Following] = []
    parked: list[ParkedRecords] = []
    work: list[LaterWork] = []
    compared: list[Comparison] = []
