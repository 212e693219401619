"""Past service records from a file: every line its verdict, nothing lost or doubled, exact against check-outs."""

import asyncio
import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text

from deploy.local.process import free_port
from services.activities.records.record_import import COLUMNS, SERVICE_RECORDS, finish_import, import_chunk
from shared.contracts.envelope import headers, read_attributes
from shared.contracts.received import Received
from shared.imports.job import ImportJob
from shared.imports.rows import Row, Verdict
from shared.messaging.consumer import Consumer
from shared.messaging.positions import Positions
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.store.event_log import new_id
from tests.integration.activities.conftest import (
    DISTRICT,
    FILE_KEY,
    STATION,
    Account,
    Activities,
    environment,
    in_turn,
    opened,
    registered,
)
from tests.support.eventually import eventually, running
from tests.support.forked import Program
from tests.support.importing import importing
from tests.support.services import reactions

FIELDS = list(COLUMNS.values())
START = datetime(2025, 3, 1, tzinfo=UTC)


def line(number: int, **changes: str) -> dict[str, str]:
    """Return a good line: volunteer ``V<number>`` for the hour that starts ``number`` hours on."""
    start = START + timedelta(hours=number)
    return {
        "record_no": f"SR{number:06d}",
        "volunteer_no": f"V{number}",
        "station_code": STATION,
        "activity": "文化活动",
        "service": "culture",
        "started_at": start.isoformat(),
        "ended_at": (start + timedelta(hours=1)).isoformat(),
        "minutes": "60",
        "recipient_rating": "5",
        **changes,
    }


def file_of(lines: Sequence[dict[str, str]], header: Sequence[str] = FIELDS) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([values[field] for field in FIELDS] for values in lines)
    return out.getvalue().encode()


async def take_in(
    activities: Activities,
    lines: Sequence[dict[str, str]],
    import_id: UUID | None = None,
    *,
    first: int = 2,
    dry_run: bool = False,
) -> list[Verdict]:
    """Take lines in as one chunk of an import, which begins at the line ``first``."""
    job = ImportJob(import_id or new_id(), DISTRICT, "service-records", "account:test", dry_run)
    rows = [Row(number, values) for number, values in enumerate(lines, start=first)]
    async with activities.worker.transaction() as tx:
        return await import_chunk(tx, job, rows)


def told(verdicts: Sequence[Verdict]) -> list[tuple[str, str, str]]:
    return [(verdict.outcome.value, verdict.field, verdict.code) for verdict in verdicts]


ACCEPTED, UNCHANGED = ("accepted", "", ""), ("unchanged", "", "")


async def test_every_fault_has_its_line_field_and_code(activities: Activities) -> None:
    await activities.know_volunteers(9)
    await activities.know_station()
    verdicts = await take_in(
        activities,
        [
            line(1),
            line(2, volunteer_no="V999"),
            line(3, station_code="STA-99"),
            line(4, ended_at=START.isoformat()),
            line(5, started_at="2999-01-01T08:00:00+08:00", ended_at="2999-01-01T09:00:00+08:00"),
            line(6, minutes="61"),
            line(1, record_no="SR7"),
            line(1, recipient_rating="1"),
            line(1),
            line(8, minutes=" 60"),
            line(9, service="dancing"),
        ],
    )
    assert [verdict.line for verdict in verdicts] == list(range(2, 13))
    assert told(verdicts) == [
        ACCEPTED,
        ("rejected", "volunteer_no", "unknown_reference"),
        ("rejected", "station_code", "unknown_reference"),
        ("rejected", "ended_at", "end_before_start"),
        ("rejected", "started_at", "in_future"),
        ("rejected", "minutes", "disagrees_with_times"),
        ("rejected", "started_at", "overlap"),
        ("rejected", "record_no", "already_recorded"),
        UNCHANGED,
        ("normalised", "", ""),
        ("rejected", "service", "unknown_value"),
    ]
    events = await activities.events("ServiceLogged")
    assert [event["record_no"] for event in events] == ["SR000001", "SR000008"]
    assert {event["provenance"] for event in events} == {"import"}
    assert len({event["import_id"] for event in events}) == 1


async def test_a_file_again_changes_nothing_even_after_a_correction(activities: Activities) -> None:
    await activities.know_volunteers(50)
    await activities.know_station()
    lines = [line(number) for number in range(1, 51)]
    assert Counter(told(await take_in(activities, lines))) == {ACCEPTED: 50}
    (record,) = await activities.rows("SELECT id FROM service_record WHERE record_no = 'SR000001'")
    correction = {"minutes": 30, "reason": "记错了"}
    path = f"/v1/service-records/{record.id}/corrections"
    assert (await activities.manager.send("POST", path, json=correction, headers={"If-Match": "1"})).status_code == 201
    assert Counter(told(await take_in(activities, lines))) == {UNCHANGED: 50}
    changed = await take_in(activities, [line(2, activity="别的活动"), line(3, volunteer_no="V4")])
    assert told(changed) == [("rejected", "record_no", "already_recorded")] * 2
    assert len(await activities.events("ServiceLogged")) == 50


async def test_the_end_tells_how_much_came_in_even_where_it_is_nothing(activities: Activities) -> None:
    await activities.know_volunteers(3)
    await activities.know_station()
    job = ImportJob(new_id(), DISTRICT, "service-records", "account:test")
    empty = ImportJob(new_id(), DISTRICT, "service-records", "account:test")
    await take_in(activities, [line(1), line(2, minutes="61")], job.id)
    await take_in(activities, [line(3)], job.id)
    async with activities.worker.transaction() as tx:
        await finish_import(tx, job)
        await finish_import(tx, empty)
    imported = await activities.events("ServiceRecordsImported")
    assert [(event["import_id"], event["records"], event["minutes"]) for event in imported] == [
        (str(job.id), 2, 120),
        (str(empty.id), 0, 0),
    ]


async def attending(activities: Activities, volunteer: Account, since: timedelta) -> str:
    """Have a volunteer attend a shift that began as long ago; return the sign-up's id."""
    shift_id = await activities.shift()
    (answer,) = await in_turn([volunteer], f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, -since)
    await activities.check_in(volunteer, shift_id)
    async with activities.stores[0].transaction(DISTRICT) as tx:
        await tx.execute(
            text("UPDATE sign_up SET checked_in_at = checked_in_at - CAST(:ago AS interval)"), {"ago": since}
        )
    return str(answer["sign_up_id"])


def just_now(number: int, *, ago: timedelta, minutes: int) -> dict[str, str]:
    """Return a line for a session that ended this long ago."""
    end = datetime.now(UTC).replace(microsecond=0) - ago
    start = end - timedelta(minutes=minutes)
    return line(number, started_at=start.isoformat(), ended_at=end.isoformat(), minutes=str(minutes))


async def test_an_attendance_that_is_still_on_is_a_session_too(activities: Activities) -> None:
    (volunteer_id,) = await activities.know_volunteers(1)
    await activities.know_station()
    await attending(activities, activities.volunteer(volunteer_id), timedelta(hours=1))
    minute = timedelta(minutes=1)
    assert told(await take_in(activities, [just_now(1, ago=minute, minutes=30)])) == [
        ("rejected", "started_at", "overlap")
    ]
    assert told(await take_in(activities, [just_now(1, ago=70 * minute, minutes=30)])) == [ACCEPTED]


async def test_a_check_out_waits_for_a_chunk_and_sees_its_records(activities: Activities) -> None:
    volunteer_id, other_id = await activities.know_volunteers(2)
    await activities.know_station()
    volunteer = activities.volunteer(volunteer_id)
    sign_up_id = await attending(activities, volunteer, timedelta(hours=1))
    job = ImportJob(new_id(), DISTRICT, "service-records", "account:test")
    async with activities.worker.transaction() as tx:
        await import_chunk(tx, job, [Row(2, just_now(2, ago=timedelta(minutes=1), minutes=30))])
        checking_out = asyncio.create_task(volunteer.send("POST", "/v1/check-outs", json={"sign_up_id": sign_up_id}))

        async def it_waits() -> bool:
            return bool(await activities.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))

        await eventually(it_waits)
        assert not checking_out.done()
    response = await checking_out
    assert response.status_code == 200
    assert response.json()["minutes"] == 60
    assert str(other_id) in {event["volunteer_id"] for event in await activities.events("ServiceLogged")}


async def publish(activities: Activities, events: Sequence[Received[Any]]) -> None:
    """Publish events as registry's relay does."""
    producer = AIOKafkaProducer(bootstrap_servers=activities.servers)
    await producer.start()
    for event in events:
        await producer.send(
            activities.prefix + event.data.topic,
            value=event.data.model_dump_json().encode(),
            key=event.attributes.subject.encode(),
            headers=headers(event.attributes),
        )
    await producer.stop()


async def test_a_dry_run_gives_the_verdicts_of_the_import_and_leaves_nothing(activities: Activities) -> None:
    await activities.know_volunteers(5)
    await activities.know_station()
    await take_in(activities, [line(1), line(2)])
    before = await everything(activities)
    first = [line(1), line(2, minutes="61"), line(3), line(3, record_no="SR9", started_at=line(3)["started_at"])]
    second = [line(3), line(3, record_no="SR10"), line(4), line(3, recipient_rating="1"), line(99)]
    trial = new_id()
    verdicts = await take_in(activities, first, trial, dry_run=True)
    verdicts += await take_in(activities, second, trial, first=6, dry_run=True)
    job = ImportJob(trial, DISTRICT, "service-records", "account:test", dry_run=True)
    async with activities.worker.transaction() as tx:
        await finish_import(tx, job)
    assert await everything(activities) == before

    really = new_id()
    assert verdicts == [
        *await take_in(activities, first, really),
        *await take_in(activities, second, really, first=6),
    ]
    assert [verdict.code for verdict in verdicts] == [
        "", "disagrees_with_times", "", "overlap", "", "overlap", "", "already_recorded", "unknown_reference",
    ]  # fmt: skip


async def everything(activities: Activities) -> list[int]:
    """Return how much is on file, told, and kept aside."""
    tables = ("service_record", "event_log", "outbox", "record_import", "trial_record")
    counts = await activities.rows("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
    return list(counts[0])


async def upload_and_follow(activities: Activities, content: bytes, query: str = "") -> dict[str, Any]:
    """Upload a file, have it imported, and return its end."""
    upload = await activities.manager.send("POST", f"/v1/imports/service-records{query}", content=content)
    assert upload.status_code == 202, upload.text
    kinds = {"service-records": replace(SERVICE_RECORDS, needs=())}
    async with running(importing(activities.worker, kinds, FILE_KEY).run):
        return await follow(activities.manager, upload.headers["Location"])


async def test_c8_two_stray_quotes_put_no_hour_on_another_persons_record(activities: Activities) -> None:
    await activities.know_volunteers(3)
    await activities.know_station()
    rows = [line(1, activity='"清扫'), line(2, activity='"读书'), line(3, activity='"学雷锋"志愿服务')]
    content = "\n".join([",".join(FIELDS), *(",".join(row.values()) for row in rows)]).encode()
    status = await upload_and_follow(activities, content)
    assert status["state"] == "failed"
    (fault,) = status["faults"]
    assert fault["code"] == "open_quote"
    assert "第 2 行的引号" in fault["message_zh"]
    assert "line 2" in fault["message_en"]
    assert not await activities.rows("SELECT 1 FROM service_record")


async def test_a_dry_run_goes_all_the_way_and_publishes_nothing(activities: Activities) -> None:
    await activities.know_volunteers(2)
    await activities.know_station()
    before = await everything(activities)
    status = await upload_and_follow(activities, file_of([line(1), line(2), line(3)]), "?dry_run=true")
    counts = [status[name] for name in ("state", "dry_run", "accepted", "changed", "rejected")]
    assert counts == ["completed", True, 2, 0, 1]
    assert await everything(activities) == before


async def follow(manager: Account, location: str) -> dict[str, Any]:
    async def ended() -> dict[str, Any] | None:
        status: dict[str, Any] = await manager.get(location)
        return status if status["state"] in ("completed", "failed") else None

    return await eventually(ended) or {}


@pytest.mark.usefixtures("kafka")
async def test_an_upload_goes_all_the_way_and_waits_for_what_registry_has_told(activities: Activities) -> None:
    volunteers = [registered(new_id(), f"V{number}") for number in range(1, 301)]
    await publish(activities, [*volunteers, opened(new_id(), STATION)])
    lines = [line(number) for number in range(1, 301)] + [line(301)]
    chinese = file_of(lines, list(COLUMNS)).decode().encode("gb18030")
    manager = activities.manager
    upload = await manager.send("POST", "/v1/imports/service-records", content=chinese, key="k1")
    assert upload.status_code == 202, upload.text
    positions = Positions("activities", KafkaServers(activities.servers), activities.prefix)
    importer = importing(activities.worker, {"service-records": SERVICE_RECORDS}, FILE_KEY, positions)
    relay = Relay(activities.worker, KafkaServers(activities.servers), activities.prefix)
    consumer = Consumer(reactions("activities"), activities.worker, KafkaServers(activities.servers), activities.prefix)
    async with running(importer.run), running(relay.run), running(consumer.run):
        status = await follow(manager, upload.headers["Location"])
    assert (status["state"], status["accepted"], status["rejected"]) == ("completed", 300, 1)
    report = await manager.send("GET", f"{upload.headers['Location']}/report.csv?only=rejected")
    rows = list(csv.DictReader(io.StringIO(report.text.removeprefix("\ufeff"))))
    assert [(row["line"], row["field"], row["code"]) for row in rows] == [("302", "volunteer_no", "unknown_reference")]
    assert (await manager.send("POST", "/v1/imports/service-records", content=b"x", key="k1")).status_code == 422
    await assert_published(activities, records=300, minutes=18000)


async def assert_published(activities: Activities, *, records: int, minutes: int) -> None:
    """Every record's event is on Kafka (a killed relay sends some again), and one closing event with the sums."""
    consumer = AIOKafkaConsumer(
        activities.prefix + "activities.service-record",
        bootstrap_servers=activities.servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    found: dict[UUID, tuple[str, bytes]] = {}
    while len(found) < records + 1:
        batches = await consumer.getmany(timeout_ms=10_000)
        assert batches, f"only {len(found)} events were published"
        for record in (record for batch in batches.values() for record in batch):
            attributes = read_attributes(record.headers)
            found[attributes.id] = (attributes.type.split(".")[3], record.value)
    await consumer.stop()
    assert Counter(name for name, _ in found.values()) == {"ServiceLogged": records, "ServiceRecordsImported": 1}
    (closing,) = (json.loads(value) for name, value in found.values() if name == "ServiceRecordsImported")
    assert (closing["records"], closing["minutes"]) == (records, minutes)


_SMALL_CHUNKS = """
from dataclasses import replace
from services.activities.app import service
from shared.service.run import main
composed = service()
small = {name: replace(kind, chunk_rows=100) for name, kind in composed.imports.items()}
parts = [replace(part, imports=lambda _, part=part: small if part.imports(_) else {}) for part in composed.parts]
main(lambda: replace(composed, parts=parts))
"""


def run_workers(activities: Activities, failpoint: str) -> Program:
    """Run the service's workers in a process of their own, with chunks of 100 lines."""
    settings = environment(activities.urls, activities.servers, activities.prefix)
    settings |= {"ACTIVITIES_PORT": str(free_port()), "FAILPOINT": failpoint}
    return Program(["-c", _SMALL_CHUNKS, "worker", "relay", "consumer"], {**os.environ, **settings})


@pytest.mark.usefixtures("kafka")
@pytest.mark.parametrize(
    ("failpoint", "done"),
    [
        ("import.before_commit:kill9@3", 200),
        ("import.after_chunk:kill9@3", 300),
        ("import.before_end:kill9", 500),
        ("work.after_claim:kill9", 0),
    ],
)
async def test_an_import_that_is_killed_is_resumed(activities: Activities, failpoint: str, done: int) -> None:
    await activities.know_volunteers(500)
    await activities.know_station()
    content = file_of([line(number) for number in range(1, 501)])
    manager = activities.manager
    upload = await manager.send("POST", "/v1/imports/service-records", content=content)
    killed = run_workers(activities, failpoint)
    assert await asyncio.to_thread(killed.wait, 60) == -9
    half_way = await manager.get(upload.headers["Location"])
    assert half_way["done"] == done

    resumed = run_workers(activities, "")
    try:
        status = await follow(manager, upload.headers["Location"])
    finally:
        resumed.terminate()
        await asyncio.to_thread(resumed.wait)
    assert (status["state"], status["done"], status["accepted"]) == ("completed", 500, 500)
    (sums,) = await activities.rows("SELECT count(*) AS records, sum(minutes) AS minutes FROM service_record")
    assert (sums.records, sums.minutes) == (500, 30000)
    await assert_published(activities, records=500, minutes=30000)
