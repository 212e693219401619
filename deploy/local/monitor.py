"""Prometheus beside the running local system, with the alerts of ``deploy/prometheus``: ``make monitor``.

Invariant: it only reads. It may be started and stopped at any time, and it outlives the system, so as to show it gone.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import httpx
from rich.console import Console

from deploy.local.environment import LocalSettings
from deploy.local.paths import ROOT, STATE
from deploy.local.process import Child, LocalError, port_is_free
from deploy.local.runner import find_running

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = ROOT / "deploy" / "prometheus" / "rules"
_START_SECONDS = 30
_LOOK_SECONDS = 0.5

console = Console(highlight=False, soft_wrap=True)


def run() -> int:
    """Watch the running system until Ctrl-C; return the exit code."""
    try:
        _watch()
    except KeyboardInterrupt:
        return 0
    except LocalError as error:
        console.print(str(error), style="red", markup=False)
        return 1


def _watch() -> NoReturn:
    system = find_running()
    if system is None:
        raise LocalError("Linbang is not running. Start it in another terminal: make up")
    port = LocalSettings().prometheus_port
    if not port_is_free(port):
        raise LocalError(f"Port {port} is taken; another one: PROMETHEUS_PORT={port + 1000} make monitor")
    targets = {service: (service, url.removeprefix("http://")) for service, url in system.base_urls.items()}
    child = prometheus(STATE / "prometheus", port, targets, RULES)
    try:
        wait(child, port)
        console.print(f"Prometheus watches Linbang: http://127.0.0.1:{port} (see Alerts). Ctrl-C stops it.")
        while child.exit_code() is None:
            time.sleep(_LOOK_SECONDS)
        raise LocalError(f"Prometheus ended.\n{child.last_lines()}")
    finally:
        child.stop()


def prometheus(
    directory: Path, port: int, targets: Mapping[str, tuple[str, str]], rules: Path, *, every: str = "5s"
) -> Child:
    """Start a Prometheus with its data in ``directory``.

    ``targets``: job -> (service, host:port). ``rules``: the folder of the rule files. ``every``: how often it scrapes
    and evaluates, as a duration of Prometheus. Raises LocalError where there is no Prometheus on this machine.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise LocalError("Prometheus is not installed. Debian: apt-get install --no-install-recommends prometheus")
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "prometheus.json"  # JSON is YAML
    file.write_text(json.dumps(_configuration(targets, rules, every), indent=2))
    child = Child(
        name="prometheus",
        command=[
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={directory / 'data'}",
            "--storage.tsdb.retention.time=7d",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ],
        log=directory / "prometheus.log",
        pid_file=directory / "prometheus.pid",
    )
    child.start()
    return child


def wait(child: Child, port: int) -> None:
    """Wait until it answers queries. Raises LocalError where it does not."""
    child.wait_until(lambda: _is_ready(port), _START_SECONDS)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/-/ready", timeout=2).is_success
    except httpx.TransportError:
        return False


def _configuration(targets: Mapping[str, tuple[str, str]], rules: Path, every: str) -> dict[str, object]:
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(rules / "*.yml")],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [address], "labels": {"service": service}}]}
            for job, (service, address) in targets.items()
        ],
    }
