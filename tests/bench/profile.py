"""Where time goes: the functions of a process by cProfile, the statements of PostgreSQL by pg_stat_statements.

``python -m tests.bench.profile FILE MODULE ARGUMENTS`` runs a module as ``python -m`` does and leaves its profile in
FILE. It counts CPU time, not waiting: the machine has fewer cores than the row has processes.
"""

import cProfile
import pstats
import re
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.paths import ROOT

FUNCTIONS, STATEMENTS = 12, 8
_PLACE = re.compile(r".*/(?:site-packages|lib/python3\.\d+)/")

_TOP = """
    SELECT total_exec_time / 1000 AS seconds, calls, rows, shared_blks_hit + shared_blks_read AS blocks,
           left(regexp_replace(query, '\\s+', ' ', 'g'), 100) AS query
    FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT $1
"""


def top_functions(file: Path) -> list[str]:
    """Return the functions of a cProfile file that took most time of their own, as a share of its CPU time."""
    stats: dict[tuple[str, int, str], Any] = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]
    own = {place: entry[2] for place, entry in stats.items()}
    busy = sum(own.values())
    top = sorted(own, key=own.__getitem__, reverse=True)[:FUNCTIONS]
    return [f"{own[place] / busy:6.1%}  {stats[place][0]:>9,} calls  {_name(place)}" for place in top]


def _name(place: tuple[str, int, str]) -> str:
    file, line, function = place
    if file == "~":
        return re.sub(r" at 0x[0-9a-f]+", "", function)
    return f"{_PLACE.sub('', file).removeprefix(f'{ROOT}/')}:{line} {function}"


async def load_statement_statistics(url: str) -> None:
    """Have the server load pg_stat_statements when it starts next."""
    await _execute(url, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")


async def follow_statements(url: str, *, on: bool) -> None:
    """Begin to note what is executed, forgetting what was, or stop noting it."""
    await _execute(
        url,
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
        f"ALTER SYSTEM SET pg_stat_statements.track = '{'top' if on else 'none'}'",
        "SELECT pg_reload_conf()",
        *["SELECT pg_stat_statements_reset()"] * on,
    )


async def top_statements(url: str) -> list[str]:
    """Return the statements that took most time while they were followed, in all databases."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(_TOP, STATEMENTS)
    await connection.close()
    return [
        f"{r['seconds']:7.2f} s  {r['calls']:>7,} calls  {r['rows']:>9,} rows  {r['blocks']:>11,} blocks  {r['query']}"
        for r in rows
    ]


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def _run(file: str, module: str, *arguments: str) -> None:
    profile = cProfile.Profile(time.process_time)
    sys.argv = [module, *arguments]
    try:
        profile.runcall(runpy.run_module, module, run_name="__main__", alter_sys=True)
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    _run(*sys.argv[1:])
