"""The whole system in containers, three sign-up APIs and three of assessment's workers, some of them killed at work.

Runs with `INFRA=containers`; needs an engine, Compose and the images of `make images`, and says so when it skips.
About a minute and a half.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx
import pytest
from rich.console import Console

from deploy.demo import command, figures
from deploy.demo.district import Platform, logged_in, open_district
from deploy.demo.folder import read_folder
from deploy.local.monitor import RULES
from deploy.services import SERVICES
from tests.containers import compose
from tests.containers.compose import Compose, crash, state
from tests.integration.demo.district_folder import write_district
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

APIS = WORKERS = 3
DISTRICT, VOLUNTEERS, RECORDS = "510199", 600, 20_000
CAPACITY, CONNECTIONS = 100, 48
HEALTHY = "healthy"


@pytest.fixture(scope="module")
async def system() -> AsyncIterator[Compose]:
    compose.need_engine_and_images()
    compose.command()
    project = Compose(f"linbang-{secrets.token_hex(4)}", compose.settings(compose.free_ports(APIS)))
    scale = ("--scale", f"activities-api={APIS}", "--scale", f"assessment-worker={WORKERS}")
    for running in compose.up(project, *scale):
        roles = [f"{service}-{part}" for service in SERVICES for part in ("api", "worker")]
        containers = [each for role in ("postgres", "kafka", *roles) for each in running.containers(role)]
        assert len(containers) == 2 + len(roles) + APIS - 1 + WORKERS - 1
        await all_healthy(containers)
        yield running


@pytest.fixture(scope="module")
def platform(system: Compose) -> Platform:
    urls = {service: f"http://127.0.0.1:{system.ports(f'{service}-api')[0]}" for service in SERVICES}
    return Platform(urls, system.environment["REGISTRY_OPERATOR_PASSWORD"])


async def all_healthy(containers: Sequence[str]) -> None:
    async def health() -> bool:
        return all(state(each)[0] == HEALTHY for each in containers)

    await eventually(health, within=180)


async def test_prometheus_finds_every_container_and_knows_every_rule(system: Compose) -> None:
    (port,) = system.ports("prometheus", 9090)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1/") as client:

        async def finds_all() -> bool:
            answer = await client.get("query", params={"query": "count by (job) (up == 1)"})
            found = {row["metric"]["job"]: int(row["value"][1]) for row in answer.json()["data"]["result"]}
            parts = {f"{service}-{part}": 1 for service in SERVICES for part in ("api", "worker")}
            return found == parts | {"activities-api": APIS, "assessment-worker": WORKERS}

        await eventually(finds_all, within=120)
        groups = (await client.get("rules")).json()["data"]["groups"]
        assert {Path(group["file"]).name for group in groups} == {rules.name for rules in RULES.glob("*.yml")}

        async def all_evaluated() -> bool:
            answer = await client.get("rules")
            return {rule["health"] for group in answer.json()["data"]["groups"] for rule in group["rules"]} == {"ok"}

        await eventually(all_evaluated, within=120)


async def test_totals_are_exact_though_a_worker_is_killed_at_work(
    system: Compose, platform: Platform, tmp_path: Path
) -> None:
    folder = tmp_path / DISTRICT
    write_district(folder, DISTRICT, "甲区", seed=7, volunteers=VOLUNTEERS, records=RECORDS, packed=True, expected=True)
    workers = system.containers("assessment-worker")

    async def share_the_partitions() -> bool:
        members = partitions_by_member(system, "assessment")
        return len(members) == WORKERS and min(members.values()) > 0

    await eventually(share_the_partitions)
    name = open_district(platform, DISTRICT, "甲区")
    with (
        ThreadPoolExecutor(1) as thread,
        patch.object(command, "choose", return_value=None),
        logged_in(platform, name, platform.password(name)) as admin,
    ):
        loading = thread.submit(command.load, platform, read_folder(folder), Console(quiet=True))

        async def has_begun() -> bool:
            return loading.done() or figures.totals(admin.assessment).sessions > 0

        await eventually(has_begun, within=180)
        crash(workers[0])
        assert await asyncio.wrap_future(loading) == []
    await all_healthy(workers)
    assert [state(each)[1] for each in workers] == [1, 0, 0]
    await eventually(share_the_partitions)


async def test_places_are_exact_over_several_apis_though_one_is_killed(system: Compose, platform: Platform) -> None:
    tokens = json.loads(
        system.exec(
            system.containers("registry-api")[0],
            "python", "-", DISTRICT,
            stdin=Path(__file__).with_name("tokens.py").read_text(),
        )
    )  # fmt: skip
    assert len(tokens) == VOLUNTEERS
    shift = publish_shift(platform)
    ports = system.ports("activities-api")
    assert len(set(ports)) == APIS
    answers = await rush(ports, shift, tokens, system.containers("activities-api")[1])

    by_number = sorted(answers, key=lambda answer: answer["queue_number"])
    assert [answer["queue_number"] for answer in by_number] == list(range(1, VOLUNTEERS + 1))
    assert len({answer["sign_up_id"] for answer in answers}) == VOLUNTEERS
    assert [answer["state"] for answer in by_number] == ["confirmed"] * CAPACITY + ["waiting"] * (VOLUNTEERS - CAPACITY)
    assert [answer["position"] for answer in by_number[CAPACITY:]] == list(range(1, VOLUNTEERS - CAPACITY + 1))
    await all_healthy(system.containers("activities-api"))
    assert sum(state(each)[1] for each in system.containers("activities-api")) == 1


def test_nothing_runs_as_root_or_can_become_it(system: Compose) -> None:
    for service in SERVICES:
        for container in system.containers(f"{service}-worker"):
            status = system.exec(container, "cat", "/proc/self/status")
            assert re.search(r"^Uid:\t10001\t", status, re.MULTILINE)
            assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
            assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
            with pytest.raises(AssertionError, match="Read-only file system"):
                system.exec(container, "touch", "/opt/linbang/file")
    for service in ("postgres", "kafka"):
        (container,) = system.containers(service)
        assert re.search(r"^Uid:\t[1-9]", system.exec(container, "cat", "/proc/1/status"), re.MULTILINE)


def partitions_by_member(system: Compose, group: str) -> dict[str, int]:
    """Give how many partitions each member of a consumer group has, by Kafka's own tool."""
    tool = ("/opt/kafka/bin/kafka-consumer-groups.sh", "--bootstrap-server", "localhost:9092")
    said = system.exec(system.containers("kafka")[0], *tool, "--describe", "--group", group, "--members")
    rows = [line.split() for line in said.splitlines() if line.startswith(f"{group} ")]
    return {row[1]: int(row[-1]) for row in rows}


