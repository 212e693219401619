"""PostgreSQL has no room or no connection left: commands fail closed with 503, and go through once there is some."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.fault.case import Case
from tests.fault.model import Traffic, World
from tests.fault.system import REQUEST_SECONDS, System
from tests.support.eventually import eventually

DISK = "256m"
LONGER_THAN_THE_POOL_WAITS = 20.0


async def test_f24_disk_full(case: Case) -> None:
    """the disk under PostgreSQL's event log is full, then has room again"""
    world = await case.world()
    async with log_on_small_disk(case.system) as disk, Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        ballast = fill(disk)
        await eventually(lambda: was_refused(world))
        ballast.unlink()
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f24_no_connection_granted(case: Case) -> None:
    """PostgreSQL grants the API no connection (its limit is reached), and ends those it has; then grants them again"""
    world, system = await case.world(), case.system
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        await system.execute("activities", "ALTER ROLE activities_api CONNECTION LIMIT 0")
        await system.execute(
            "activities", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'activities_api'"
        )
        await eventually(lambda: was_refused(world))
        await system.execute("activities", "ALTER ROLE activities_api CONNECTION LIMIT -1")
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f24_pool_exhausted(case: Case) -> None:
    """every connection of an API's pool is held up by a lock; who waits too long for one is told; then the lock goes"""
    world, system = await case.world(), case.system
    present = [(district, *each) for district in world.districts for each in await world.attend(district)]
    case.rng.shuffle(present)
    world.addresses = world.addresses[:1]
    system.http.timeout = httpx.Timeout(LONGER_THAN_THE_POOL_WAITS)
    lock = await system.connect("activities")
    try:
        await lock.execute("BEGIN; LOCK TABLE sign_up IN ACCESS EXCLUSIVE MODE")
        leaving = [asyncio.create_task(world.check_out(*each, patience=60)) for each in present]
        await eventually(lambda: was_refused(world))
    finally:
        await lock.close()
        system.http.timeout = httpx.Timeout(REQUEST_SECONDS)
    assert all(op.outcome == "ok" for op in await asyncio.gather(*leaving))
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def was_refused(world: World) -> bool:
    """Whether a request was answered that the service is unavailable: not done, and to be asked again."""
    return world.unavailable > 0


@asynccontextmanager
async def log_on_small_disk(system: System) -> AsyncIterator[Path]:
    """Keep activities' event log on a small file system of its own for a while; give where that is."""
    with small_disk(system.postgres.data) as disk:
        await system.execute("activities", f"CREATE TABLESPACE small LOCATION '{disk / 'table'}'")
        await system.execute("activities", "ALTER TABLE event_log SET TABLESPACE small")
        yield disk
        await system.execute("activities", "ALTER TABLE event_log SET TABLESPACE pg_default")
        await system.execute("activities", "DROP TABLESPACE small")


@contextmanager
def small_disk(data: Path) -> Iterator[Path]:
    """Mount a small file system beside PostgreSQL's data, with a directory ``table`` on it that its account owns."""
    disk = data.with_name("small-disk")
    disk.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0755", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("a full disk needs a file system of its own, and mounting one needs root")
        try:
            table = disk / "table"
            table.mkdir(mode=0o700)
            os.chown(table, data.stat().st_uid, data.stat().st_gid)
            yield disk
        finally:
            subprocess.run(["umount", "-l", disk], check=True)
    finally:
        disk.rmdir()


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; return the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast
