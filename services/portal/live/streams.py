"""The streams of open pages, and who is told when something changes.

Invariant: what has changed is told at once, or ``PAUSE_SECONDS`` after it was told last, however many look: a message
is made once for each language, and a stream that is slow holds the newest of each name. A page that comes, or comes
again, is told what has changed since it was made.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

PAUSE_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 20.0
MOST_OF_A_SESSION = 4
"""Only the page that is looked at has a stream (``linbang.js`` ends those of hidden tabs)."""
MOST_OF_AN_ADDRESS = 100
MOST = 2000
_REMEMBERED = 20_000
_PAGE_AGE_SECONDS = 2.0
"""A page can be made of an answer that was kept for a second, and an event is a moment under way."""

Name = tuple[str, str]
"""A district, and what has changed in it."""


class Messages(Protocol):
    """Makes what pages are told of a change."""

    def forget(self, changed: Name) -> None:
        """Keep nothing any more that is from before the change."""

    def begin(self, changed: Name) -> None:
        """Look anew for what is going to be told."""

    async def make(self, changed: Name, language: str) -> str | None:
        """Return what pages in a language are told; None where there is nothing to tell."""


@dataclass(eq=False)
class Stream:
    """An open page: what it shows that can change. ``session`` is the hash of its session's secret."""

    district: str
    names: frozenset[str]
    language: str
    owner: str
    session: bytes | None = None
    _untold: dict[str, str] = field(default_factory=dict, init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _ended: bool = field(default=False, init=False)

    def tell(self, name: str, message: str) -> None:
        """Have the page told; a message of the same name that it has not been told yet is out of date."""
        self._untold[name] = message
        self._woken.set()

    def end(self) -> None:
        """Let the page's browser come again, if it may."""
        self._ended = True
        self._woken.set()

    async def next(self) -> Mapping[str, str] | None:
        """Wait for what the page is to be told, by name; nothing after a while without any, None at the end."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return {}
        self._woken.clear()
        untold, self._untold = self._untold, {}
        return None if self._ended else untold


@dataclass(slots=True)
class _Watched:
    streams: set[Stream] = field(default_factory=set)
    told_at: float = float("-inf")
    due: asyncio.TimerHandle | None = None


class Streams:
    """All streams of this process."""

    def __init__(self, messages: Messages, clock: Callable[[], float] = time.monotonic) -> None:
        self._messages = messages
        self._clock = clock
        self._all: set[Stream] = set()
        self._owned: Counter[str] = Counter()
        self._watched: dict[Name, _Watched] = {}
        self._changed_at: dict[Name, float] = {}
        self._remembers_since = clock()
        self._ended = False
        self._telling: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._all)

    def sessions(self) -> Mapping[str, set[bytes]]:
        """Return the sessions that have streams, by district."""
        found: dict[str, set[bytes]] = {}
        for stream in self._all:
            if stream.session:
                found.setdefault(stream.district, set()).add(stream.session)
        return found

    def open(self, stream: Stream, age: float) -> bool:
        """Add the stream of a page that is ``age`` seconds old; return whether there is room for it."""
        most = MOST_OF_A_SESSION if stream.session else MOST_OF_AN_ADDRESS
        if self._ended or len(self._all) >= MOST or self._owned[stream.owner] >= most:
            return False
        self._all.add(stream)
        self._owned[stream.owner] += 1
        made_at = self._clock() - age - _PAGE_AGE_SECONDS
        for name in stream.names:
            key = (stream.district, name)
            self._watched.setdefault(key, _Watched()).streams.add(stream)
            if made_at < max(self._remembers_since, self._changed_at.get(key, 0.0)):
                self._have_told(key)
        return True

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        if stream not in self._all:
            return
        self._all.discard(stream)
        self._owned -= Counter([stream.owner])
        for name in stream.names:
            watched = self._watched[stream.district, name]
            watched.streams.discard(stream)
            if not watched.streams:
                del self._watched[stream.district, name]
                if watched.due:
                    watched.due.cancel()

    def changed(self, key: Name) -> None:
        """Have everybody told who looks: now, or where that was just done, a moment later."""
        if len(self._changed_at) >= _REMEMBERED:
            self._changed_at.clear()
            self._remembers_since = self._clock()
        self._changed_at[key] = self._clock()
        self._messages.forget(key)  # whoever looks: a page that asks anew for something else may show it too
        self._have_told(key)

    def all_changed(self) -> None:
        """Have everybody told of everything: changes may have been missed."""
        self._changed_at.clear()
        self._remembers_since = self._clock()
        for key in list(self._watched):
            self.changed(key)

    def end(self, sessions: Iterable[bytes]) -> None:
        """End the streams of some sessions."""
        some = frozenset(sessions)
        for stream in self._all:
            if stream.session in some:
                stream.end()

    def end_all(self) -> None:
        """End every stream, and take no more."""
        self._ended = True
        for stream in self._all:
            stream.end()

    def _have_told(self, key: Name) -> None:
        watched = self._watched.get(key)
        if watched and not watched.due:
            wait = max(0.0, watched.told_at + PAUSE_SECONDS - self._clock())
            watched.due = self._later(wait, self._begin_to_tell, key, watched)

    def _later(self, seconds: float, call: Callable[[Name, _Watched], None], *of: Any) -> asyncio.TimerHandle:  # noqa: ANN401
        return asyncio.get_running_loop().call_later(seconds, call, *of)

    def _begin_to_tell(self, key: Name, watched: _Watched) -> None:
        watched.due, watched.told_at = None, self._clock()
        self._messages.begin(key)
        task = asyncio.get_running_loop().create_task(self._tell(key, watched))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, key: Name, watched: _Watched) -> None:
        for language in {stream.language for stream in watched.streams}:
            message = await self._messages.make(key, language)
            if message is None:
                continue
            for stream in watched.streams:
                if stream.language == language:
                    stream.tell(key[1], message)
