"""``python -m tests.repeat``: all tests again and again, also where the machine is busy, to see whether any flickers.

Invariant: a run is `make test`, nothing else. The log of each is kept, and the table of durations and failures gets its
row as a run ends, so that it is there when somebody breaks them off. Exit code 1 where any failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.paths import ROOT

LOGS = ROOT / ".local" / "test-repeat"
QUIET, BUSY, ONE_CORE = "quiet", "busy", "one core"
_BUSY = "while True: pass"
_COUNTS = re.compile(r"=+ (.*\b(?:passed|failed|error|skipped).*) in [\d.]+s")
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run of all tests: under which conditions, and what came of it."""

    number: int
    condition: str
    seconds: float
    counts: str
    """What pytest says in the end: ``1370 passed, 15 skipped``."""
    failures: Sequence[str]
    code: int

    def row(self) -> str:
        """Return its row of the table."""
        failures = ", ".join(self.failures) or ("" if self.code == 0 else f"exit code {self.code}")
        return f"| {self.number} | {self.condition} | {self.seconds:.0f} | {self.counts} | {failures} |"


def repeat(
    times: Annotated[int, typer.Option(envvar="N", help="how many runs")] = 20,
    busy: Annotated[int, typer.Option(envvar="BUSY", help="of these, runs beside a load on every core")] = 6,
    one_core: Annotated[int, typer.Option(envvar="ONE_CORE", help="of these, runs on one core")] = 2,
) -> None:
    """Run all tests so many times: the quiet runs first, then those beside a load, then those on one core."""
    conditions = [QUIET] * (times - busy - one_core) + [BUSY] * busy + [ONE_CORE] * one_core
    folder = LOGS / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    table = folder / "runs.md"
    table.write_text("| run | machine | seconds | | failed |\n|---:|---|---:|---|---|\n")
    runs = []
    for number, condition in enumerate(conditions[:times], start=1):
        runs.append(run(number, condition, folder / f"run-{number:02}.log"))
        print(runs[-1].row(), flush=True)  # noqa: T201
        with table.open("a") as rows:
            rows.write(runs[-1].row() + "\n")
    failed = sum(each.code != 0 for each in runs)
    print(f"{len(runs) - failed} of {len(runs)} runs were green; {table.relative_to(ROOT)}")  # noqa: T201
    raise typer.Exit(failed > 0)


def run(number: int, condition: str, log: Path) -> Run:
    """Run all tests once, its output to ``log``."""
    command = ["make", "--no-print-directory", "test"]
    if condition == ONE_CORE:
        command = ["taskset", "-c", "0", *command]
    started = time.monotonic()
    with kept_busy(os.cpu_count() or 1 if condition == BUSY else 0), log.open("wb") as output:
        code = subprocess.run(command, check=False, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT).returncode
    said = log.read_text(errors="replace")
    counts = _COUNTS.findall(said)
    failures = list(dict.fromkeys(_FAILURE.findall(said)))
    return Run(number, condition, time.monotonic() - started, counts[-1] if counts else "", failures, code)


@contextmanager
def kept_busy(cores: int) -> Iterator[None]:
    """Have so many processes compute as fast as they can."""
    load = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


if __name__ == "__main__":
    typer.run(repeat)
