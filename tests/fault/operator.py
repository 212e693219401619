"""What an operator does from a command line: ``linbang <service> …``, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from deploy.local.paths import ROOT
from deploy.provision import url_name
from tests.fault.system import System


def linbang(system: System, *arguments: str) -> str:
    """Run ``linbang`` on a system; return what it said. It must succeed."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": system.bootstrap_servers,
        "TOPIC_PREFIX": system.prefix,
        **{url_name(service, "worker"): urls.worker for service, urls in system.urls.items()},
    }
    command = [sys.executable, "-c", "from services.cli import app; app()", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
