"""What is shown of somebody else's service records, and how one is put right."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Read


class Record(BaseModel):
    """A service record; ``version`` is what a correction is based on."""

    id: UUID
    record_no: str
    volunteer_id: UUID
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    provenance: str
    version: int


class Records(BaseModel):
    """A page of somebody's records, latest first."""

    items: list[Record]
    next_cursor: str | None


class Corrected(BaseModel):
    """What a record said, and says now."""

    record_id: UUID
    minutes: int
    previous_minutes: int


RECORDS = Read("activities", "/v1/service-records", Records)
RECORD = Read("activities", "/v1/service-records/{record_id}", Record)
CORRECT = Change("POST", "activities", "/v1/service-records/{record_id}/corrections", Corrected)
