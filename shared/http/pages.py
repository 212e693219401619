"""Cursor pages: stable under inserts, without counting and without OFFSET."""

import base64
import json
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from shared.contracts.faults import Fault
from shared.http.problems import ProblemError

T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT = 50, 1000


class Page(BaseModel, Generic[T]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


class PageRequest:
    """What page a caller wants: at most ``limit`` items after the position in ``after`` (a tuple of sort values)."""

    def __init__(self, limit: int, after: tuple[str, ...] | None) -> None:
        self.limit = limit
        self.after = after


def cursor(*position: str) -> str:
    """Return the opaque cursor of a position: the last item's sort values, as text."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> PageRequest:
    if cursor is None:
        return PageRequest(limit, None)
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        position = None
    if not isinstance(position, list) or not all(isinstance(value, str) for value in position):
        raise ProblemError(422, "invalid-request", [Fault("cursor", "format")])
    return PageRequest(limit, tuple(position))


RequestedPage = Annotated[PageRequest, Depends(_page)]
