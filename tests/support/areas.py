"""What each area of the tests took, beside its budget, at the end of a run.

Invariant: every test belongs to one area, the first two folders of its path, or the first alone where that is enough.
The times are those of the tests and their fixtures, added up over the workers; a budget is what the area may take on a
quiet machine with two cores, so that the whole stays under twelve minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

from tests.support.programs import how_to_bring

BUDGETS = {
    "browser": 120,
    "containers": 5,
    "contract": 60,
    "fault": 420,
    "integration/activities": 240,
    "integration/assessment": 120,
    "integration/cost": 40,
    "integration/demo": 130,
    "integration/local": 60,
    "integration/messaging": 120,
    "integration/notifications": 75,
    "integration/ops": 40,
    "integration/portal": 75,
    "integration/registry": 130,
    "integration/services": 170,
    "integration/transport": 40,
    "integration/work": 70,
    "replay": 100,
    "unit": 90,
    "upgrade": 40,
}
"""Seconds of one worker, beside two others on two cores."""


def area_of(node: str) -> str:
    """Return the area of a test by its node id, e.g. ``tests/integration/registry/test_http.py::test_...``."""
    folders = node.partition("::")[0].split("/")[1:-1]
    return "/".join(folders[: 2 if folders[0] == "integration" else 1])


class Summary:
    """The plugin, in the process that reports: adds up what tests took, and writes the last lines of the run."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._tests: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        area = area_of(report.nodeid)
        self._seconds[area] += report.duration  # type: ignore[assignment]  # typeshed's Counter counts whole numbers
        self._tests[area] += report.when == "call"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        yield
        terminalreporter.section("areas: seconds of a worker")
        for area, seconds in sorted(self._seconds.items()):
            budget = BUDGETS.get(area)
            beside = "no budget" if budget is None else f"of {budget}{', OVER' if seconds > budget else ''}"
            terminalreporter.line(f"{area:28}{self._tests[area]:6} tests {seconds:7.1f} s {beside}")
        if line := how_to_bring(terminalreporter.stats.get("skipped", [])):
            terminalreporter.line(line, yellow=True)
