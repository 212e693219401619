"""The relay, and a consumer's batch with nothing in it for the service."""
# ruff: noqa: F401, F811 - fixtures of another folder

from aiokafka import AIOKafkaProducer

from shared.messaging.relay import BATCH_BYTES
from shared.store.event_log import new_id
from tests.integration.activities.conftest import opened
from tests.integration.assessment.events import logged
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import consume, records_of
from tests.integration.messaging.conftest import Wire, database, outbox_is_empty, wire
from tests.support.cost import Cost, metered
from tests.support.tally import REACTIONS, publish, service_logged


async def test_relay(wire: Wire) -> None:
    relay = wire.relay()
    measured: dict[int, Cost] = {}
    producing = AIOKafkaProducer(bootstrap_servers=wire.servers, max_batch_size=BATCH_BYTES)
    async with producing as producer, wire.worker.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for size in (1, 2000):
            await publish(wire.api, *(service_logged(new_id()) for _ in range(size)))
            with metered(wire.worker) as cost:
                assert await relay._round(connection, producer) == size
            measured[size] = cost
    assert await outbox_is_empty(wire)
    assert_costs("relay: a round", measured)


async def test_events_for_others(wire: Wire) -> None:
    batches = [records_of([opened(new_id(), str(number)) for number in range(size)]) for size in (1, 400)]
    assert_costs(
        "consume: another service's events",
        {len(batch): await consume(wire.worker, REACTIONS, batch) for batch in batches},
    )


async def test_events_of_its_own(wire: Wire) -> None:
    batches = [records_of([logged(new_id()) for _ in range(size)]) for size in (1, 1000)]
    assert_costs(
        "consume: the tally of tests",
        {len(batch): await consume(wire.worker, REACTIONS, batch) for batch in batches},
    )
