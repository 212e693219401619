"""Signs of life: what an open page is told, to whom, and how its stream ends (ADR 0038)."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.process import free_port
from services.portal.live import following
from services.portal.live.domain import TOPICS
from services.portal.live.following import _end_with_sessions, _follow_events
from services.portal.live.queries import LiveMessages
from services.portal.live.streams import MOST_OF_A_SESSION, Name, Streams
from shared.contracts import MessageDelivered, SignUpWithdrawn
from shared.contracts.envelope import Attributes
from shared.contracts.event import Event
from shared.messaging.records import content_of
from shared.store.event_log import new_id, now
from tests.support.eventually import eventually, running
from tests.support.forked import Program
from tests.support.infrastructure import Infrastructure, Urls
from tests.support.portal import ACCOUNT, DISTRICT, FakeServices, Portal, environment_of
from tests.support.topics import provision

ACTIVITY, SHIFT = UUID(int=1), UUID(int=2)
NAME = f"activity:{ACTIVITY}"


def stand(services: FakeServices, taken: int, **of_shift: object) -> None:
    """Say how the places of the activity's one shift stand."""
    shift = {"shift_id": str(SHIFT), "starts_at": "2126-01-01T01:00:00Z", "ends_at": "2126-01-01T03:00:00Z"}
    activity = {
        "activity_id": str(ACTIVITY),
        "title": "陪伴阅读",
        "service": "tutoring",
        "place": "活动室",
        "station_name": "光华社区",
        "shifts": [{**shift, "capacity": 20, "taken": taken, "waiting": max(0, taken - 20), **of_shift}],
        "person_in_charge": "站长",
        "risk_text": "",
        "description": "",
        "state": "open",
        "cancelled_reason": None,
        "as_of": "2026-11-27T00:00:00Z",
    }
    services.answer(f"GET activities/v1/public/activities/{ACTIVITY}", activity)


@pytest.fixture
def streams(portal: Portal) -> Streams:
    """The portal's streams, as if it had followed the events for long; Kafka is away."""
    found = portal.app.state.streams = Streams(LiveMessages(portal.app))
    found._remembers_since = float("-inf")
    return found


@asynccontextmanager
async def following_page(
    streams: Streams, browser: httpx.AsyncClient, *names: str
) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """Open a page's stream; the answer is there when the stream has ended."""
    before = len(streams)
    answer = asyncio.create_task(browser.get("/live", params={"on": names}))

    async def is_open() -> bool:
        return len(streams) > before or answer.done()

    await eventually(is_open)
    try:
        yield answer
    finally:
        answer.cancel()
        await asyncio.wait([answer])


def messages(answer: httpx.Response) -> list[dict[str, object]]:
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]


async def end(streams: Streams) -> None:
    """Have the streams end once all that there is to tell has been told."""

    async def all_told() -> bool:
        return not streams._telling and not any(watched.due for watched in streams._watched.values())

    await eventually(all_told)

    async def all_read() -> bool:
        return not any(stream._untold for stream in streams._all)

    await eventually(all_read)
    for stream in streams._all:
        stream.end()


async def test_whoever_looks_is_told_how_places_stand_in_the_language_of_the_page(
    portal: Portal, services: FakeServices, streams: Streams
) -> None:
    stand(services, taken=17)
    async with (
        portal.browser() as chinese,
        portal.browser(lang="en") as english,
        following_page(streams, chinese, NAME) as one,
        following_page(streams, english, NAME) as other,
    ):
        streams.changed((DISTRICT, NAME))
        await end(streams)
        (told,), (told_in_english,) = messages(await one), messages(await other)
    assert (told["name"], told["html"]) == (NAME, {f"places:{SHIFT}": "<span>还剩 3 / 20</span>"})
    assert told_in_english["html"] == {f"places:{SHIFT}": "<span>3 of 20 left</span>"}
    assert (await one).headers["content-type"].startswith("text/event-stream")
    assert (await one).headers["cache-control"] == "no-store"


async def marks_told(portal: Portal, streams: Streams) -> dict[str, str]:
    """Return the marks that a page is told now: of the activity and its shift."""
    async with portal.browser() as browser, following_page(streams, browser, NAME) as answer:
        streams.changed((DISTRICT, NAME))
        await end(streams)
        told: dict[str, str] = messages(await answer)[-1]["marks"]  # type: ignore[assignment]
    return told