def publish_shift(platform: Platform) -> str:
    starts_at = datetime.now(UTC) + timedelta(days=1)
    shift = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=2)).isoformat()}
    activity = {
        "station": f"{DISTRICT}-STA-01",
        "title": "花博会志愿服务",
        "service": "culture",
        "place": "服务站",
        "person_in_charge": "值班站长",
        "risk_text": "注意安全",
        "shifts": [shift | {"capacity": CAPACITY}],
    }
    name = f"admin.{DISTRICT}"
    with logged_in(platform, name, platform.password(name)) as admin:
        answer = admin.activities.send("POST", "/v1/activities", json=activity, headers={"Idempotency-Key": "rush"})
    shift_id: str = answer.json()["shift_ids"][0]
    return shift_id


async def rush(ports: Sequence[int], shift: str, tokens: Sequence[str], victim: str) -> list[dict[str, Any]]:
    """Let everybody sign up at once over all APIs; one is killed half-way, and its clients ask another one."""
    turn = asyncio.Semaphore(CONNECTIONS)
    answers: list[dict[str, Any]] = []
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=CONNECTIONS)) as client:

        async def sign_up(number: int, token: str) -> None:
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"rush-{number}"}

            async def answered() -> httpx.Response | None:
                nonlocal number
                number += 1
                url = f"http://127.0.0.1:{ports[number % len(ports)]}/v1/shifts/{shift}/sign-ups"
                try:
                    return await client.post(url, headers=headers)
                except httpx.TransportError:
                    return None

            async with turn:
                response = await eventually(answered)
            assert response is not None
            assert response.status_code == 201, response.text
            answers.append(response.json())
            if len(answers) == len(tokens) // 2:
                await asyncio.to_thread(crash, victim)

        await asyncio.gather(*(sign_up(number, token) for number, token in enumerate(tokens)))
    return answers
