"""``python -m tests.bench.scale``: load districts one after another, and hold the last beside the first."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
import uvloop
from rich.console import Console

from deploy.demo import figures
from deploy.demo.district import Platform, Session, import_reference, logged_in, open_district
from deploy.local.paths import ROOT
from shared.http.client import POLL_SECONDS, ImportProgress
from tests.bench import profile, system
from tests.bench.report import machine
from tests.bench.scale import reads, report
from tests.bench.scale.district import Invented, invent
from tests.bench.scale.sizes import as_json, sizes
from tests.bench.setting import Servers, Setting, running_servers
from tests.bench.system import System

SERVICES = ("registry", "activities", "assessment", "notifications")
_KNOWING = ("activities", "assessment")
"""Who is to know a district's volunteers before its records come."""
_KNOWN = "SELECT count(*) FROM known_volunteer WHERE district = $1"
_CONTACTS = "SELECT count(*) FROM contact WHERE district = $1"
_SIZE = "SELECT pg_database_size(current_database())"

app = typer.Typer()
console = Console(highlight=False)


@app.command()
def scale(
    districts: Annotated[int, typer.Option(min=1, max=99, help="how many to load")] = 20,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="how much of each; less than 1 is a try")] = 1,
    folder: Annotated[Path, typer.Option(help="the district's folder that they are made of")] = system.SAMPLE,
) -> None:
    """Load invented districts of one size one after another; write ``docs/scale.md`` when all are in.

    A line a district is printed as it is done, and what has been found so far is in ``.local/scale-so-far.json``.
    """
    with running_servers() as servers:
        uvloop.run(_Run(servers, districts, share, folder).run())


@dataclass
class _Run:
    servers: Servers
    number: int
    share: float
    folder: Path
    found: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> None:
        setting = Setting(self.servers)
        command = f"make bench-scale DISTRICTS={self.number}" + (f" SHARE={self.share}" if self.share != 1 else "")
        self.found = {
            "command": command,
            "machine": await machine(self.servers.postgres.url),
            "share": self.share,
            "districts": [],
            "reads": {},
        }
        try:
            with ExitStack() as stack:
                await self._measure(setting, await system.start(setting, stack, *SERVICES))
        finally:
            await setting.close()

    async def _measure(self, setting: Setting, running: System) -> None:
        platform = Platform(running.addresses, running.operator_password)
        self.found["empty_bytes"] = await _database_bytes(running)
        users = []
        for number in range(1, self.number + 1):
            invented = await asyncio.to_thread(self._invent, setting, number)
            users.append(await asyncio.to_thread(open_district, platform, invented.places.district, f"第{number}区"))
            await self._load(setting, running, platform, users[-1], invented)
            if number == 1:
                self.found["reads"]["alone"] = await asyncio.to_thread(reads.measure, platform, users[0])
            await self._note_sizes(running)
            report.keep(self.found)
        for when, user in (("first", users[0]), ("last", users[-1])):
            self.found["reads"][when] = await asyncio.to_thread(reads.measure, platform, user)
        report.keep(self.found)
        self.found["compare_seconds"] = await asyncio.to_thread(_compare, running)
        console.print(f"compare: {self.found['compare_seconds']:.1f} s", self.found["reads"])
        console.print(f"written: {report.write(self.found)}")

    def _invent(self, setting: Setting, number: int) -> Invented:
        return invent(self.folder, number, self.share, setting.path(f"district-{number}"))

    async def _load(self, setting: Setting, running: System, platform: Platform, user: str, invented: Invented) -> None:
        """Load one district and note what it took."""
        code = invented.places.district
        noted: dict[str, Any] = {"code": code, "volunteers": invented.volunteers, "records": invented.records}
        with logged_in(platform, user, platform.password(user)) as admin:
            await asyncio.to_thread(import_reference, admin, invented.places)
            await asyncio.to_thread(reads.publish_activities, admin, invented)
            await profile.follow_statements(self.servers.postgres.url, on=True)
            async with setting.watched():
                await asyncio.to_thread(_take_in, admin, "registry", "roster", invented, "volunteers")
            noted |= {"roster_seconds": setting.seconds, "roster_spent": setting.spent}
            await setting.until(partial(_told, running, code, invented.volunteers))
            async with setting.watched():
                end = await asyncio.to_thread(
                    _take_in, admin, "activities", "service-records", invented, "service_records"
                )
                await setting.until(partial(_credited, admin, end.id))
            noted |= {"records_seconds": setting.seconds, "records_spent": setting.spent}
            noted["statements"] = await profile.top_statements(self.servers.postgres.url)
        self.found["districts"].append(noted)
        console.print(
            f"{code}: roster {report.rate(noted, 'roster'):,.0f}/s, records {report.rate(noted, 'records'):,.0f}/s;"
            f" CPU seconds of the records: {_of_processes(noted['records_spent'])}",
            soft_wrap=True,
        )
        console.print(*noted["statements"], sep="\n", markup=False, soft_wrap=True)
        sys.stdout.flush()

    async def _note_sizes(self, running: System) -> None:
        self.found["database_bytes"] = await _database_bytes(running)
        self.found["tables"] = {service: as_json(await sizes(urls)) for service, urls in running.urls.items()}
        console.print(f"  {report.bytes_a_record(self.found):,.0f} bytes a record in activities and assessment")


def _take_in(admin: Session, service: str, kind: str, invented: Invented, file: str) -> ImportProgress:
    end: ImportProgress = getattr(admin, service).upload_import(kind, invented.places.files[file])
    if end.state != "completed" or end.rejected or end.unchanged:
        raise AssertionError(f"import of {file}: {end}")
    return end


async def _credited(admin: Session, import_id: str) -> bool:
    await asyncio.sleep(POLL_SECONDS)
    return (await asyncio.to_thread(figures.import_credited, admin.assessment, import_id)).closed


async def _told(running: System, district: str, volunteers: int) -> bool:
    """Return whether every service knows a district's volunteers."""
    counts = [await _value(running, service, _KNOWN, district) for service in _KNOWING]
    counts.append(await _value(running, "notifications", _CONTACTS, district))
    await asyncio.sleep(0.2)
    return all(count == volunteers for count in counts)


async def _database_bytes(running: System) -> dict[str, int]:
    return {service: await _value(running, service, _SIZE) for service in running.urls}


async def _value(running: System, service: str, query: str, *values: str) -> int:
    connection = await asyncpg.connect(running.urls[service].worker)
    try:
        return int(await connection.fetchval(query, *values))
    finally:
        await connection.close()


def _compare(running: System) -> float:
    """Return the seconds of ``linbang assessment compare``. Raises AssertionError where it finds a difference."""
    environment = dict(os.environ)
    for of_service in running.environments.values():
        environment |= of_service
    began = time.monotonic()
    linbang = Path(sys.executable).with_name("linbang")
    done = subprocess.run(
        [linbang, "assessment", "compare"], env=environment, cwd=ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise AssertionError(f"compare: {done.returncode}\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


def _of_processes(spent: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.0f}" for name, seconds in sorted(spent.items(), key=lambda one: -one[1]))


if __name__ == "__main__":
    app()
