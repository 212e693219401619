"""A year of service records out of the event log into a shadow ledger, beside the same sum in SQL over the file.

As a program (``python -m tests.bench.replay``) it is the process that replays, as ``linbang assessment replay`` does.
"""

import asyncio
import csv
import gzip
import json
import os
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import asyncpg
import uvloop

from shared.messaging.replay.comparison import compare
from shared.messaging.replay.rebuild import Rebuild, shadow
from shared.messaging.replay.request import From, ReplayRequest, source_of
from shared.ops.garbage import collect_rarely
from shared.store.engine import Store
from tests.bench import system
from tests.bench.figure import Figure
from tests.bench.setting import Setting
from tests.bench.system import ROSTER, SERVICE_RECORDS, System
from tests.support.services import reactions

NAME = "replay"
_SUM = "SELECT volunteer, sum(minutes), count(*) FROM record GROUP BY volunteer"


async def measure(setting: Setting) -> list[Figure]:
    """Rebuild the ledger of a district that is at rest, and find it equal."""
    with ExitStack() as stack:
        platform = await system.start(setting, stack, "registry", "activities", "assessment")
        await platform.open_district()
        await platform.load("registry", "roster", ROSTER)
        end = await platform.load("activities", "service-records", SERVICE_RECORDS)
        await setting.until(partial(_credited, platform, end.id))
        setting.stop()
        limit = await _sum_over_file(platform.urls["assessment"].owner)
        urls = {
            f"{service}_WORKER_DATABASE_URL".upper(): platform.urls[service].worker
            for service in ("activities", "assessment")
        }
        async with setting.watched():
            setting.start("replay", "tests.bench.replay", **urls)
            result = await setting.result("replay")
    records = result["events"]
    work = f"replay of {records:,} service records into a shadow ledger (limit: the same sum in SQL over the file)"
    return [Figure(work, result["seconds"], "s", limit, 3)]


async def _credited(platform: System, import_id: str) -> bool:
    progress = await platform.get("assessment", f"/v1/imports/{import_id}/progress")
    return bool(progress["closed"])


async def _sum_over_file(url: str) -> float:
    """Return the seconds that it takes to copy volunteer and minutes out of the file into a table, and to add up."""
    started = time.monotonic()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TEMPORARY TABLE record (volunteer text, minutes int)")
    with gzip.open(SERVICE_RECORDS, "rt", encoding="utf-8") as file:
        rows = [(row["volunteer_no"], int(row["minutes"])) for row in csv.DictReader(file)]
    await connection.copy_records_to_table("record", records=rows)
    await connection.fetch(_SUM)
    await connection.close()
    return time.monotonic() - started


async def _replay() -> None:
    request = ReplayRequest("assessment", reactions("assessment").projections["ledger"], From.EVENT_LOG)
    store = Store(os.environ["ASSESSMENT_WORKER_DATABASE_URL"], pool_size=1)
    started = time.monotonic()
    async with shadow(store, request.rebuilt.projection) as tx:
        rebuild = Rebuild(tx, request.rebuilt, request.service)
        source = await source_of(request, tx)
        await source.count()
        await rebuild.run(source)
        seconds = time.monotonic() - started
        differing = sum(table.differing for table in await compare(tx, request.rebuilt.projection, "pg_temp", None))
    await store.close()
    if differing:
        raise AssertionError(f"{differing} rows differ")
    file = Path(os.environ["RESULT"])
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"events": rebuild.applied, "seconds": seconds}))
    new.rename(file)
    await asyncio.Event().wait()  # until stopped, so that the CPU time spent can still be read


if __name__ == "__main__":
    collect_rarely()
    uvloop.run(_replay())
