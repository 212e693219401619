"""One run of one case: its seed, what the seed decides, the system it strikes, and what was checked in the end."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.fault import invariants
from tests.fault.invariants import Findings
from tests.fault.model import World, new_world
from tests.fault.system import System

FAILED = pytest.StashKey[bool]()
REPORT = "FAULT_REPORT"
"""Names the file that gets a line of JSON for every run, for the matrix."""


@dataclass
class Case:
    """A case at one seed: ``rng`` decides the traffic, what is hit and when."""

    name: str
    seed: int
    rng: Random
    system: System
    findings: Findings = field(default_factory=Findings)

    async def world(self, *, districts: int = 2, volunteers: int = 12) -> World:
        """Make this seed's own districts, known to every service."""
        return await new_world(self.system, districts=districts, volunteers=volunteers)

    def nth(self, most: int) -> int:
        """Choose which pass of a failpoint is the fatal one."""
        return self.rng.randint(1, most)

    async def holds(self, world: World, *required: str) -> None:
        """Heal (start what does not run), then check every invariant; ``required`` ones must have had items."""
        await self.system.healed()
        self.findings = await invariants.check(world, *required)


class Stage:
    """A system that runs from its first use on; a case that failed leaves it for a new one to be started."""

    def __init__(self, open_system: Callable[[], AbstractAsyncContextManager[System]]) -> None:
        self._open = open_system
        self._system: System | None = None
        self._stack = AsyncExitStack()

    async def system(self) -> System:
        if self._system is None:
            self._system = await self._stack.enter_async_context(self._open())
        return self._system

    async def clear(self) -> None:
        """Stop the system and its servers."""
        self._system = None
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    @asynccontextmanager
    async def run(self, request: pytest.FixtureRequest, seed: int) -> AsyncIterator[Case]:
        """Give the case that a test is, and report how it went."""
        test = request.function.__name__
        print(f"{test} SEED={seed}")  # noqa: T201 - what it takes to repeat a failure
        case = Case(test, seed, Random(f"{test}:{seed}"), await self.system())
        started = time.monotonic()
        yield case
        failed = request.node.stash.get(FAILED, True)
        _report(case, request.function.__doc__, time.monotonic() - started, green=not failed)
        if failed:
            await self.clear()


def _report(case: Case, doc: str | None, seconds: float, *, green: bool) -> None:
    if REPORT not in os.environ:
        return
    line = {
        "test": case.name,
        "case": row_of(case.name),
        "what": " ".join((doc or "").split()),
        "seed": case.seed,
        "green": green,
        "items": dict(case.findings.items),
        "seconds": round(seconds, 1),
    }
    with Path(os.environ[REPORT]).open("a") as report:
        report.write(json.dumps(line, ensure_ascii=False) + "\n")


def row_of(test: str) -> str:
    """Return the row of the table that a test stands for: ``test_f1_…`` is F1; the state machine is M."""
    if test.startswith("test_state_machine_"):
        return "M"
    found = re.match(r"test_(f\d+)_", test)
    assert found, f"{test} names no case"
    return found[1].upper()
