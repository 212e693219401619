"""Requests to move to another district."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Read


class OwnMove(BaseModel):
    """A request of one's own."""

    id: UUID
    to_district: str
    to_name: str
    state: str
    asked_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class Move(BaseModel):
    """Somebody who asks to move to this district, masked, and why."""

    id: UUID
    volunteer_number: str
    name: str
    from_name: str
    reason: str
    asked_at: datetime
    due_on: date
    overdue: bool


class Moves(BaseModel):
    """A page of them."""

    items: list[Move]
    next_cursor: str | None


class Asked(BaseModel):
    """A request that is to be decided."""

    due_on: date


class Decided(BaseModel):
    """What became of a request."""

    state: str


OWN_MOVES = Read("registry", "/v1/me/moves", list[OwnMove])
ASK = Change("POST", "registry", "/v1/me/moves", Asked)
TAKE_BACK = Change("POST", "registry", "/v1/me/moves/{move_id}/taking-back", Decided)
MOVES = Read("registry", "/v1/moves", Moves)
ANSWER = Change("POST", "registry", "/v1/moves/{move_id}/answer", Decided)
