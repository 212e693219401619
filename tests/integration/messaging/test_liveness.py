"""A loop that hangs is not alive; one whose server is away is alive and not ready, and so is a stopped consumer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka.protocol.group import LeaveGroupRequest
from prometheus_client import REGISTRY
from sqlalchemy.engine import make_url

from shared.contracts import ServiceLogged
from shared.messaging.consumer import Consumer
from shared.messaging.group_client import Membership
from shared.messaging.observer import Observer
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.ops.health import Heartbeat
from shared.ops.metrics import CONSUMER_STOPPED
from shared.service.supervision import supervise
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.messaging.conftest import Wire
from tests.integration.messaging.test_consumer import send
from tests.support.eventually import eventually
from tests.support.proxy import Proxy, proxied
from tests.support.tally import GROUP, POISONED_MINUTES, REACTIONS, publish, reactions_by, service_logged

NOBODY = "127.0.0.1:1"
PATIENCE = 60
Loop = Callable[[Heartbeat], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shared.service.supervision", "shared.messaging.relay", "shared.messaging.consumer"):
        monkeypatch.setattr(f"{module}.LONGEST_BACK_OFF", 0.5)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let silence count as a hang after a few seconds; where nothing is to hang, the real patience holds."""
    monkeypatch.setattr("shared.ops.health.STALE_SECONDS", 3.0)


@asynccontextmanager
async def supervised(build: Callable[[], Loop], name: str = "test") -> AsyncIterator[Heartbeat]:
    """Run a loop as the runtime does."""
    heartbeat = Heartbeat(name)
    task = asyncio.create_task(supervise(build, heartbeat))
    try:
        yield heartbeat
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def distant(wire: Wire) -> AsyncIterator[tuple[Store, Proxy]]:
    """Give the worker's store by a way that can be cut or fall silent."""
    url = make_url(wire.urls.worker)
    async with proxied(url.host or "", url.port or 0) as proxy:
        there = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        store = Store(there)
        yield store, proxy
        await proxy.cut()
        await store.close()


async def is_ready(heartbeat: Heartbeat) -> bool:
    return heartbeat.ready


async def waits(heartbeat: Heartbeat) -> bool:
    return heartbeat.alive() and not heartbeat.ready


async def hangs(heartbeat: Heartbeat) -> bool:
    return not heartbeat.alive()


async def waits_again_and_again(heartbeat: Heartbeat) -> None:
    """It comes round twice without being ready, alive each time."""
    await eventually(partial(waits, heartbeat))
    for _ in range(2):
        before = heartbeat._last

        async def came_round(before: float = before) -> bool:
            assert heartbeat.alive()
            return heartbeat._last > before and not heartbeat.ready

        await eventually(came_round)


LOOPS: dict[str, Callable[[Wire, Store], Loop]] = {
    "relay": lambda wire, store: Relay(store, KafkaServers(wire.servers), wire.prefix).run,
    "observer": lambda _, store: Observer(store).run,
    "consumer": lambda wire, store: Consumer(REACTIONS, store, KafkaServers(wire.servers), wire.prefix).run,
}


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("shared.messaging.observer.LOOK_SECONDS", 0.1)
    return str(request.param)


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_answers_no_more_shows_as_a_loop_that_hangs(wire: Wire) -> None:
    async with distant(wire) as (store, proxy), supervised(lambda: LOOPS["relay"](wire, store), "relay") as heartbeat:
        await eventually(partial(is_ready, heartbeat))
        assert REGISTRY.get_sample_value("loop_ready", {"loop": "relay"}) == 1
        proxy.fall_silent()
        await send(wire, service_logged(new_id()))
        await eventually(partial(hangs, heartbeat))
        await proxy.cut()  # so that it can end


async def test_a_database_that_is_away_is_waited_for_until_it_is_back(wire: Wire, loop: str) -> None:
    async with distant(wire) as (store, proxy), supervised(lambda: LOOPS[loop](wire, store), loop) as heartbeat:
        await eventually(partial(is_ready, heartbeat))
        await proxy.cut()
        await send(wire, service_logged(new_id()))
        await waits_again_and_again(heartbeat)
        assert REGISTRY.get_sample_value("loop_ready", {"loop": loop}) == 0
        await proxy.open()
        await eventually(partial(is_ready, heartbeat))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # FastStream drops what it cannot start
