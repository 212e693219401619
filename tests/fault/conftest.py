"""Cases take the fixture ``case``: one run for each seed, on a system that they share and each leaves healed.

``SEEDS=20`` runs each case with the seeds 1 to 20 (default 1), ``SEED=7`` with that one alone.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager

import pytest

from tests.fault.case import FAILED, Case, Stage
from tests.fault.system import System, own_servers, running_system


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds(), ids=lambda seed: f"seed{seed}", scope="function")


def seeds() -> list[int]:
    if "SEED" in os.environ:
        return [int(os.environ["SEED"])]
    return list(range(1, int(os.environ.get("SEEDS", "1")) + 1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@asynccontextmanager
async def own_system() -> AsyncIterator[System]:
    async with own_servers() as (directory, postgres, broker), running_system(directory, postgres, broker) as system:
        yield system


@pytest.fixture(scope="session")
async def stage() -> AsyncIterator[Stage]:
    """The system that cases share: its own durable PostgreSQL, its own broker, a process for each role."""
    shared = Stage(own_system)
    yield shared
    await shared.clear()


@pytest.fixture
async def case(request: pytest.FixtureRequest, seed: int, stage: Stage) -> AsyncIterator[Case]:
    async with stage.run(request, seed) as run:
        yield run