async def test_a_page_has_the_marks_that_it_is_told_until_more_than_the_counts_changes(
    portal: Portal, services: FakeServices, streams: Streams
) -> None:
    stand(services, taken=17)
    free = await marks_told(portal, streams)
    stand(services, taken=18)
    assert await marks_told(portal, streams) == free, "the counts alone are told in the message"
    stand(services, taken=20)
    full = await marks_told(portal, streams)
    assert full.keys() == free.keys() == {str(ACTIVITY), str(SHIFT)}
    assert all(full[name] != free[name] for name in full)
    async with portal.browser() as browser:
        page = (await browser.get(f"/activities/{ACTIVITY}")).text
    assert f'data-mark-of="{ACTIVITY}" data-mark="{full[str(ACTIVITY)]}"' in page
    assert f'hx-get="/activities/{ACTIVITY}" hx-trigger="live"' in page


async def test_an_open_page_gets_the_block_of_shifts_alone_with_the_button_of_now(
    portal: Portal, services: FakeServices
) -> None:
    stand(services, taken=20)
    part = {"HX-Request": "true"}
    async with portal.browser() as stranger:
        block = (await stranger.get(f"/activities/{ACTIVITY}", headers=part)).text
    assert block.lstrip().startswith("<section")
    assert "候补</a>" in block
    volunteer = await portal.logged_in("volunteer")
    services.answer("GET activities/v1/me/sign-ups", {"items": [], "next_cursor": None})
    row = (await volunteer.get(f"/activities/{ACTIVITY}/shifts/{SHIFT}", headers=part)).text
    assert row.lstrip().startswith("<li")
    assert "候补</button>" in row
    without_scripts = await volunteer.get(f"/activities/{ACTIVITY}/shifts/{SHIFT}")
    assert without_scripts.headers["location"] == f"/activities/{ACTIVITY}"
    await volunteer.aclose()


async def test_a_shift_that_was_cancelled_has_no_button(portal: Portal, services: FakeServices) -> None:
    stand(services, taken=3, is_cancelled=True)
    async with portal.browser() as stranger:
        page = (await stranger.get(f"/activities/{ACTIVITY}")).text
    assert "已取消" in page
    assert "报名</a>" not in page


async def test_a_page_is_never_told_of_how_it_was_before_the_change(
    portal: Portal, services: FakeServices, streams: Streams
) -> None:
    stand(services, taken=17)
    async with portal.browser() as browser:
        assert "还剩 3 / 20" in (await browser.get(f"/activities/{ACTIVITY}")).text
        stand(services, taken=18)
        async with following_page(streams, browser, NAME) as answer:
            streams.changed((DISTRICT, NAME))
            await end(streams)
            (told,) = messages(await answer)
    assert told["html"] == {f"places:{SHIFT}": "<span>还剩 2 / 20</span>"}


async def test_the_page_shows_what_it_follows(portal: Portal, services: FakeServices) -> None:
    stand(services, taken=17)
    async with portal.browser() as browser:
        page = (await browser.get(f"/activities/{ACTIVITY}")).text
    assert f'<span data-live="{NAME}" data-show="places:{SHIFT}"><span>还剩 3 / 20</span>' in page


async def test_a_stranger_follows_what_everybody_sees_and_nothing_else(portal: Portal, streams: Streams) -> None:
    asked = (f"shift:{SHIFT}", f"queue:{SHIFT}", "inbox", f"inbox:{ACCOUNT}", "activity:no-id")
    async with portal.browser() as browser:
        assert (await browser.get("/live", params={"on": asked})).status_code == 204
        assert (await browser.get("/live")).status_code == 204
    assert len(streams) == 0


