"""Entity tags: an update says which version it is based on, and is refused where that is not the present one."""

from typing import Annotated

from fastapi import Depends, Header, Response

from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError

_MAX_DIGITS = 9


def set_etag(response: Response, version: int) -> None:
    """Name the version of the resource in the response."""
    response.headers["ETag"] = f'"{version}"'


async def _if_match(if_match: Annotated[str | None, Header()] = None) -> int:
    if if_match is None:
        raise ProblemError(428, "precondition-required", [Fault("If-Match", Code.VERSION_MISSING)])
    version = if_match.strip().strip('"')
    if not version.isdecimal() or len(version) > _MAX_DIGITS:
        raise ProblemError(422, "invalid-request", [Fault("If-Match", Code.FORMAT)])
    return int(version)


ExpectedVersion = Annotated[int, Depends(_if_match)]
