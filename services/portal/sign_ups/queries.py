"""What can be done about sign-ups."""

from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, File, Nothing


class SignUpAnswer(BaseModel):
    """What somebody got: a place, or a position on the waiting list."""

    sign_up_id: UUID
    state: str


class Accepted(BaseModel):
    """How a sign-up stands once an offer or new times were accepted."""

    state: str


SIGN_UP = Change("POST", "activities", "/v1/shifts/{shift_id}/sign-ups", SignUpAnswer)
ACCEPT = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/accept", Accepted)
WITHDRAW = Change("DELETE", "activities", "/v1/sign-ups/{sign_up_id}", Nothing)
CALENDAR = File("activities", "/v1/sign-ups/{sign_up_id}/calendar", "text/calendar")
