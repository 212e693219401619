"""A whole system of real processes, and a real Prometheus that watches it with the rules in a shorter time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.local import monitor
from deploy.local.process import free_port
from tests.alerts.time_scale import write_shortened_rules
from tests.fault.model import World, new_world
from tests.fault.system import System, own_servers, running_system
from tests.support.eventually import eventually
from tests.support.programs import program

TIMES_AS_FAST = 15
EVERY = "1s"
"""How often Prometheus scrapes and evaluates: as every 15 s in the time of the rules."""
PATIENCE = 120


@dataclass
class Prometheus:
    """The Prometheus of this run."""

    http: httpx.AsyncClient

    async def firing(self, alert: str, **labels: str) -> Mapping[str, Any]:
        """Wait until the alert fires with these labels among its own; return it."""

        async def found() -> Mapping[str, Any] | None:
            matching = (a for a in await self._firing(alert) if labels.items() <= a["labels"].items())
            return next(matching, None)

        alert_found = await eventually(found, within=PATIENCE)
        assert alert_found is not None
        return alert_found

    async def silent(self, alert: str) -> None:
        """Wait until the alert does not fire."""

        async def none() -> bool:
            return not await self._firing(alert)

        await eventually(none, within=PATIENCE)

    async def everything_is_up(self, processes: int) -> None:
        async def up() -> bool:
            answer = await self.http.get("/api/v1/query", params={"query": "sum(up)"})
            result = answer.json()["data"]["result"]
            return bool(result) and int(result[0]["value"][1]) == processes

        await eventually(up)

    async def _firing(self, alert: str) -> list[dict[str, Any]]:
        alerts = (await self.http.get("/api/v1/alerts")).raise_for_status().json()["data"]["alerts"]
        return [a for a in alerts if a["labels"]["alertname"] == alert and a["state"] == "firing"]


@pytest.fixture(scope="session")
async def system() -> AsyncIterator[System]:
    program("prometheus")
    async with own_servers() as (directory, postgres, broker), running_system(directory, postgres, broker) as running:
        yield running


@pytest.fixture(scope="session")
async def world(system: System) -> World:
    return await new_world(system)


@pytest.fixture(scope="session")
async def prometheus(system: System) -> AsyncIterator[Prometheus]:
    folder, port = system.directory / "prometheus", free_port()
    folder.mkdir()
    write_shortened_rules(folder / "rules", TIMES_AS_FAST)
    targets = {
        name: (name.partition(".")[0], process.address.removeprefix("http://"))
        for name, process in system.processes.items()
    }
    child = monitor.prometheus(folder, port, targets, folder / "rules", every=EVERY)
    try:
        monitor.wait(child, port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            watching = Prometheus(http)
            await watching.everything_is_up(len(targets))
            yield watching
    finally:
        child.stop()
