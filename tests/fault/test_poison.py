"""Records that cannot be applied are parked alone and in order; a deployment that can apply none parks nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import httpx
from aiokafka import AIOKafkaProducer

from shared.contracts import ServiceCorrected
from shared.contracts.envelope import Attributes, headers
from shared.store.event_log import new_id
from tests.fault.case import Case
from tests.fault.operator import linbang
from tests.fault.system import Process, System
from tests.fault.test_consumer import CONSUMER, metric
from tests.support.eventually import eventually

TOPIC = "activities.service-record"
PARTITIONS = (0, 1, 2)
PLACES = ("first", "middle", "last")
NOBODYS = "000000"


async def test_f16_poison_in_a_batch(case: Case) -> None:
    """a record that nobody can apply, first, in the middle or last of a batch, in one of three partitions of it"""
    system, world = case.system, await case.world()
    before, place = await letters(system), case.rng.choice(PLACES)
    system[CONSUMER].kill9()
    sent: list[tuple[int, int, bytes]] = []
    for moment in PLACES:
        if moment == place:
            sent = [await send_poison(system, case.rng.choice(PARTITIONS), case.rng)]
        await world.log(100, case.rng)
        await eventually(lambda: is_published(system))
    await system.start(CONSUMER)
    await eventually(system.at_rest)
    found = (await letters(system))[len(before) :]
    assert [(row["partition"], row["offset"], row["value"]) for row in found] == sent
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def test_f17_all_poison_to_a_bad_deployment(case: Case) -> None:
    """a deployment that fails on every event: the limit stops it, nothing is parked or skipped; the good one goes on"""
    system, world = case.system, await case.world()
    before = await letters(system)
    system[CONSUMER].kill9()
    await world.log(400, case.rng)
    await eventually(lambda: is_published(system))
    bad = deploy_badly(system)
    await eventually(lambda: has_stopped(bad))
    assert not await bad._is_ready()
    [row] = await system.rows(
        "assessment", "SELECT count(*) AS entries FROM ledger_entry WHERE district = ANY($1::text[])", world.codes
    )
    assert row["entries"] == 0
    system.drop(bad.child.name)
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
    assert await letters(system) == before


async def test_f18_parked_key_with_more_behind_it_redriven(case: Case) -> None:
    """a record's correction cannot be applied, and more of it follow; the code is mended and the key redriven"""
    system, world = case.system, await case.world()
    district = world.districts[0]
    (volunteer, sign_up), *_ = await world.attend(district)
    record = (await world.check_out(district, volunteer, sign_up)).answer["record"]
    await eventually(system.at_rest)
    system[CONSUMER].kill9()
    bad = deploy_badly(system, record["id"])
    await bad.ready()
    corrections = case.rng.sample(range(1, 59), 4)
    for version, minutes in enumerate(corrections, start=1):
        await world.correct(district, record["id"], version, minutes)
        await world.log(20, case.rng)
    await eventually(system.at_rest)
    parked = [row for row in await letters(system) if row["key"] == record["id"].encode()]
    assert [row["reason"] for row in parked] == ["ValueError", *["behind_parked"] * 3]
    system.drop(bad.child.name)
    await system.start(CONSUMER)
    await world.log(20, case.rng)
    linbang(system, "assessment", "dead-letters", "redrive", "--key", record["id"], "--yes", "--by", "test")
    assert await versions_in_ledger(system, UUID(record["id"])) == [1, 2, 3, 4, 5]
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


def deploy_badly(system: System, record: str = "") -> Process:
    """Start assessment's consumer with code that fails on a record, or on all."""
    bad = system.add("assessment.bad", "consumer", BAD_RECORD=record)
    python, option, *service = bad.child.command
    bad.child.command = [python, option, "tests.fault.bad_deployment", *service]
    bad.start()
    return bad


async def has_stopped(process: Process) -> bool:
    try:
        return await metric(process, "consumer_stopped") == 1
    except httpx.TransportError:  # it only begins to listen
        return False


async def send_poison(system: System, partition: int, rng: Random) -> tuple[int, int, bytes]:
    """Put a record on a partition that no consumer can apply; return its partition, offset and bytes."""
    record_id = new_id()
    data = ServiceCorrected(record_id=record_id, volunteer_id=new_id(), minutes=1, previous_minutes=2, reason="核对")
    kind = rng.choice([data.event_type(), data.event_type().replace(".v1", ".v9")])  # of no record; of no known version
    attributes = Attributes(new_id(), kind, datetime.now(UTC), str(record_id), 1, NOBODYS)
    value = data.model_dump_json().encode()
    async with AIOKafkaProducer(bootstrap_servers=system.bootstrap_servers) as producer:
        sent = await producer.send_and_wait(
            system.prefix + TOPIC, value, str(record_id).encode(), partition, headers=headers(attributes)
        )
    return partition, sent.offset, value


async def is_published(system: System, service: str = "activities") -> bool:
    [row] = await system.rows(service, "SELECT count(*) AS waiting FROM outbox")
    return not row["waiting"]


async def letters(system: System) -> list[Any]:
    return await system.rows("assessment", 'SELECT * FROM dead_letter ORDER BY parked_at, partition, "offset"')


async def versions_in_ledger(system: System, record: UUID) -> list[int]:
    """Return the versions of a record in the order in which the ledger took them in."""
    rows = await system.rows(
        "assessment",
        "SELECT version FROM ledger_entry WHERE record_id = $1 AND kind <> 'reversal' ORDER BY recorded_at, version",
        record,
    )
    return [row["version"] for row in rows]
