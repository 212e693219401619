"""An event that was lost between its log and our inbox is seen; what is only late, parked or history is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.contracts import ServiceCorrected, ServiceLogged, TeamRegistered
from shared.messaging import missing_events
from shared.messaging.missing_events import count_missing
from shared.messaging.observer import Observer
from shared.messaging.reactions import History
from shared.messaging.replay import event_logs
from shared.store.event_log import NewEvent, append, new_id
from tests.integration.messaging.conftest import Wire
from tests.integration.messaging.test_consumer import send_raw
from tests.integration.messaging.test_subscription import Service, is_reading, publish, team_registered
from tests.support.eventually import eventually, running
from tests.support.tally import (
    DISTRICT,
    GROUP,
    POISONED_MINUTES,
    REACTIONS,
    consumer,
    service_corrected,
    service_logged,
)

LOGGED, CORRECTED = "cn.linbang.activities.ServiceLogged", "cn.linbang.activities.ServiceCorrected"


def an_hour_ago(event: NewEvent) -> NewEvent:
    """After the group began, and long enough ago to have arrived."""
    return replace(event, occurred_at=datetime.now(UTC) - timedelta(hours=1))


async def count(wire: Wire, district: str | None = None, reactions: Any = REACTIONS) -> dict[str, tuple[int, int]]:
    """Return how many were logged and how many are missing of each type."""
    counted = await count_missing(wire.worker, reactions, lambda _: wire.urls.worker, district, lambda _: None)
    return {one.event: (one.logged, one.missing) for one in counted}


async def lose(wire: Wire, *events: NewEvent) -> None:
    """Append events that no relay will ever send."""
    async with wire.worker.transaction() as tx:
        await append(tx, events)
        await tx.execute(text("DELETE FROM outbox"))


async def handled(wire: Wire, *events: NewEvent) -> None:
    await publish(wire, *events)
    async with running(consumer(wire.worker, wire.servers, wire.prefix).run):
        await eventually(lambda: has_all(wire, *events))


async def has_all(wire: Wire, *events: NewEvent) -> bool:
    async with wire.worker.transaction() as tx:
        inbox = set(await tx.scalars(text("SELECT event_id FROM inbox")))
        parked: int = await tx.scalar(text("SELECT count(*) FROM dead_letter")) or 0
    return len({event.event_id for event in events} - inbox) == parked


async def test_an_event_that_is_in_the_log_and_neither_in_the_inbox_nor_parked_is_missing(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_logs, "SPAN", 3)
    here = [an_hour_ago(service_logged(new_id())) for _ in range(10)]
    await handled(wire, *here)
    assert await count(wire) == {LOGGED: (10, 0), CORRECTED: (0, 0)}
    elsewhere = replace(an_hour_ago(service_logged(new_id())), district="510116")
    await lose(wire, *(an_hour_ago(service_logged(new_id())) for _ in range(2)), elsewhere)
    await lose(wire, an_hour_ago(service_corrected(here[0], 2)), an_hour_ago(team_registered()))
    assert await count(wire) == {LOGGED: (13, 3), CORRECTED: (1, 1)}
    assert await count(wire, DISTRICT) == {LOGGED: (12, 2), CORRECTED: (1, 1)}


async def test_what_may_still_be_on_its_way_is_not_missing(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    await handled(wire, an_hour_ago(service_logged(new_id())))
    late = replace(service_logged(new_id()), occurred_at=datetime.now(UTC) - timedelta(minutes=9))
    await lose(wire, late)
    assert await count(wire) == {LOGGED: (1, 0), CORRECTED: (0, 0)}
    monkeypatch.setattr(missing_events, "GRACE", timedelta(minutes=8))
    assert await count(wire) == {LOGGED: (2, 1), CORRECTED: (0, 0)}


async def test_what_is_parked_is_not_missing(wire: Wire) -> None:
    good, bad = (an_hour_ago(service_logged(new_id(), minutes)) for minutes in (60, POISONED_MINUTES))
    await handled(wire, good, bad)
    assert await count(wire) == {LOGGED: (2, 0), CORRECTED: (0, 0)}


async def test_whatever_is_parked_the_count_is_made(wire: Wire) -> None:
    """Headers are bytes: such as are no text, or no text that PostgreSQL holds, are among them."""
    odd = [("x", b"\x00"), ("y", b"\xff"), ("z\x00", b"1"), ("ce_id", b"\xf0\x9f"), ("ce_id", None), ("ce_id", b'"')]
    good, bad = (an_hour_ago(service_logged(new_id(), minutes)) for minutes in (60, POISONED_MINUTES))
    await send_raw(wire, b"no event", odd, 0)
    await publish(wire, good, bad)
    async with running(consumer(wire.worker, wire.servers, wire.prefix).run):
        await eventually(lambda: has_parked(wire, 2))
    assert await count(wire) == {LOGGED: (2, 0), CORRECTED: (0, 0)}


async def has_parked(wire: Wire, records: int) -> bool:
    async with wire.worker.transaction() as tx:
        return bool(await tx.scalar(text("SELECT count(*) FROM dead_letter")) == records)


async def test_history_that_is_ignored_is_not_missing_and_history_that_is_applied_is(wire: Wire) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY, TeamRegistered: History.IGNORE})
    news = [an_hour_ago(service_logged(new_id())), an_hour_ago(team_registered())]
    await publish(wire, *news)
    async with running(service.consumer().run):
        await eventually(lambda: service.has(news, news))
    ages = [replace(event, occurred_at=datetime.now(UTC) - timedelta(days=9)) for event in news]
    await lose(wire, *(replace(event, event_id=new_id(), aggregate_id=new_id()) for event in ages))
    assert await count(wire, reactions=service.reactions) == {
        LOGGED: (2, 1),
        "cn.linbang.registry.TeamRegistered": (1, 0),
    }


async def test_a_type_that_is_not_subscribed_to_yet_is_not_counted(wire: Wire) -> None:
    await lose(wire, an_hour_ago(service_logged(new_id())))
    assert await count(wire) == {}
    service = Service(wire, {ServiceLogged: History.APPLY})
    async with running(service.consumer().run):
        await eventually(lambda: is_reading(wire, ServiceLogged))
    service.histories[ServiceCorrected] = History.APPLY
    assert await count(wire, reactions=service.reactions) == {LOGGED: (1, 1)}


async def test_the_count_is_kept_and_shown_until_a_later_one_of_everything_finds_less(wire: Wire) -> None:
    await handled(wire, an_hour_ago(service_logged(new_id())))
    await count(wire)
    assert await shown(wire) == 0
    await lose(wire, an_hour_ago(service_logged(new_id())))
    await count(wire, DISTRICT)
    assert await shown(wire) == 1
    await count(wire, "510116")
    assert await shown(wire) == 1, "another district's count hides nothing"
    async with wire.worker.transaction() as tx:
        await tx.execute(
            text("INSERT INTO inbox SELECT :group, event_id FROM event_log ON CONFLICT DO NOTHING"), {"group": GROUP}
        )
    await count(wire)
    assert await shown(wire) == 0


async def shown(wire: Wire) -> float | None:
    await Observer(wire.worker).look()
    return REGISTRY.get_sample_value("events_missing", {"consumer": GROUP, "event": "ServiceLogged"})
