"""Who is told of a change, how often, and what a page is told that comes again."""

import asyncio

import pytest

from services.portal.live import streams as module
from services.portal.live.streams import MOST_OF_A_SESSION, Name, Stream, Streams

HERE, THERE = "510115", "510116"


class Made:
    """Messages that count how often they were made."""

    def __init__(self) -> None:
        self.begun: list[Name] = []
        self.forgotten: list[Name] = []
        self.made: list[tuple[Name, str]] = []
        self.nothing = False
        self.asked = asyncio.Event()

    def forget(self, changed: Name) -> None:
        self.forgotten.append(changed)

    def begin(self, changed: Name) -> None:
        self.begun.append(changed)

    async def make(self, changed: Name, language: str) -> str | None:
        self.made.append((changed, language))
        self.asked.set()
        return None if self.nothing else f"{changed[1]} {language} {len(self.begun)}"


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def streams(made: Made, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> Streams:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    found = Streams(made, lambda: clock[0])
    clock[0] += 60  # it has been there for a while
    return found


def page(*names: str, district: str = HERE, language: str = "zh-CN", session: bytes | None = b"s") -> Stream:
    return Stream(district, frozenset(names), language, owner=str(session), session=session)


def open_page(streams: Streams, *names: str, **of: object) -> Stream:
    stream = page(*names, **of)  # type: ignore[arg-type]
    assert streams.open(stream, age=0.0)
    return stream


async def test_everybody_who_looks_is_told_and_nobody_else(streams: Streams, made: Made) -> None:
    chinese = [open_page(streams, "activity:1", session=bytes([n])) for n in range(50)]
    english = open_page(streams, "activity:1", language="en", session=b"e")
    streams.changed((HERE, "activity:1"))
    for stream in chinese:
        assert await stream.next() == {"activity:1": "activity:1 zh-CN 1"}
    assert await english.next() == {"activity:1": "activity:1 en 1"}
    assert sorted(language for _, language in made.made) == ["en", "zh-CN"]  # once a language, for all of them
    # Of another district, of another name: nobody looks, so nothing is made.
    streams.changed((THERE, "activity:1"))
    streams.changed((HERE, "activity:2"))
    await asyncio.sleep(0)
    assert len(made.made) == 2


async def test_many_changes_at_once_are_told_once(streams: Streams, made: Made) -> None:
    stream = open_page(streams, "shift:1")
    for _ in range(100):
        streams.changed((HERE, "shift:1"))
    assert await stream.next() == {"shift:1": "shift:1 zh-CN 1"}
    assert made.begun == [(HERE, "shift:1")]


async def test_what_has_just_been_told_is_told_again_after_a_pause_alone(
    streams: Streams, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 1.0)
    waits: list[float] = []
    loop = asyncio.get_running_loop()
    at_once = loop.call_later

    def note(wait: float, *call: object, **of: object) -> asyncio.TimerHandle:
        waits.append(wait)
        return at_once(0, *call, **of)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(streams, "_later", note)
        stream = open_page(streams, "shift:1")
        streams.changed((HERE, "shift:1"))
        assert await stream.next() == {"shift:1": "shift:1 zh-CN 1"}
        clock[0] += 0.25
        streams.changed((HERE, "shift:1"))
        assert await stream.next() == {"shift:1": "shift:1 zh-CN 2"}
    assert waits == [0.0, 0.75]


async def test_a_page_is_told_what_has_changed_since_it_was_made(
    streams: Streams, clock: list[float], made: Made
) -> None:
    streams.changed((HERE, "activity:1"))
    clock[0] += 30
    fresh = page("activity:1", "activity:2", session=b"f")
    assert streams.open(fresh, age=10.0)
    await asyncio.sleep(0)
    assert made.made == []
    came_again = page("activity:1", "activity:2", session=b"a")
    assert streams.open(came_again, age=31.0)
    assert await came_again.next() == {"activity:1": "activity:1 zh-CN 1"}


async def test_after_events_may_have_been_missed_everybody_is_told_of_everything(
    streams: Streams, clock: list[float]
) -> None:
    open_one = open_page(streams, "activity:1", session=b"o")
    streams.all_changed()
    assert await open_one.next() == {"activity:1": "activity:1 zh-CN 1"}
    clock[0] += 5
    older = page("activity:2", session=b"p")
    assert streams.open(older, age=6.0)
    assert await older.next() == {"activity:2": "activity:2 zh-CN 2"}


async def test_what_cannot_be_told_just_now_is_left_out(streams: Streams, made: Made) -> None:
    made.nothing = True
    stream = open_page(streams, "activity:1", "shift:1")
    streams.changed((HERE, "activity:1"))
    await made.asked.wait()
    made.nothing = False
    streams.changed((HERE, "shift:1"))
    assert await stream.next() == {"shift:1": "shift:1 zh-CN 2"}


async def test_a_session_has_so_many_streams_and_may_open_another_when_one_is_closed(streams: Streams) -> None:
    its = [open_page(streams, "shift:1") for _ in range(MOST_OF_A_SESSION)]
    assert not streams.open(page("shift:1"), age=0.0)
    assert streams.open(page("shift:1", session=b"another"), age=0.0)
    streams.close(its[0])
    streams.close(its[0])
    assert streams.open(page("shift:1"), age=0.0)
    assert not streams.open(page("shift:1"), age=0.0)


async def test_streams_end_with_their_session(streams: Streams) -> None:
    one, other = open_page(streams, "shift:1", session=b"1"), open_page(streams, "shift:1", session=b"2")
    stranger = open_page(streams, "activity:1", session=None)
    assert streams.sessions() == {HERE: {b"1", b"2"}}
    streams.end([b"1"])
    assert await one.next() is None
    streams.changed((HERE, "shift:1"))
    assert await other.next() == {"shift:1": "shift:1 zh-CN 1"}
    streams.changed((HERE, "activity:1"))
    assert await stranger.next() == {"activity:1": "activity:1 zh-CN 2"}


async def test_a_process_that_ends_lets_go_of_every_stream_and_takes_no_more(streams: Streams) -> None:
    stream = open_page(streams, "shift:1")
    streams.end_all()
    assert await stream.next() is None
    streams.close(stream)
    assert len(streams) == 0
    assert not streams.open(page("shift:1"), age=0.0)


async def test_what_nobody_looks_at_any_more_is_forgotten(streams: Streams, made: Made) -> None:
    stream = open_page(streams, "shift:1")
    streams.changed((HERE, "shift:1"))
    streams.close(stream)
    await asyncio.sleep(0.01)
    assert made.made == []


async def test_a_quiet_stream_gives_nothing_now_and_then(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.0)
    assert await open_page(streams, "shift:1").next() == {}


async def test_what_was_kept_is_forgotten_at_once_though_nobody_looks_at_it(made: Made, clock: list[float]) -> None:
    """A receipt is told of its queue and shows its activity too: that has to be read anew."""
    streams = Streams(made, lambda: clock[0])
    streams.changed(("510115", "activity:1"))
    assert made.forgotten == [("510115", "activity:1")]
    assert made.begun == []
