"""``linbang demo FOLDER``: start the system where none runs, load the district, compare, say what to look at next.

Exit codes: 0 every total is what it should be, 1 one is not, 2 it could not be done, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from deploy.demo import report
from deploy.demo.comparison import Check, compare
from deploy.demo.district import OPERATOR, Platform, import_reference, logged_in, open_district
from deploy.demo.fault import DemoError
from deploy.demo.folder import by_volunteer, read_folder
from deploy.demo.loading import load_records, load_roster
from deploy.demo.walk import SERVICE, Walk, choose
from deploy.local import checks, runner
from deploy.local.environment import SECRETS, LocalSettings
from deploy.local.paths import ROOT
from deploy.local.process import LocalError
from deploy.services import TABLE
from shared.http.client import RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.demo.comparison import Comparison
    from deploy.demo.district import Session
    from deploy.demo.folder import Folder
    from deploy.demo.loading import Loaded
    from deploy.demo.walk import Attendance
    from deploy.local.process import Child

DIFFERS, FAILED, INTERRUPTED = 1, 2, 130
_START_SECONDS = 120
_OPERATOR_PASSWORD = "REGISTRY_OPERATOR_PASSWORD"  # noqa: S105 - the variable's name

app = typer.Typer(help="Load a district of real size and compare every total.")


@dataclass(frozen=True)
class Running:
    """The platform that is used; ``system`` where local mode runs it."""

    platform: Platform
    system: runner.System | None = None
    started_here: bool = False


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A district's files, with or without expected/ in it.")] = (
        ROOT / "deploy" / "sample" / "510115"
    ),
) -> None:
    """Load a district of real size over HTTP, walk one volunteer through, and compare every total."""
    console = Console(highlight=False)
    try:
        code = _demo(folder, console)
    except KeyboardInterrupt:
        console.print("Stopped. What was loaded is kept; run it again and it goes on.")
        code = INTERRUPTED
    except LocalError as error:
        console.print(str(error), style="red", markup=False)
        code = FAILED
    except RequestRefusedError as refused:
        console.print(f"A request was refused ({refused.status}): {refused}", style="red", markup=False)
        code = FAILED
    raise typer.Exit(code)


def _demo(path: Path, console: Console) -> int:
    began = time.monotonic()
    folder = read_folder(path)
    console.rule(f"[bold]{folder.name} {folder.district}[/]  {path}", align="left")
    with _running(console) as running:
        ready = time.monotonic()
        differing = load(running.platform, folder, console)
        console.print(
            f"{time.monotonic() - began:.0f} s in all, {ready - began:.0f} s of them until the system was ready."
        )
        _what_next(running, folder, console)
    return DIFFERS if differing else 0


def load(platform: Platform, folder: Folder, console: Console) -> list[Check]:
    """Load a district, walk one volunteer through, print everything; return the totals that differ."""
    admin_name = open_district(platform, folder.district, folder.name)
    with logged_in(platform, admin_name, platform.password(admin_name)) as admin:
        _heading(console, "The district's data")
        console.print(report.line("Places", report.reference_line(import_reference(admin, folder))))
        roster = load_roster(admin, folder, console)
        _outcome(console, platform.base_urls["registry"], roster)
        walk, attendance = _begin_walk(platform, folder, admin, console)
        _heading(console, "A year of service, through Kafka into the ledger")
        records, credited = load_records(admin, folder, console)
        _outcome(console, platform.base_urls["activities"], records)
        comparison = compare(admin, folder, roster, records, credited)
        _show(comparison, folder, console)
        walked = _finish_walk(walk, attendance, folder, records, console) if walk and attendance else []
    console.print()
    console.print(report.rate_table(roster, records, credited))
    console.print()
    _verdict(console, [*comparison.checks, *walked], roster, records)
    return [check for check in (*comparison.checks, *walked) if not check.agrees]


def _outcome(console: Console, address: str, loaded: Loaded) -> None:
    console.print(report.line("", report.outcome(loaded.end)))
    if loaded.end.rejected:
        why = f"{address}/v1/imports/{loaded.end.id}/report.csv?only=rejected"
        console.print(report.line("", f"why lines were rejected: {why}"), style="yellow", soft_wrap=True)


def _begin_walk(
    platform: Platform, folder: Folder, admin: Session, console: Console
) -> tuple[Walk | None, Attendance | None]:
    volunteer = choose(folder)
    if volunteer is None:
        console.print("  Nobody in the roster has a service record: no volunteer's day is shown.")
        return None, None
    _heading(console, f"A day of volunteer {volunteer.number} on the pages of {platform.base_urls['portal']}")
    walk = Walk(platform, volunteer, lambda step, answer: console.print(report.line(step, answer), markup=False))
    attendance = walk.begin(admin)
    if not attendance.completed:
        console.print(report.line("", "the minute of service runs while the records come in"), style="dim")
    return walk, attendance


def _finish_walk(walk: Walk, attendance: Attendance, folder: Folder, records: Loaded, console: Console) -> list[Check]:
    """Go on with the walk once its minute is over; return its own totals."""
    number = walk.volunteer.number
    _heading(console, f"The day of volunteer {number} goes on")
    if not attendance.completed:
        _await_the_minute(attendance, console)
    served = by_volunteer(folder.accepted(records.rejected)).get(number)
    imported = served.minutes if served else 0
    credit = walk.finish(attendance, imported)
    return [Check(f"minutes on the hours page of {number}", credit.lifetime_minutes, imported + credit.minutes)]


def _await_the_minute(attendance: Attendance, console: Console) -> None:
    total = SERVICE.total_seconds()
    label, clock = TextColumn(report.line("serving", "")), TextColumn("{task.completed:.0f} of {task.total:.0f} s")
    with Progress(label, BarColumn(), clock, console=console) as bar:
        task = bar.add_task("", total=total)
        while (left := (attendance.minute_is_over_at - datetime.now(UTC)).total_seconds()) > 0:
            bar.update(task, completed=max(0, total - left))
            time.sleep(min(left, 0.25))
        bar.update(task, completed=total)


def _show(comparison: Comparison, folder: Folder, console: Console) -> None:
    for table in report.total_tables(comparison):
        console.print()
        console.print(table)
    for note in comparison.notes:
        console.print(note, style="yellow")
    console.print()
    console.print(report.station_table(comparison.stations, folder.window.year))


def _verdict(console: Console, checks: list[Check], roster: Loaded, records: Loaded) -> None:
    differing = [check for check in checks if not check.agrees]
    for check in differing:
        said = " and ".join(
            f"{number:,} ({source})"
            for number, source in ((check.in_files, "files"), (check.expected, "expected/"))
            if number is not None
        )
        console.print(f"✗ {check.what}: should be {said}, found {check.found:,}", style="bold red", markup=False)
    if differing:
        console.print(f"{len(differing)} of {len(checks)} totals differ.", style="bold red")
    elif roster.new + records.new == 0:
        unchanged = f"{roster.end.unchanged:,} volunteers, {records.end.unchanged:,} service records unchanged"
        console.print(f"✓ Nothing new: {unchanged}. All {len(checks)} totals agree.", style="bold green")
    else:
        console.print(f"✓ All {len(checks)} totals agree.", style="bold green")


def _heading(console: Console, text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


@contextmanager
def _running(console: Console) -> Iterator[Running]:
    """Give the platform that runs, or start one for the time of the block."""
    children: list[Child] = []
    with ExitStack() as stack:
        running = _find_or_start(stack, children, console)
        try:
            yield running
        except httpx.TransportError as silent:
            raise DemoError(_about_silence(silent, children)) from silent


def _find_or_start(stack: ExitStack, children: list[Child], console: Console) -> Running:
    """Find the platform, or start it on ``stack``; one that is just being started or stopped is waited for."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        if running := _find(console):
            return running
        try:
            system = stack.enter_context(runner.running_system(children, seeding=False))
        except runner.AlreadyRunningError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            _check_all_run(system)
            return Running(Platform(system.base_urls, _operator_password(SECRETS)), system, started_here=True)