@pytest.mark.parametrize("role", ["relay", "consumer"])
async def test_a_kafka_that_is_away_is_waited_for(wire: Wire, role: str) -> None:
    wire.servers = NOBODY
    async with supervised(lambda: LOOPS[role](wire, wire.worker)) as heartbeat:
        await waits_again_and_again(heartbeat)


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_never_returns_shows_as_a_loop_that_hangs(wire: Wire) -> None:
    entered, end_of_test = asyncio.Event(), asyncio.Event()

    async def never_return(*_: object) -> None:
        entered.set()
        await end_of_test.wait()

    await send(wire, service_logged(new_id()))
    stuck = Consumer(reactions_by(never_return, ServiceLogged), wire.worker, KafkaServers(wire.servers), wire.prefix)
    async with supervised(lambda: stuck.run) as heartbeat:
        await asyncio.wait_for(entered.wait(), PATIENCE)
        await eventually(partial(hangs, heartbeat))
        end_of_test.set()


@pytest.mark.usefixtures("impatient")
async def test_a_consumer_that_gets_nothing_of_what_is_there_hangs_though_its_polls_come_back(wire: Wire) -> None:
    consumer = wire.consumer()
    async with supervised(lambda: consumer.run) as heartbeat:
        await eventually(partial(is_ready, heartbeat))
        client = consumer._subscriber.consumer
        assert client is not None
        client.pause(*client.assignment())
        await send(wire, service_logged(new_id()))
        await eventually(partial(hangs, heartbeat))


async def test_a_consumer_whose_slow_batch_ends_just_while_its_client_leaves_the_group_goes_on_with_a_new_one(
    wire: Wire,
) -> None:
    started, ending = asyncio.Event(), asyncio.Event()
    consumers: list[Consumer] = []

    async def be_slow(*_: object) -> None:
        started.set()
        await ending.wait()

    def build() -> Loop:
        membership = Membership(session_timeout_ms=6000, max_poll_interval_ms=500)
        consumers.append(
            Consumer(
                reactions_by(be_slow, ServiceLogged), wire.worker, KafkaServers(wire.servers), wire.prefix, membership
            )
        )
        return consumers[-1].run

    async with supervised(build) as heartbeat:
        await eventually(partial(is_ready, heartbeat))
        client = consumers[0]._subscriber.consumer
        assert client is not None
        coordinator = client._coordinator
        send_request = coordinator._send_req

        async def let_the_batch_end_while_leaving(request: object) -> object:
            if isinstance(request, LeaveGroupRequest) and started.is_set() and not ending.is_set():
                ending.set()
                await asyncio.Event().wait()  # no answer before it is cancelled
            return await send_request(request)

        with patch.object(coordinator, "_send_req", let_the_batch_end_while_leaving):
            await send(wire, service_logged(new_id()))
            await asyncio.wait_for(started.wait(), PATIENCE)
            coordinator.request_rejoin()  # as if another member had come
            await asyncio.wait_for(ending.wait(), PATIENCE)
            await eventually(partial(has_another_client, consumers, heartbeat))


async def has_another_client(consumers: list[Consumer], heartbeat: Heartbeat) -> bool:
    return len(consumers) > 1 and heartbeat.ready


async def test_a_consumer_stopped_at_its_limit_is_alive_not_ready_and_says_why(wire: Wire) -> None:
    await send(wire, *(service_logged(new_id(), minutes=POISONED_MINUTES) for _ in range(60)), partition=0)

    CONSUMER_STOPPED.labels(GROUP, "limit").set(0)  # the process's own, and another test's consumer stopped too

    async def stopped() -> bool:
        return REGISTRY.get_sample_value("consumer_stopped", {"consumer": GROUP, "reason": "limit"}) == 1

    async with supervised(lambda: wire.consumer().run) as heartbeat:
        await eventually(stopped)
        await waits_again_and_again(heartbeat)


async def test_a_relay_that_is_not_the_leader_is_ready_to_be(wire: Wire) -> None:
    async with supervised(lambda: wire.relay().run) as first, supervised(lambda: wire.relay().run) as second:
        await publish(wire.worker, service_logged(new_id()))
        await eventually(partial(is_ready, first))
        await eventually(partial(is_ready, second))
