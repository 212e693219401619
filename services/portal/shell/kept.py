"""What anybody may read, kept for a moment: a thousand strangers at once are one call.

Invariant: only what a stranger is shown is kept, never longer than ``SECONDS``, and of many who ask at once one asks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

SECONDS = 1.0
_MOST = 500
T = TypeVar("T")


class Kept:
    """Answers by what was asked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[tuple[object, ...], tuple[float, asyncio.Future[Any]]] = {}

    async def get(self, key: tuple[object, ...], ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer kept under a key, or ask for it. A failure is told to all who wait, and not kept."""
        kept = self._answers.get(key)
        if kept and self._clock() - kept[0] < SECONDS:
            return cast("T", await asyncio.shield(kept[1]))
        if len(self._answers) >= _MOST:
            self._answers.clear()
        answer: asyncio.Future[T] = asyncio.ensure_future(ask())
        self._answers[key] = (self._clock(), answer)
        try:
            return await asyncio.shield(answer)
        except Exception:
            self._answers.pop(key, None)
            raise

    def forget(self, *key: object) -> None:
        """Ask anew for what is kept under a key: it has changed."""
        self._answers.pop(key, None)
