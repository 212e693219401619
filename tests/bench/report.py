"""The results: a table on the terminal, ``docs/performance.json``, and ``docs/performance.md`` made from it."""

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from deploy.local.jars import jars
from deploy.local.paths import ROOT
from tests.bench.figure import Figure

JSON, PAGE = ROOT / "docs" / "performance.json", ROOT / "docs" / "performance.md"
Entry = dict[str, Any]

_HEAD = """# Performance

Written by `make bench` from `docs/performance.json`; each figure stands beside a limit measured in the same run.
PostgreSQL and Kafka run on the same machine, fsync on; every service is a process of its own. Timings are never tested.

"""


async def machine(postgres_url: str) -> str:
    """Describe this machine, what it runs, and what keeps it busy besides where that is more than its cores."""
    kafka = next(jar.stem for jar in jars() if jar.stem.startswith("kafka_")).rpartition("-")[2]
    connection = await asyncpg.connect(postgres_url)
    postgres = await connection.fetchval("SHOW server_version")
    await connection.close()
    memory = psutil.virtual_memory().total / 2**30
    cores, load = psutil.cpu_count() or 1, psutil.getloadavg()[0]
    beside = f", beside a load of {load:.0f}" if load > cores else ""
    return (
        f"{cores} cores{beside}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, PostgreSQL {postgres}, Kafka {kafka}, "
        f"{datetime.now(UTC):%Y-%m-%d}"
    )


def entry(figure: Figure, machine: str, where: Sequence[str]) -> Entry:
    """Return a figure as it is kept; ``where`` its time goes is kept where the target is not reached."""
    return {
        "work": figure.work,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "limit": _rounded(figure.limit),
        "ratio": round(figure.ratio, 3),
        "target": _rounded(figure.target),
        "reached": figure.reached,
        "machine": machine,
    } | ({} if figure.reached else {"where": list(where)})


def write(entries: Sequence[Entry], *, keep: bool) -> None:
    """Write entries and make the page anew; ``keep`` those of other work that are there."""
    kept: dict[str, Entry] = {}
    if keep and JSON.exists():
        kept = {old["work"]: old for old in json.loads(JSON.read_text())}
    kept |= {new["work"]: new for new in entries}
    JSON.write_text(json.dumps(list(kept.values()), indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(list(kept.values())))


def page(entries: Sequence[Entry]) -> str:
    """Return the page that shows these entries."""
    lines = ["| work | value | limit | value / limit | target | reached |", "|---|---:|---:|---:|---:|---|"]
    lines += ["| " + " | ".join(_cells(found)) + " |" for found in entries]
    parts = [_HEAD + "\n".join(lines)]
    machines = dict.fromkeys(found["machine"] for found in entries)
    parts.append("\n".join(["Measured on:", "", *(f"- {name}" for name in machines)]))
    missed: dict[tuple[str, ...], list[Entry]] = {}
    for found in entries:
        if not found["reached"]:
            missed.setdefault(tuple(found["where"]), []).append(found)
    if missed:
        parts.append("## Where the time goes where a target is not reached")
    for where, group in missed.items():
        parts.append("\n".join(f"**{found['work']}**: {_distance(found)}." for found in group))
        parts.append("```\n" + "\n".join(where) + "\n```")
    return "\n\n".join(parts) + "\n"


def show(entries: Sequence[Entry], console: Console) -> None:
    """Print the table."""
    table = Table("work", "value", "limit", "value / limit", "target", "reached", title="Linbang: speed")
    for found in entries:
        table.add_row(*_cells(found), style=None if found["reached"] else "red")
    console.print(table)
    for found in entries:
        if not found["reached"]:
            console.print(f"[red]{found['work']}: {_distance(found)}[/red]")
            console.print(*found["where"], sep="\n", markup=False, highlight=False)


def _cells(found: Mapping[str, Any]) -> list[str]:
    unit = found["unit"]
    sign = "≥" if unit.endswith("/s") else "≤"
    return [
        found["work"],
        f"{found['value']:,} {unit}",
        f"{found['limit']:,} {unit}",
        f"{found['ratio']:.2f}",
        f"{sign} {found['target']:,} {unit}",
        "yes" if found["reached"] else "**no**",
    ]


def _distance(found: Mapping[str, Any]) -> str:
    share = found["value"] / found["target"]
    return f"{share:.2f} times the target"


def _rounded(value: float) -> float:
    """Keep three digits or all before the point."""
    return round(value) if value >= 100 else float(f"{value:.3g}")
