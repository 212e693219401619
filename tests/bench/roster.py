"""The roster of the sample district: upload, check, encrypt, write, publish one event each."""

import time
from contextlib import ExitStack

import asyncpg

from services.registry.people.roster_import import COLUMNS
from shared.imports.columns import Columns
from shared.imports.reading import ImportFile
from tests.bench import system
from tests.bench.figure import Figure
from tests.bench.setting import Setting
from tests.bench.system import ROSTER

NAME = "roster"


async def measure(setting: Setting) -> list[Figure]:
    """From the upload until the import is completed, which it is once Kafka has acknowledged the last event."""
    with ExitStack() as stack:
        platform = await system.start(setting, stack, "registry")
        await platform.open_district()
        async with setting.watched():
            end = await platform.load("registry", "roster", ROSTER)
        seconds = setting.seconds
    work = f"roster import, {end.total:,} rows, encrypted, one event each (limit: COPY of the same rows)"
    return [Figure(work, seconds, "s", await _copy(setting), 10)]


async def _copy(setting: Setting) -> float:
    """Return the seconds that COPY takes for the rows as they are in the file."""
    fields = list(COLUMNS.values())
    rows = [
        [row.values[field] for field in fields]
        for row in ImportFile(lambda: ROSTER.open("rb"), Columns(COLUMNS)).rows()
    ]
    connection = await asyncpg.connect((await setting.database("registry")).owner)
    await connection.execute(f"CREATE TABLE copied ({', '.join(f'{field} text' for field in fields)})")
    started = time.monotonic()
    await connection.copy_records_to_table("copied", records=rows, columns=fields)
    seconds = time.monotonic() - started
    await connection.close()
    return seconds
