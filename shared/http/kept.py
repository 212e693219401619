"""Answers that many ask for, kept for a moment: a thousand who ask at once are one question.

Invariant: nothing is kept for longer than was said, and of many who ask at once one asks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

_MOST = 500
T = TypeVar("T")


class KeptAnswers:
    """Answers by what was asked, each for so many seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[tuple[object, ...], tuple[float, asyncio.Future[Any]]] = {}

    async def get(self, key: tuple[object, ...], ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer kept under a key, or ask for it. A failure is told to all who wait, and not kept."""
        kept = self._answers.get(key)
        if kept and self._clock() - kept[0] < self._seconds:
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