def _find(console: Console) -> Running | None:
    if system := runner.find_running():
        _check_all_run(system)
        console.print(f"Using the system that runs already (process {system.pid}).")
        return Running(Platform(system.base_urls, _operator_password(SECRETS)), system)
    base_urls = LocalSettings().base_urls()
    with httpx.Client(timeout=2) as client:
        if not all(checks.service_is_ready(client, url) for url in base_urls.values()):
            return None
    console.print(f"Using the system that answers at {' '.join(base_urls.values())}.")
    return Running(Platform(base_urls, _operator_password(ROOT / ".env", SECRETS)))


def _check_all_run(system: runner.System) -> None:
    for service, why in system.not_started.items():
        raise DemoError(f"{service} is not running, and the demo needs all of them.\n{why}")


def _operator_password(*files: Path) -> str:
    """Give the operator's password: the environment's, or that of the first file that has it."""
    if password := os.environ.get(_OPERATOR_PASSWORD):
        return password
    for file in files:
        for line in file.read_text().splitlines() if file.exists() else ():
            name, _, value = line.partition("=")
            if name == _OPERATOR_PASSWORD and value:
                return value
    raise DemoError(f"Set {_OPERATOR_PASSWORD} to the operator's password of the running system.")


def _about_silence(silent: httpx.TransportError, children: list[Child]) -> str:
    lines = [f"{silent.request.url} does not answer ({type(silent).__name__})."]
    for child in children:
        if (code := child.exit_code()) is not None:
            lines += [f"{child.name} has ended with exit code {code}:", child.last_lines()]
    return "\n".join(lines)


def _what_next(running: Running, folder: Folder, console: Console) -> None:
    _heading(console, "What to look at next")
    platform, system = running.platform, running.system
    if running.started_here:
        console.print(report.line("make up", "starts the system again, with this data, and stays until Ctrl-C; then:"))
    for service, url in platform.base_urls.items():
        if not TABLE[service].pages:
            console.print(report.line(service, f"{url}/docs"))
    if system:
        console.print(report.line("Kafka", f"{system.bootstrap_servers}, CloudEvents for any client"))
        console.print(report.line("mail", system.mail), soft_wrap=True)
    volunteer = choose(folder)
    names = [OPERATOR, f"admin.{folder.district}", *([volunteer.number] if volunteer else [])]
    console.print("  Log-ins (in the portal's pages; POST /v1/tokens of registry gives a token):")
    for name in names:
        password = platform.operator_password if name == OPERATOR else platform.password(name)
        console.print(report.line(name, password), markup=False)
    console.print(f"Open {platform.base_urls['portal']} and log in by one of these names.")
