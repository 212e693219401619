"""Programs that some tests need of the machine: without one they are skipped, and the run ends with how to bring it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest

PACKAGES = {
    "chromium": "chromium",
    "docker-compose": "docker-compose",
    "pgbouncer": "pgbouncer",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
"""The Debian package that each is in."""
_MISSING = re.compile(r"Skipped: this machine has no program `([\w-]+)`")


def program(name: str) -> str:
    """Return the path of a program of ``PACKAGES``; skip the test where it is not there."""
    path = shutil.which(name)
    if path is None:
        assert name in PACKAGES
        pytest.skip(f"this machine has no program `{name}`")
    return path


def how_to_bring(skipped: Iterable[pytest.TestReport]) -> str | None:
    """Return one line: how many of the skipped tests want which programs, and the command that brings all of these."""
    found = (_MISSING.match(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    missing = Counter(match[1] for match in found if match)
    if not missing:
        return None
    wanted = ", ".join(f"{count} want {name}" for name, count in sorted(missing.items()))
    packages = " ".join(sorted({PACKAGES[name] for name in missing}))
    return f"{missing.total()} tests skipped ({wanted}); to run them: apt-get install {packages}"
