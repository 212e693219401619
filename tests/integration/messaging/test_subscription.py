"""Where a subscription begins is said, never where Kafka happens to begin: what is older is projected at most."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.contracts import Event, ServiceCorrected, ServiceLogged, TeamChanged, TeamRegistered
from shared.contracts.operations import ConsumerSubscribed
from shared.contracts.organisation import Team
from shared.contracts.topics import TOPICS
from shared.contracts.upcasters import RENAMED, type_of
from shared.messaging.catch_up import catch_up
from shared.messaging.consumer import Consumer
from shared.messaging.from_logs import Surroundings
from shared.messaging.handled import EVENT
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.reactions import History, Reaction, Reactions
from shared.messaging.servers import KafkaServers
from shared.messaging.subscribe import subscribe
from shared.messaging.subscription import HistoryMissingError
from shared.ops.health import Heartbeat
from shared.service.supervision import supervise
from shared.store.event_log import NewEvent, append, new_id
from shared.store.projection import ProjectedTable, Projection
from tests.integration.messaging.conftest import Wire, outbox_is_empty
from tests.integration.messaging.test_refused_topics import delete
from tests.support import topics
from tests.support.eventually import eventually, running
from tests.support.tally import DISTRICT, GROUP, service_corrected, service_logged

LONG_AGO = timedelta(days=40)


@dataclass
class Service:
    """A service that notes what it has projected and what it has announced."""

    wire: Wire
    histories: dict[type[Event], History]
    projected: list[UUID] = field(default_factory=list)
    announced: list[UUID] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    @property
    def reactions(self) -> Reactions:
        noted = Projection("noted", (ProjectedTable("tally"),), self._project)
        return Reactions(
            GROUP,
            [Reaction(event, projects=noted, decides=self._decide, history=h) for event, h in self.histories.items()],
        )

    def consumer(self) -> Consumer:
        return Consumer(self.reactions, self.wire.worker, KafkaServers(self.wire.servers), self.wire.prefix)

    async def subscribe(self) -> ConsumerSubscribed | None:
        return await subscribe("li", self._surroundings(), lambda _: None, lambda _: None)

    async def catch_up(self) -> None:
        await catch_up("li", self._surroundings(), lambda _: None, lambda _: None)

    def _surroundings(self) -> Surroundings:
        """Every log is in the one database of these tests."""
        wire = self.wire
        return Surroundings(
            self.reactions, wire.worker, KafkaServers(wire.servers), wire.prefix, lambda _: wire.urls.worker
        )

    async def _project(self, _: Any, events: Sequence[Any]) -> None:
        self.projected += [event.attributes.id for event in events]
        self.types += [type(event.data).__name__ for event in events]

    async def _decide(self, _: Any, events: Sequence[Any], __: Any) -> None:
        self.announced += [event.attributes.id for event in events]

    async def has(self, projected: Sequence[NewEvent], announced: Sequence[NewEvent]) -> bool:
        """Whether these have come, and no others."""
        expected = ids(projected), ids(announced)
        found = set(self.projected), set(self.announced)
        assert found[0] <= expected[0], "something was projected that should not be"
        assert found[1] <= expected[1], "something was announced that should not be"
        return found == expected


def ids(events: Sequence[NewEvent]) -> set[UUID]:
    return {event.event_id for event in events}


def old(event: NewEvent) -> NewEvent:
    return replace(event, occurred_at=datetime.now(UTC) - LONG_AGO)


def team_registered() -> NewEvent:
    team = new_id()
    return NewEvent(
        DISTRICT, team, 1, TeamRegistered(team_id=team, code="T", name="队", kind="service"), "account:test"
    )


async def publish(wire: Wire, *events: NewEvent) -> None:
    """Append events and see them in Kafka."""
    async with wire.worker.transaction() as tx:
        await append(tx, events)
    async with running(wire.relay().run):
        await eventually(lambda: outbox_is_empty(wire))


async def forget(wire: Wire, event: type[Event]) -> None:
    """Let retention pass for all that is in an event's topic: `kafka-delete-records`."""
    ends = await end_offsets(KafkaServers(wire.servers), [wire.prefix + event.topic])
    admin = AIOKafkaAdminClient(bootstrap_servers=wire.servers)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(*place): RecordsToDelete(before_offset=end) for place, end in ends.items() if end}
        )
    finally:
        await admin.close()


