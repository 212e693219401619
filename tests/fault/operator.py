"""What an operator does from a command line: ``linbang <service> …``, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from deploy.local.paths import ROOT
from tests.fault.system import System
from tests.support.operator import environment


def linbang(system: System, *arguments: str, code: int = 0) -> str:
    """Run ``linbang`` on a system; return what it said. It must end with that exit code."""
    variables = environment(system.urls, system.bootstrap_servers, system.prefix)
    command = [sys.executable, "-c", "from services.cli import app; app()", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout
