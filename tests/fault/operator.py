"""What an operator does from a command line: ``linbang <service> …``, in a process of its own."""

from __future__ import annotations

from tests.fault.system import System
from tests.support import operator


def linbang(system: System, *arguments: str, code: int = 0) -> str:
    """Run ``linbang`` on a system; return what it said. It must end with that exit code."""
    ended, output = operator.run(operator.environment(system.urls, system.bootstrap_servers, system.prefix), *arguments)
    assert ended == code, output
    return output
