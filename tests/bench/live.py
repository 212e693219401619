"""Signs of life (ADR 0038): 500 volunteers have the page of one activity open, and somebody signs up.

What the portal spends while nothing happens, beside what it spends while nobody looks; and how long after a sign-up has
begun the last of them is told how its places stand.
"""

import asyncio
import json
import time
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psutil

from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.bench import pages
from tests.bench.figure import Figure
from tests.bench.pages import Running
from tests.bench.rush import DISTRICT, publish, token_of
from tests.bench.setting import Setting

NAME = "live"
OPEN_PAGES, SIGN_UPS, REST_SECONDS = 500, 20, 20.0
_MOST_REST_MS, _MOST_DELAY_MS = 50.0, 2000.0


async def measure(setting: Setting) -> list[Figure]:
    """Open the pages, look at the portal at rest, then let people sign up one by one."""
    running = await pages.start_services(setting)
    portal = psutil.Process(setting.pid("portal"))
    people = [new_id() for _ in range(OPEN_PAGES + SIGN_UPS)]
    shift = await publish(running.urls["activities"], people, SIGN_UPS)
    activity = await _activity_of(running, shift)
    await asyncio.sleep(5)
    nobody = await _at_rest(portal)
    before = portal.memory_info().rss
    told = await _open_pages(setting, running, people[:OPEN_PAGES], activity)
    await asyncio.sleep(5)
    memory = (portal.memory_info().rss - before) / OPEN_PAGES / 1024
    rest = await _at_rest(portal)
    async with setting.watched():
        delays = [await _sign_up(setting, running, shift, person, told) for person in people[OPEN_PAGES:]]
    work = f"{OPEN_PAGES} open pages of one activity"
    every = [delay * 1000 for one in delays for delay in one]
    return [
        Figure(
            f"{work}: CPU of the portal in a second of rest ({memory:.0f} kB of memory each; limit: nobody looks)",
            rest,
            "ms",
            nobody,
            _MOST_REST_MS,
        ),
        Figure(
            f"{work}: from a sign-up's request until a page shows it, p95 (limit: the first page)",
            quantiles(every, n=100)[94],
            "ms",
            quantiles([min(one) * 1000 for one in delays], n=100)[94],
            _MOST_DELAY_MS,
        ),
    ]


async def _activity_of(running: Running, shift: UUID) -> UUID:
    store = Store(running.urls["activities"].worker)
    async with store.transaction() as tx:
        found = await tx.exec_driver_sql("SELECT activity_id FROM shift WHERE id = $1", (shift,))
        activity: UUID = found.scalar_one()
    await store.close()
    return activity


async def _at_rest(process: psutil.Process) -> float:
    """Return the milliseconds of CPU that a process spends in a second."""
    before = sum(process.cpu_times()[:2])
    await asyncio.sleep(REST_SECONDS)
    return (sum(process.cpu_times()[:2]) - before) * 1000 / REST_SECONDS


async def _open_pages(setting: Setting, running: Running, people: list[UUID], activity: UUID) -> Path:
    """Open a page for everybody; return the file that says when they were told."""
    origin = running.addresses["portal"]
    cookies = await pages.begin_sessions(running, people)
    requests = [
        f"GET /live?on=activity:{activity}&on=inbox&age=0 HTTP/1.1\r\nHost: {urlsplit(origin).netloc}\r\n"
        f"Cookie: {cookie}\r\nAccept-Language: zh-CN\r\n\r\n"
        for cookie in cookies
    ]
    plan, told = setting.path("followers.plan"), setting.path("followers.told")
    address = [urlsplit(origin).hostname, urlsplit(origin).port]
    plan.write_text(json.dumps({"address": address, "requests": requests, "name": f"activity:{activity}"}))
    setting.start("followers", "tests.bench.followers", PLAN=str(plan), TOLD=str(told))
    await setting.result("followers")
    return told


async def _sign_up(setting: Setting, running: Running, shift: UUID, person: UUID, told: Path) -> list[float]:
    """Sign somebody up; return how many seconds later each page was told."""
    await asyncio.sleep(1.5)  # what was told a moment ago is told again after a pause alone
    known, begun = len(_moments(told)), time.time()
    async with httpx.AsyncClient(base_url=running.addresses["activities"]) as client:
        headers = {"Authorization": f"Bearer {token_of(person)}", "X-District": DISTRICT}
        (await client.post(f"/v1/shifts/{shift}/sign-ups", headers=headers)).raise_for_status()

    async def all_told() -> bool:
        return len(_moments(told)) >= known + OPEN_PAGES

    await setting.until(all_told)
    return [moment - begun for moment in _moments(told)[known : known + OPEN_PAGES]]


def _moments(told: Path) -> list[float]:
    return [float(line) for line in told.read_text().splitlines()]
