"""The route by which an operator sees how a service is: is anyone affected, where is it stuck.

Invariant: it tells of the last look of the service's observer and says when that was; how far consumers are behind it
asks Kafka itself. What could not be looked at is a trouble of its own, so nothing that was not seen is called well.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends

from shared.contracts.actor import Role
from shared.http.auth import caller_with
from shared.http.dependencies import ApiStore
from shared.http.service_status import (
    Comparison,
    Following,
    LaterWork,
    ParkedRecords,
    ServiceStatus,
    Trouble,
    TroubleCode,
)
from shared.messaging.kafka_metadata import ends_of_those_there
from shared.messaging.observation import OLD_SECONDS, OVERDUE_SECONDS, Observation, View, last
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import now
from shared.work.figures import WorkOfKind

ANSWER_SECONDS = 3.0
"""Within it Kafka says where its topics end, or counts as away."""
STILL_SECONDS = 60.0
"""Somebody who is behind and has handled nothing for longer stands still."""


StatusOf = Callable[[Store], Awaitable[ServiceStatus]]


def status_routes(status: StatusOf) -> APIRouter:
    """Return the route that shows how a service is."""
    routes = APIRouter(prefix="/v1/operations", tags=["operations"])

    @routes.get("/status", dependencies=[Depends(caller_with(Role.OPERATOR))])
    async def show_status(store: ApiStore) -> ServiceStatus:
        """Show how this service is, with everything that is not as it should be."""
        return await status(store)

    return routes


async def status_of(service: str, servers: KafkaServers, store: Store) -> ServiceStatus:
    """Return how a service is, by its database and by Kafka."""
    async with store.transaction() as tx:
        seen = await last(tx)
    if seen is None:
        return ServiceStatus(service=service, looked_at=None, troubles=[Trouble(code=TroubleCode.NOT_LOOKED)])
    following = await _following(servers, seen)
    return ServiceStatus(
        service=service,
        looked_at=seen.looked_at,
        troubles=list(_troubles(seen, following)),
        outbox=seen.view.outbox_depth,
        oldest_seconds=seen.view.oldest[1] if seen.view.oldest else None,
        following=following,
        parked=[ParkedRecords(reason=p.reason, records=p.records, oldest_seconds=p.age) for p in seen.view.parked],
        work=[LaterWork.model_validate(work._asdict()) for work in seen.view.work],
        compared=[Comparison.model_validate(one._asdict()) for one in seen.view.compared],
    )


async def _following(servers: KafkaServers, seen: Observation) -> list[Following]:
    places: dict[str, dict[tuple[str, int], int]] = defaultdict(dict)
    for at in seen.view.offsets:
        places[at.consumer][at.topic, at.partition] = at.next_offset
    ends = await _ends(servers, seen.view) if places else {}
    return [
        Following(
            consumer=consumer,
            behind=None if ends is None else _behind(ends, offsets),
            moved_at=seen.moved_at.get(consumer),
        )
        for consumer, offsets in sorted(places.items())
    ]


async def _ends(servers: KafkaServers, view: View) -> Mapping[tuple[str, int], int] | None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await ends_of_those_there(servers, {at.topic for at in view.offsets})
    except (KafkaError, OSError):
        return None


def _behind(ends: Mapping[tuple[str, int], int], offsets: Mapping[tuple[str, int], int]) -> int:
    return sum(max(0, ends.get(place, offset) - offset) for place, offset in offsets.items())


def _troubles(seen: Observation, following: list[Following]) -> Iterator[Trouble]:
    still = now() - timedelta(seconds=STILL_SECONDS)
    if seen.looked_at < still:
        yield Trouble(code=TroubleCode.NOT_LOOKED)
    if any(one.behind is None for one in following):
        yield Trouble(code=TroubleCode.KAFKA_AWAY)
    for one in following:
        if one.behind and one.moved_at and one.moved_at < still:
            yield Trouble(code=TroubleCode.STANDS_STILL, of=one.consumer, number=one.behind)
    yield from _of_events(seen.view)
    yield from _of_work(seen.view.work)


def _of_events(view: View) -> Iterator[Trouble]:
    if view.oldest and (view.oldest[1] or 0) > OLD_SECONDS:
        yield Trouble(code=TroubleCode.OUTBOX_LATE, number=view.outbox_depth)
    if parked := sum(group.records for group in view.parked):
        yield Trouble(code=TroubleCode.PARKED, number=parked)
    for compared in view.compared:
        if compared.differences:
            yield Trouble(code=TroubleCode.DIFFERS, of=compared.projection, number=compared.differences)
    if missing := sum(count.missing for count in view.missing):
        yield Trouble(code=TroubleCode.MISSING, number=missing)


def _of_work(kinds: Sequence[WorkOfKind]) -> Iterator[Trouble]:
    for work in kinds:
        if work.given_up:
            yield Trouble(code=TroubleCode.GIVEN_UP, of=work.kind, number=work.given_up)
        if work.due_seconds > OVERDUE_SECONDS:
            yield Trouble(code=TroubleCode.OVERDUE, of=work.kind, number=work.open)