async def rows(wire: Wire) -> dict[str, tuple[datetime | None, bool]]:
    """Return the subscriptions by the names of their events; None is since ever."""
    async with wire.worker.transaction() as tx:
        found = await tx.execute(text("SELECT event, nullif(since, '-infinity') AS since, filled FROM subscription"))
        return {row.event.rpartition(".")[2]: (row.since, row.filled) for row in found}


@asynccontextmanager
async def stopped(service: Service) -> AsyncIterator[str]:
    """Run a consumer that stops for an operator; give the reason it names. It is not ready."""
    heartbeat = Heartbeat("consumer")
    with capture_logs() as logs:
        async with running(lambda _: service.consumer().run(heartbeat)):

            async def said() -> list[Any]:
                return [entry for entry in logs if entry["log_level"] == "critical"]

            (entry,) = await eventually(said)
            assert not heartbeat.ready
            yield entry["reason"]


async def lived(service: Service, *events: NewEvent) -> None:
    """Let a service handle events as they happen, and stop it."""
    await publish(service.wire, *events)
    async with running(service.consumer().run):
        await eventually(lambda: service.has(events, events))


async def test_to_a_new_group_what_was_published_since_its_database_was_made_is_live(wire: Wire) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY, TeamRegistered: History.IGNORE})
    news, before = (
        [service_logged(new_id()), team_registered()],
        [old(service_logged(new_id())), old(team_registered())],
    )
    await publish(wire, *news, *before)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([*news, before[0]], news))
    async with wire.worker.transaction() as tx:
        claimed = set(await tx.scalars(text("SELECT event_id FROM inbox")))
    assert claimed == ids([*news, before[0]]), "history that is ignored is not claimed"


async def test_a_group_from_before_this_table_goes_on_as_it_was(wire: Wire) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY, TeamRegistered: History.IGNORE})
    async with wire.worker.transaction() as tx:
        await tx.execute(
            text("INSERT INTO consumer_offset VALUES (:group, :topic, 0, 0)"),
            {"group": GROUP, "topic": wire.prefix + ServiceLogged.topic},
        )
    events = [old(service_logged(new_id())), old(team_registered()), service_logged(new_id())]
    await publish(wire, *events)
    async with running(service.consumer().run):
        await eventually(lambda: service.has(events, events))
    assert await rows(wire) == {"ServiceLogged": (None, True), "TeamRegistered": (None, True)}


async def test_a_type_whose_history_is_ignored_is_handled_from_now_on_when_it_is_new_to_a_living_group(
    wire: Wire,
) -> None:
    """Review D1b: a month of what happened before would else be told to everybody."""
    service = Service(wire, {ServiceLogged: History.APPLY})
    first = service_logged(new_id())
    await lived(service, first)
    before = [team_registered(), old(team_registered())]
    await publish(wire, *before)
    service.histories[TeamRegistered] = History.IGNORE
    async with running(service.consumer().run):
        await eventually(lambda: is_reading(wire, TeamRegistered))
        news = team_registered()
        await publish(wire, news)
        await eventually(lambda: service.has([first, news], [first, news]))


async def test_a_type_whose_history_is_ignored_begins_where_its_topic_now_begins(wire: Wire) -> None:
    service = Service(wire, {TeamRegistered: History.IGNORE})
    await publish(wire, team_registered(), team_registered())
    await forget(wire, TeamRegistered)
    news = team_registered()
    await publish(wire, news)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([news], [news]))


