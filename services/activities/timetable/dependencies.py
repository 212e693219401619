"""Whose timetable a route is about: the caller's own."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.problems import ProblemError

Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


async def _volunteer_id(caller: Volunteer) -> UUID:
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return caller.volunteer_id


OwnId = Annotated[UUID, Depends(_volunteer_id)]
