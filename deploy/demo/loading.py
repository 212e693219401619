"""Roster and service records in, with progress and rates, and the events followed into the ledger."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from deploy.demo import figures
from deploy.demo.district import checked
from deploy.demo.fault import DemoError
from shared.http.client import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from deploy.demo.district import Session
    from deploy.demo.folder import Folder
    from shared.http.client import ImportProgress, LinbangClient

_STANDSTILL_SECONDS = 120


@dataclass(frozen=True)
class Loaded:
    """One file taken in: how it ended, the lines refused, and the seconds until every event was published."""

    end: ImportProgress
    rejected: frozenset[int]
    seconds: float

    @property
    def new(self) -> int:
        """How many lines brought something in."""
        return self.end.accepted + self.end.normalised


@dataclass(frozen=True)
class Credited:
    """How many records of the import are in the ledger, and the seconds from the upload until the last one was."""

    records: int
    seconds: float


def load_roster(admin: Session, folder: Folder, console: Console) -> Loaded:
    """Import the roster."""
    with _bars(console) as bars:
        task = bars.add_task("Roster", total=None)
        return _load(
            admin.registry,
            folder,
            "volunteers",
            "roster",
            lambda at: bars.update(task, total=at.total, completed=at.done),
        )


def load_records(admin: Session, folder: Folder, console: Console) -> tuple[Loaded, Credited]:
    """Import the service records, and wait until the ledger has all of them."""
    began = time.monotonic()
    with _bars(console) as bars:
        records = bars.add_task("Service records", total=None)
        ledger = bars.add_task("Hours ledger", total=None)

        def show(progress: ImportProgress) -> None:
            bars.update(records, total=progress.total, completed=progress.done)
            credited = figures.import_credited(admin.assessment, progress.id)
            bars.update(
                ledger,
                total=progress.total if credited.expected is None else credited.expected,
                completed=credited.records,
            )

        loaded = _load(admin.activities, folder, "service_records", "service-records", show)
        credited = _await_ledger(admin.assessment, loaded.end.id, lambda: show(loaded.end))
    return loaded, Credited(credited, time.monotonic() - began)


def _load(
    client: LinbangClient, folder: Folder, name: str, kind: str, show: Callable[[ImportProgress], None]
) -> Loaded:
    began = time.monotonic()
    end = checked(client.upload_import(kind, folder.files[name], show), folder, name)
    seconds = time.monotonic() - began
    rejected = _rejected(client, end.id) if end.rejected else frozenset()
    return Loaded(end, rejected, seconds)


def _rejected(client: LinbangClient, import_id: str) -> frozenset[int]:
    report = client.send("GET", f"/v1/imports/{import_id}/report.csv?only=rejected").content.decode("utf-8-sig")
    return frozenset(int(row["line"]) for row in csv.DictReader(io.StringIO(report)))


def _await_ledger(assessment: LinbangClient, import_id: str, show: Callable[[], None]) -> int:
    """Wait until the import is closed. Raises DemoError when nothing has moved for a long time."""
    before, moved = -1, time.monotonic()
    while not (credited := figures.import_credited(assessment, import_id)).closed:
        if credited.records != before:
            before, moved = credited.records, time.monotonic()
        elif time.monotonic() - moved > _STANDSTILL_SECONDS:
            raise DemoError(
                f"The ledger stands still at {before:,} records since {_STANDSTILL_SECONDS} s; see assessment's log."
            )
        show()
        time.sleep(POLL_SECONDS)
    show()
    return credited.records


def _bars(console: Console) -> Progress:
    columns = TextColumn("  {task.description:<16}"), BarColumn(), _Count(), _Rate(), TimeElapsedColumn()
    return Progress(*columns, console=console)


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        total = "…" if task.total is None else f"{task.total:,.0f}"
        return Text(f"{task.completed:>9,.0f} / {total:<9}")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        elapsed = task.finished_time or task.elapsed
        return Text(f"{task.completed / elapsed:>8,.0f}/s" if elapsed else "", style="cyan")