async def test_a_topic_that_is_new_to_a_living_group_is_read_from_its_beginning_and_its_history_projected_alone(
    wire: Wire,
) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY})
    first = service_logged(new_id())
    await lived(service, first)
    before = [team_registered() for _ in range(5)]
    await publish(wire, *before)
    service.histories[TeamRegistered] = History.APPLY
    async with running(service.consumer().run):
        await eventually(lambda: service.has([first, *before], [first]))
        news = team_registered()
        await publish(wire, news)
        await eventually(lambda: service.has([first, *before, news], [first, news]))


async def test_a_type_that_was_passed_over_stops_the_consumer_until_its_history_is_filled_from_the_logs(
    wire: Wire,
) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY})
    logged = service_logged(new_id())
    passed_over = service_corrected(logged, 2)
    await publish(wire, logged, passed_over)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([logged], [logged]))
    service.histories[ServiceCorrected] = History.APPLY
    async with stopped(service) as reason:
        assert reason == "no history of ServiceCorrected; to fill it: linbang assessment subscribe"
    done = await service.subscribe()
    assert done is not None
    assert (done.events, done.applied, done.parked, done.partitions) == (("ServiceCorrected",), 1, 0, ())
    assert await service.has([logged, passed_over], [logged])
    assert await service.subscribe() is None
    news = service_corrected(logged, 3)
    await publish(wire, news)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([logged, passed_over, news], [logged, news]))


async def test_a_group_that_comes_after_retention_stops_until_what_is_gone_is_filled_from_the_logs(wire: Wire) -> None:
    """Review D1a: 27,300 volunteers would else be missing, and nobody would say so."""
    service = Service(wire, {ServiceLogged: History.APPLY, TeamRegistered: History.IGNORE})
    gone = [old(service_logged(new_id())) for _ in range(20)]
    await publish(wire, *gone, old(team_registered()))
    await forget(wire, ServiceLogged)
    kept = service_logged(new_id())
    await publish(wire, kept)
    async with stopped(service) as reason:
        assert f"{wire.prefix}activities.service-record[" in reason  # whichever partitions they have come to
        assert reason.endswith("linbang assessment subscribe")
    assert service.projected == []
    done = await service.subscribe()
    assert done is not None
    assert (done.events, done.applied) == ((), 21)
    assert await service.has([*gone, kept], [kept])
    news = service_logged(new_id())
    await publish(wire, news)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([*gone, kept, news], [kept, news]))


async def test_a_subscribe_that_ends_half_way_leaves_the_consumer_stopped_and_can_be_run_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY})
    logged = service_logged(new_id())
    corrections = [service_corrected(logged, version) for version in range(2, 12)]
    await publish(wire, logged, *corrections)
    async with running(service.consumer().run):
        await eventually(lambda: service.has([logged], [logged]))
    service.histories[ServiceCorrected] = History.APPLY
    monkeypatch.setattr("shared.messaging.from_logs.BATCH", 3)
    project = service._project

    async def away(_: Any, events: Sequence[Any]) -> None:
        if len(service.projected) > 5:
            raise ConnectionError("the database went away")
        await project(_, events)

    service._project = away  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await service.subscribe()
    assert (await rows(wire))["ServiceCorrected"][1] is False
    async with stopped(service) as reason:
        assert "ServiceCorrected" in reason
    service._project = project  # type: ignore[method-assign]
    done = await service.subscribe()
    assert done is not None
    assert 0 < done.applied < len(corrections)
    assert sorted(service.projected) == sorted(event.event_id for event in (logged, *corrections)), "each once"
    assert set(service.announced) == {logged.event_id}
    assert (await rows(wire))["ServiceCorrected"][1] is True


async def test_a_catch_up_announces_nothing_from_before_a_type_was_handled(wire: Wire) -> None:
    """Review D1c: the recovery of a lost position would else hand years of a new type to whoever is told of it."""
    service = Service(wire, {ServiceLogged: History.APPLY})
    first = service_logged(new_id())
    await lived(service, first)
    before = [old(team_registered()), team_registered()]
    await publish(wire, *before)
    service.histories[TeamRegistered] = History.IGNORE
    async with running(service.consumer().run):
        await eventually(lambda: is_reading(wire, TeamRegistered))
    lost, missed = service_logged(new_id()), team_registered()
    await publish(wire, lost, missed)
    await forget(wire, ServiceLogged)
    await forget(wire, TeamRegistered)
    await service.catch_up()
    assert await service.has([first, lost, missed], [first, lost, missed])