async def test_somebody_is_told_of_their_own_messages(portal: Portal, services: FakeServices, streams: Streams) -> None:
    unread = 0

    def inbox(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": [], "next_cursor": None, "unread": unread})

    services.answers["GET notifications/v1/me/messages"] = inbox
    async with (
        aclosing(await portal.logged_in("volunteer")) as browser,
        following_page(streams, browser, "inbox", f"inbox:{UUID(int=7)}") as answer,
    ):
        (stream,) = streams._all
        assert stream.names == {f"inbox:{ACCOUNT}"}

        async def asked() -> bool:
            return any(request.url.host == "notifications" for request in services.asked)

        await eventually(asked)  # the count is shown on every page, soon after it was opened
        unread = 2
        streams.changed((DISTRICT, f"inbox:{ACCOUNT}"))
        await end(streams)
        first, told = messages(await answer)
    assert first == {"name": "inbox", "html": {"inbox": ""}, "say": ""}
    assert told["html"] == {"inbox": '<span class="count">2<span class="unseen"> 条未读</span></span>'}
    assert told["say"] == "有新消息"


async def test_a_session_has_no_more_than_a_few_streams(portal: Portal, streams: Streams) -> None:
    async with aclosing(await portal.logged_in("volunteer")) as browser:
        opened = [asyncio.create_task(browser.get("/live", params={"on": NAME})) for _ in range(MOST_OF_A_SESSION)]

        async def all_are_open() -> bool:
            return len(streams) == MOST_OF_A_SESSION

        await eventually(all_are_open)
        assert (await browser.get("/live", params={"on": NAME})).status_code == 204
        await end(streams)
        assert {(await one).status_code for one in opened} == {200}


async def test_a_stream_ends_with_its_session(
    portal: Portal, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.01)
    async with (
        aclosing(await portal.logged_in("volunteer")) as browser,
        aclosing(await portal.logged_in("volunteer")) as another,
        following_page(streams, browser, f"queue:{SHIFT}") as ended,
        following_page(streams, another, f"queue:{SHIFT}") as kept,
        running(partial(_end_with_sessions, streams, portal.app.state.store)),
    ):
        await browser.post("/log-out")
        assert (await ended).status_code == 200
        assert not kept.done()


class NoMessages:
    """What nobody who looks is told."""

    def forget(self, _changed: Name) -> None:
        pass

    def begin(self, _changed: Name) -> None:
        """Nothing is kept."""

    async def make(self, _changed: Name, _language: str) -> str | None:
        return None


async def test_streams_follow_the_events_of_kafka_and_are_told_of_everything_first(
    infrastructure: Infrastructure, topic_prefix: str
) -> None:
    told: list[Name] = []
    begun = asyncio.Event()

    class Noted(Streams):
        def changed(self, key: Name) -> None:
            told.append(key)

        def all_changed(self) -> None:
            begun.set()

    async def tell(topic: str, event: Event, subject: UUID) -> None:
        attributes = Attributes(new_id(), event.event_type(), now(), str(subject), 1, DISTRICT)
        key, value, headers = content_of(attributes, event.model_dump_json())
        await producer.send_and_wait(topic_prefix + topic, value=value, key=key, headers=headers)

    topics = [topic_prefix + topic for topic in TOPICS]
    await provision(infrastructure.bootstrap_servers, topic_prefix)
    streams = Noted(NoMessages())
    async with (
        AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap_servers) as producer,
        running(partial(_follow_events, streams, infrastructure.servers, topics)),
    ):
        await begun.wait()
        await producer.send_and_wait(topics[0], value=b"no event", key=b"x")
        left = SignUpWithdrawn(sign_up_id=new_id(), shift_id=SHIFT, activity_id=ACTIVITY, volunteer_id=ACCOUNT)
        await tell("activities.sign-up", left, left.sign_up_id)
        message = MessageDelivered(
            delivery_id=new_id(), volunteer_id=ACCOUNT, event_id=new_id(), channel="in_app", template="x"
        )
        await tell("notifications.delivery", message, message.delivery_id)

        async def all_told() -> bool:
            return len(told) >= 4

        await eventually(all_told)
    assert set(told) == {
        (DISTRICT, NAME),
        (DISTRICT, f"shift:{SHIFT}"),
        (DISTRICT, f"queue:{SHIFT}"),
        (DISTRICT, f"inbox:{ACCOUNT}"),
    }


async def test_a_process_that_is_told_to_stop_ends_its_streams_and_itself(urls: Urls, tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, **environment_of(urls), "PORTAL_PORT": str(port)}
    with (tmp_path / "log").open("wb") as log:
        process = Program(["-m", "services.portal", "api"], environment, output=log.fileno())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=None) as browser:

            async def answers() -> bool:
                try:
                    return (await browser.get("/health/live")).is_success
                except httpx.TransportError:
                    return False

            await eventually(answers)
            async with browser.stream("GET", "/live", params={"on": NAME}) as stream:
                assert stream.status_code == 200
                lines = stream.aiter_lines()
                assert await anext(lines) == ":"
                process.send_signal(signal.SIGTERM)
                assert [line async for line in lines if line.startswith("data")] == []  # and it ends
        assert await asyncio.to_thread(process.wait) == 0
