"""``python -m tests.fault.matrix``: every case at every seed; the table printed, and kept in ``docs/faults.md``.

Invariant: a row is of its newest run; a run of some cases leaves the rows of the others. Exit code 1 where any is red.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from deploy.local.paths import ROOT
from tests.fault.case import REPORT

HERE = Path(__file__).parent
JSON, PAGE = ROOT / "docs" / "faults.json", ROOT / "docs" / "faults.md"
INVARIANTS = ("I1", "I2", "I3", "I4", "I5", "I7", "I8")
Row = dict[str, Any]
_STATE_MACHINE = "test_state_machine_"

_HEAD = """# Faults

Written by `make fault` from `docs/faults.json`. Each case kills, stalls or starves real processes of PostgreSQL, Kafka
and the services, at a moment that its seed decides, under traffic of two districts; then the invariants are checked
from outside (`tests/fault/invariants.py`). A number is how many items a check has looked at, over all seeds; where it
is missing the case gives it nothing to look at. The same seed makes the same choices: `make fault CASES=F5 SEED=7`.

I1 no loss · I2 no double count · I3 no oversell · I4 projection = log folded anew · I5 order per key ·
I7 healed within 60 s without an operator · I8 no row of another district

"""

app = typer.Typer()
console = Console()
_WIDTH_OF_A_FILE = 200


@app.command()
def matrix(
    seeds: Annotated[int, typer.Option(envvar="SEEDS", help="run each case with the seeds 1 to this")] = 20,
    seed: Annotated[str, typer.Option(envvar="SEED", help="run each case with this seed alone")] = "",
    cases: Annotated[str, typer.Option(envvar="CASES", help="some cases: F1,F5")] = "",
) -> None:
    """Run the cases and write the table."""
    wanted = [name.strip().lower() for name in cases.split(",") if name.strip()]
    choice = (
        " or ".join(_STATE_MACHINE if name == "m" else f"test_{name}_" for name in wanted)
        or f"test_f or {_STATE_MACHINE}"
    )
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.jsonl"
        environment = {**os.environ, REPORT: str(report), "SEEDS": str(seeds)}
        environment.pop("SEED", None)
        if seed:
            environment["SEED"] = seed
        # Cases wait more than they work; each worker has a system of its own.
        command = [sys.executable, "-m", "pytest", str(HERE), "-k", choice, "-q", "-n", "2", "--dist", "load"]
        code = subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode
        runs = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    new = rows(runs)
    if not seed:  # a single seed is a look at one failure, not a run of the matrix
        write(new)
    show(new)
    raise typer.Exit(1 if code or not new or any(row["red"] for row in new) else 0)


def rows(runs: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Put the runs of each test together: a row of the table."""
    by_test: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for run in runs:
        by_test[run["test"]].append(run)
    about = {"machine": machine(), "commit": commit()}
    return [_row(test, found) | about for test, found in by_test.items()]


def _row(test: str, runs: Sequence[Mapping[str, Any]]) -> Row:
    items: Counter[str] = Counter()
    for run in runs:
        items.update(run["items"])
    return {
        "test": test,
        "case": runs[0]["case"],
        "what": runs[0]["what"],
        "seeds": len(runs),
        "red": [run["seed"] for run in runs if not run["green"]],
        "items": dict(items),
        "seconds": round(sum(run["seconds"] for run in runs)),
    }


def write(new: Sequence[Row]) -> None:
    """Take new rows in among the kept ones, and make the page of all."""
    kept = {row["test"]: row for row in json.loads(JSON.read_text())} if JSON.exists() else {}
    kept |= {row["test"]: row for row in new}
    ordered = sorted(kept.values(), key=lambda row: (int(row["case"][1:] or 99), row["test"]))
    JSON.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(ordered))


def page(ordered: Sequence[Row]) -> str:
    """Return the page that shows the rows."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|---:|" + "---:|" * len(INVARIANTS) + "---:|"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in ordered]
    where = dict.fromkeys(f"- {row['machine']}, commit {row['commit']}" for row in ordered)
    return _HEAD + "\n".join([*lines, "", "Run on:", "", *where]) + "\n"


def show(new: Sequence[Row]) -> None:
    """Print the rows."""
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    table = Table(*_COLUMNS, title="Linbang: faults")
    for row in new:
        table.add_row(*_cells(row), style="red" if row["red"] else None)
    console.print(table)
    for row in new:
        for seed in row["red"]:
            console.print(f"[red]make fault CASES={row['case']} SEED={seed}[/red]")


_COLUMNS = ("case", "fault", "green seeds", *INVARIANTS, "seconds")


def _cells(row: Row) -> list[str]:
    green = f"{row['seeds'] - len(row['red'])} of {row['seeds']}"
    items = [f"{row['items'].get(name, 0) or ''}" for name in INVARIANTS]
    return [row["case"], row["what"], green, *items, str(row["seconds"])]


def machine() -> str:
    """Describe this machine."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {system}"


def commit() -> str:
    """Name the commit that was run."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "unknown"


if __name__ == "__main__":
    app()
