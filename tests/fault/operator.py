"""What an operator does from a command line: ``linbang <service> …``, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from deploy.local.paths import ROOT
from deploy.provision import ROLES, url_name
from tests.fault.system import System


def linbang(system: System, *arguments: str, code: int = 0) -> str:
    """Run ``linbang`` on a system; return what it said. It must end with that exit code."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": system.bootstrap_servers,
        "TOPIC_PREFIX": system.prefix,
        **{url_name(service, role): getattr(urls, role) for service, urls in system.urls.items() for role in ROLES},
    }
    command = [sys.executable, "-c", "from services.cli import app; app()", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout
