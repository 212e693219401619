"""What the observer shows is what the database holds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.contracts.received import StateRecord
from shared.messaging.observer import Observer
from shared.store.engine import Store
from shared.store.event_log import append, new_id, now, put_state
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.support.infrastructure import ServiceDatabase
from tests.support.tally import DISTRICT, service_logged

HOUR = timedelta(hours=1)


@dataclass
class Watched:
    """A service's database, and the observer that looks at it as the worker role."""

    owner: Store
    worker: Store
    observer: Observer

    async def execute(self, statement: str, **values: object) -> None:
        async with self.worker.transaction() as tx:
            await tx.execute(text(statement), values)

    async def shows(self, name: str, **labels: str) -> float | None:
        await self.observer.look()
        return REGISTRY.get_sample_value(name, labels)


@pytest.fixture
async def watched(service_database: ServiceDatabase) -> AsyncIterator[Watched]:
    urls = await service_database("assessment")
    owner, worker = Store(urls.owner), Store(urls.worker)
    async with owner.transaction() as tx:
        await tx.execute(
            text("TRUNCATE outbox, dead_letter, consumer_offset, projection_comparison, missing_event_count, work")
        )
    yield Watched(owner, worker, Observer(worker))
    await owner.close()
    await worker.close()


async def test_the_oldest_event_of_the_outbox_has_the_age_of_its_time(watched: Watched) -> None:
    assert await watched.shows("outbox_oldest_seconds") == 0
    async with watched.worker.transaction() as tx:
        await append(tx, [service_logged(new_id())])
    age = await watched.shows("outbox_oldest_seconds")
    assert age is not None
    assert 0 < age < HOUR.total_seconds()


async def test_a_raw_record_of_the_outbox_ages_from_when_it_was_first_seen(watched: Watched) -> None:
    async with watched.worker.transaction() as tx:
        await put_state(tx, "registry.contact", [StateRecord(DISTRICT, "key", b"sealed")])
    first, second = [await watched.shows("outbox_oldest_seconds") for _ in range(2)]
    assert first is not None
    assert second is not None
    assert 0 <= first < second


async def test_parked_records_are_counted_by_reason_and_what_is_settled_is_no_longer_shown(watched: Watched) -> None:
    for offset, (reason, hours) in enumerate([("undecodable", 3), ("undecodable", 1), ("behind_parked", 2)]):
        await watched.execute(
            """
            INSERT INTO dead_letter (id, consumer, topic, partition, "offset", headers, reason, message, parked_at)
            VALUES (:id, 'assessment', 't', 0, :offset, '[]', :reason, '', clock_timestamp() - CAST(:age AS interval))
            """,
            id=new_id(),
            offset=offset,
            reason=reason,
            age=hours * HOUR,
        )
    assert await watched.shows("dead_letters", consumer="assessment", reason="undecodable") == 2
    assert await watched.shows("dead_letters", consumer="assessment", reason="behind_parked") == 1
    oldest = await watched.shows("dead_letter_oldest_seconds", consumer="assessment")
    assert oldest == pytest.approx(3 * HOUR.total_seconds(), rel=0.05)
    await watched.execute(
        "UPDATE dead_letter SET state = 'redriven', settled_at = clock_timestamp(), settled_by = 'operator:test' "
        "WHERE reason = 'behind_parked'"
    )
    assert await watched.shows("dead_letters", consumer="assessment", reason="behind_parked") is None


async def test_the_position_of_each_partition_is_what_the_database_says(watched: Watched) -> None:
    await watched.execute("INSERT INTO consumer_offset VALUES ('assessment', 'registry.team', 0, 42)")
    labels = {"consumer": "assessment", "topic": "registry.team", "partition": "0"}
    assert await watched.shows("consumer_committed_offset", **labels) == 42


async def compared(watched: Watched, *, hours_ago: int, differences: int, district: str | None = None) -> None:
    await watched.execute(
        """
        INSERT INTO projection_comparison (projection, compared_at, rows, differences, position, district)
        VALUES ('ledger', :at, 100, :differences, :position, :district)
        """,
        at=datetime.now(UTC) - hours_ago * HOUR,
        differences=differences,
        position=1000 - hours_ago,
        district=district,
    )


async def test_a_projection_drifts_by_what_its_newest_full_comparison_found(watched: Watched) -> None:
    await compared(watched, hours_ago=30, differences=5)
    await compared(watched, hours_ago=6, differences=0)
    assert await watched.shows("projection_drift", projection="ledger") == 0
    assert await watched.shows("projection_position", projection="ledger") == 994
    at = await watched.shows("projection_compared_timestamp_seconds", projection="ledger")
    assert at == pytest.approx((datetime.now(UTC) - 6 * HOUR).timestamp(), abs=600)


async def test_a_district_compared_on_its_own_adds_to_the_drift_and_hides_none(watched: Watched) -> None:
    await compared(watched, hours_ago=6, differences=1)
    await compared(watched, hours_ago=2, differences=3, district=DISTRICT)
    await compared(watched, hours_ago=1, differences=0, district=DISTRICT)
    assert await watched.shows("projection_drift", projection="ledger") == 3


async def test_a_transaction_that_holds_vacuum_back_is_seen_whoever_runs_it(watched: Watched) -> None:
    assert await watched.shows("pg_oldest_xmin_seconds") == 0
    async with watched.owner.transaction() as tx:
        await tx.execute(text("SELECT pg_current_xact_id()"))
        first, second = [await watched.shows("pg_oldest_xmin_seconds") for _ in range(2)]
    assert first is not None
    assert second is not None
    assert 0 < first < second


async def test_the_worker_learns_that_number_and_nothing_else_of_other_sessions(watched: Watched) -> None:
    async with watched.owner.transaction(DISTRICT) as own, watched.worker.transaction() as tx:
        await own.execute(text("SELECT 1"))
        seen = await tx.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE usename LIKE '%_owner' AND query_start IS NOT NULL")
        )
    assert seen == 0


async def test_open_due_and_given_up_work_is_shown_by_kind(watched: Watched) -> None:
    async with watched.worker.transaction() as tx:
        due, later = (NewWork(district=DISTRICT, kind="mail", due_at=now() + hours) for hours in (-HOUR, HOUR))
        await schedule(tx, [due, later, NewWork(district=DISTRICT, kind="import")])
    await watched.execute("UPDATE work SET state = 'given_up' WHERE kind = 'import'")
    assert await watched.shows("work_open", kind="mail") == 2
    assert await watched.shows("work_given_up", kind="mail") == 0
    assert await watched.shows("work_open", kind="import") == 0
    assert await watched.shows("work_given_up", kind="import") == 1
    assert 3600 <= (await watched.shows("work_due_seconds", kind="mail") or 0) < 3700
    assert await watched.shows("work_due_seconds", kind="import") == 0
    lease = "clock_timestamp() + interval '1 min'"
    await watched.execute(f"UPDATE work SET claimed_at = due_at, lease_until = {lease} WHERE id = :id", id=due.id)
    assert await watched.shows("work_due_seconds", kind="mail") == 0