async def test_a_catch_up_of_a_group_that_cannot_start_names_the_command_that_it_needs(wire: Wire) -> None:
    service = Service(wire, {ServiceLogged: History.APPLY})
    await lived(service, service_logged(new_id()))
    service.histories[ServiceCorrected] = History.APPLY
    with pytest.raises(HistoryMissingError, match="linbang assessment subscribe"):
        await service.catch_up()


async def is_reading(wire: Wire, event: type[Event]) -> bool:
    """Whether the consumer has a position in every partition of an event's topic."""
    async with wire.worker.transaction() as tx:
        partitions = text("SELECT count(*) FROM consumer_offset WHERE topic = :topic")
        known: int = await tx.scalar(partitions, {"topic": wire.prefix + event.topic}) or 0
    return known == TOPICS[event.topic].partitions


async def test_a_log_is_asked_for_its_events_by_their_present_names(wire: Wire) -> None:
    types = [f"{name}.v1" for name in RENAMED] + [ServiceLogged.event_type()]
    log = "(SELECT CAST(:type AS text) AS type, CAST(:sequence AS int) AS aggregate_version) AS event_log"
    asked = text(f"SELECT {EVENT} FROM {log}")
    async with wire.worker.transaction() as tx:
        for event_type in types:
            for sequence in (1, 2, 9):
                named = await tx.scalar(asked, {"type": event_type, "sequence": sequence})
                assert named == type_of(event_type, sequence)[0]


class TeamFormed(Team):
    """What was written until it was said which: registered, or changed."""


async def test_events_under_an_old_name_are_handled_as_what_they_are_called_now(wire: Wire) -> None:
    service = Service(wire, {TeamRegistered: History.APPLY, TeamChanged: History.APPLY})
    team = new_id()
    formed = TeamFormed(team_id=team, code="T", name="队", kind="service")
    events = [NewEvent(DISTRICT, team, version, formed, "account:test") for version in (1, 2)]
    await publish(wire, *events)
    async with running(service.consumer().run):
        await eventually(lambda: service.has(events, events))
    assert service.types == ["TeamRegistered", "TeamChanged"]
    async with wire.worker.transaction() as tx:
        await tx.execute(text("DELETE FROM inbox"))
    service.types.clear()
    await service.catch_up()
    assert service.types == ["TeamRegistered", "TeamChanged"]


async def test_a_topic_that_is_not_there_yet_holds_up_no_other_and_is_read_once_it_is(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic of the next release, before `linbang provision`."""
    monkeypatch.setattr("shared.messaging.unreadable_topics.LOOK_SECONDS", 0.0)
    service = Service(wire, {ServiceLogged: History.APPLY, TeamRegistered: History.APPLY})
    await delete(wire, TeamRegistered.topic)
    logged, team = service_logged(new_id()), team_registered()
    heartbeat = Heartbeat(GROUP)
    async with running(lambda _: supervise(lambda: service.consumer().run, heartbeat)):
        await publish(wire, logged)
        await eventually(lambda: service.has([logged], [logged]))
        assert not heartbeat.ready
        named = {"consumer": GROUP, "topic": wire.prefix + TeamRegistered.topic}
        assert REGISTRY.get_sample_value("consumer_topic_unreadable", named) == 1
        await topics.provision(wire.servers, wire.prefix)
        await publish(wire, team)
        await eventually(lambda: service.has([logged, team], [logged, team]))

        async def is_ready() -> bool:
            return heartbeat.ready

        await eventually(is_ready)
    assert REGISTRY.get_sample_value("consumer_topic_unreadable", named) is None
