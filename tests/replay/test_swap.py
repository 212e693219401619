"""A rebuilt projection takes the live one's place whole or not at all, and nothing is lost meanwhile."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from tests.replay.conftest import Platform, served
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("volunteers")
TABLES = ("ledger_entry", "volunteer_hours", "known_volunteer", "contact")
CATALOGUE = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text, c.reloptions::text, c.relpersistence,
           pg_get_userbyid(c.relowner) AS owner,
           (SELECT array_agg((attname, format_type(atttypid, atttypmod), attnotnull, attstorage,
                              pg_get_expr(adbin, adrelid))::text ORDER BY attnum)
            FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = c.oid AND attnum > 0) AS columns,
           (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname)
            FROM pg_constraint WHERE conrelid = c.oid) AS constraints,
           (SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid::regclass::text)
            FROM pg_index WHERE indrelid = c.oid) AS indexes,
           (SELECT array_agg(pg_get_triggerdef(oid) ORDER BY tgname)
            FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers,
           (SELECT array_agg(p::text ORDER BY policyname) FROM pg_policies p
            WHERE schemaname = 'public' AND tablename = c.relname) AS policies
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:tables) ORDER BY 1
"""
DRIFT = "UPDATE volunteer_hours SET minutes = minutes + 7 WHERE volunteer_id = '{}'"


async def catalogue(platform: Platform, service: str) -> list[Any]:
    return await platform.rows(service, CATALOGUE, tables=list(TABLES))


async def leftovers(platform: Platform) -> int:
    [row] = await platform.rows("assessment", "SELECT count(*) FROM pg_namespace WHERE nspname = 'shadow'")
    return int(row[0])


async def drift(platform: Platform, volunteer: UUID) -> None:
    async with platform.workers["assessment"].transaction() as tx:
        await tx.exec_driver_sql(DRIFT.format(volunteer))


@pytest.mark.parametrize(
    ("service", "projection"), [("assessment", "ledger"), ("activities", "volunteers"), ("notifications", "contacts")]
)
async def test_the_tables_in_place_are_made_as_the_ones_before(
    platform: Platform, service: str, projection: str
) -> None:
    before = await catalogue(platform, service)
    assert before
    code, output = await platform.linbang(service, "replay", projection, "--swap", "--by", "somebody")
    assert code == 0, output
    assert await catalogue(platform, service) == before
    [event] = await platform.rows(
        service, "SELECT data, caused_by FROM event_log WHERE type LIKE '%.ProjectionSwapped.v1' ORDER BY position DESC"
    )
    assert event.caused_by == "operator:somebody"
    assert event.data["projection"] == projection


@pytest.mark.row(61)
async def test_a_drift_is_gone_after_a_swap_and_what_came_in_meanwhile_is_there(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    await drift(platform, volunteers[3])
    async with platform.live():
        over = asyncio.Event()

        async def flow() -> None:
            while not over.is_set():
                await platform.append("activities", *(served(volunteer, 20) for volunteer in volunteers[:20]))
                await asyncio.sleep(0.04)

        writing = asyncio.create_task(flow())
        try:
            code, output = await platform.linbang("assessment", "replay", "ledger", "--swap")
        finally:
            over.set()
            await writing
        assert code == 0, output
        assert "minutes is" in output
        await platform.settle()
    code, output = await platform.linbang("assessment", "replay", "ledger")
    assert code == 0, output
    logged = await platform.rows("activities", "SELECT count(*) FROM event_log WHERE type LIKE '%.ServiceLogged.v1'")
    credited = await platform.rows("assessment", "SELECT count(*) FROM ledger_entry WHERE kind = 'credit'")
    assert credited == logged


@pytest.mark.parametrize("place", ["replay.before_swap", "replay.within_swap"])
async def test_a_swap_killed_anywhere_leaves_the_live_tables_and_the_next_one_clears_up(
    platform: Platform, volunteers: Sequence[UUID], place: str
) -> None:
    await drift(platform, volunteers[4])
    before = await catalogue(platform, "assessment")
    hours = await platform.rows("assessment", "SELECT * FROM volunteer_hours ORDER BY 1, 2")
    code, output = await platform.linbang("assessment", "replay", "ledger", "--swap", FAILPOINT=f"{place}:kill9")
    assert code == -signal.SIGKILL, output
    await eventually(lambda: _unlocked(platform))
    assert await catalogue(platform, "assessment") == before
    assert await platform.rows("assessment", "SELECT * FROM volunteer_hours ORDER BY 1, 2") == hours
    code, output = await platform.linbang("assessment", "replay", "ledger", "--swap")
    assert code == 0, output
    assert not await leftovers(platform)
    code, output = await platform.linbang("assessment", "replay", "ledger")
    assert code == 0, output


async def test_a_swap_that_is_cancelled_leaves_nothing(platform: Platform) -> None:
    before = await catalogue(platform, "assessment")
    async with platform.workers["assessment"].transaction() as busy:
        await busy.exec_driver_sql("LOCK TABLE inbox IN ROW EXCLUSIVE MODE")  # so it cannot end before the signal
        process = platform.start("assessment", "replay", "ledger", "--swap")
        await eventually(lambda: leftovers(platform))  # it has begun
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait)
    assert process.returncode != 0
    assert await catalogue(platform, "assessment") == before
    assert not await leftovers(platform)


async def test_one_replay_of_a_service_at_a_time(platform: Platform) -> None:
    async with platform.workers["assessment"].engine.connect() as other:
        await other.exec_driver_sql("SELECT pg_advisory_lock(hashtextextended('replay', 0))")
        code, output = await platform.linbang("assessment", "replay", "ledger")
        await other.exec_driver_sql("SELECT pg_advisory_unlock(hashtextextended('replay', 0))")
    assert code == 2
    assert "another replay" in output


@pytest.mark.parametrize(
    "arguments",
    [("imports",), ("awards",), ("ledger", "--until", "2026-01-01"), ("ledger", "--district", "510115")],
)
async def test_what_cannot_be_swapped_is_refused(platform: Platform, arguments: Sequence[str]) -> None:
    code, _ = await platform.linbang("assessment", "replay", *arguments, "--swap")
    assert code == 2


async def _unlocked(platform: Platform) -> bool:
    [row] = await platform.rows(
        "assessment",
        "SELECT NOT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
        "WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.pid <> pg_backend_pid())",
    )
    return bool(row[0])
