"""Cursor pages: stable under inserts, without counting and without OFFSET."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from shared.contracts.faults import Code, Fault
from shared.contracts.text import can_be_kept
from shared.http.problems import ProblemError

T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Page(BaseModel, Generic[T]):
    """One page; ``next_cursor`` is null on the last."""

    items: list[T]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: Sequence[T], limit: int, position: Callable[[T], tuple[str, ...]]) -> "Page[T]":
        """Return the page of the first ``limit`` items; where one more was found, another page follows.

        ``position`` gives an item's sort values, as text.
        """
        shown = list(found[:limit])
        return cls(items=shown, next_cursor=cursor(*position(shown[-1])) if len(found) > limit else None)


class PageRequest:
    """What page a caller wants: at most ``limit`` items after the position in ``after`` (a tuple of sort values)."""

    def __init__(self, limit: int, after: tuple[str, ...] | None) -> None:
        self.limit = limit
        self.after = after

    def position(self, *readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
        """Return the values that the cursor holds, each read by its reader; None for the first page.

        Raises ProblemError 422 where they cannot be read.
        """
        if self.after is None:
            return None
        try:
            return tuple(read(value) for read, value in zip(readers, self.after, strict=True))
        except ValueError:
            raise _malformed() from None


def cursor(*position: str) -> str:
    """Return the opaque cursor of a position: the last item's sort values, as text."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def moment(value: str) -> datetime:
    """Read a cursor's time. Raises ValueError where it is none, or has no offset."""
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("a time without an offset")
    if not _FIRST <= read <= _LAST:
        raise ValueError("a time that PostgreSQL and Python do not share")
    return read


def whole_number(value: str) -> int:
    """Read a cursor's number. Raises ValueError where it is none, or none of PostgreSQL's ``int``."""
    read = int(value)
    if not -(2**31) <= read < 2**31:
        raise ValueError("a number out of range")
    return read


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
    if not isinstance(position, list) or not all(isinstance(value, str) and can_be_kept(value) for value in position):
        raise _malformed()
    return PageRequest(limit, tuple(position))


def _malformed() -> ProblemError:
    return ProblemError(422, "invalid-request", [Fault("cursor", Code.FORMAT)])


RequestedPage = Annotated[PageRequest, Depends(_page)]
