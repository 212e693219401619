"""The runner from outside: start, start again, kill, a dead service, a taken port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from deploy.local.paths import STATE
from deploy.local.process import free_port
from deploy.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.infrastructure import Infrastructure

_LINBANG = [sys.executable, "-c", "from services.cli import app; app()", "local"]
_READY_SECONDS = 600


class Runner:
    """`linbang local …` on a state directory and ports of its own, with the Kafka of the test run."""

    def __init__(self, state: Path, bootstrap_servers: str, topic_prefix: str) -> None:
        ports = {f"{service}_PORT".upper(): str(free_port()) for service in SERVICES}
        ports |= {"POSTGRES_PORT": str(free_port()), "SMTP_PORT": str(free_port())}
        self.state = state
        self.ports = ports
        self.output = state.with_name("up.txt")
        self.environment = dict(os.environ) | ports
        self.environment |= {"LINBANG_STATE": str(state), "TOPIC_PREFIX": topic_prefix}
        self.environment |= {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}

    def run(self, action: str) -> subprocess.CompletedProcess[str]:
        command = [*_LINBANG, action]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=600)

    def up(self) -> subprocess.Popen[bytes]:
        """Start it and wait until it says that everything runs."""
        with self.output.open("wb") as output:
            process = subprocess.Popen([*_LINBANG, "up"], env=self.environment, stdout=output, stderr=output)
        deadline = time.monotonic() + _READY_SECONDS
        while "Ctrl-C stops" not in self.output.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                pytest.fail(f"did not start:\n{self.output.read_text()}")
            time.sleep(0.05)
        return process

    def leftovers(self) -> list[str]:
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            environment, command = process.info["environ"] or {}, process.info["cmdline"] or []
            if str(self.state) in " ".join(command) or environment.get("REGISTRY_PORT") == self.ports["REGISTRY_PORT"]:
                found.append(" ".join(command))
        return found


@pytest.fixture(scope="module")
def runner(infrastructure: Infrastructure, topic_prefix: str) -> Iterator[Runner]:
    state = STATE / "test" / str(os.getpid()) / "up" / "state"
    state.mkdir(parents=True)
    runner = Runner(state, infrastructure.bootstrap_servers, topic_prefix)
    yield runner
    assert runner.run("clean").returncode == 0


def test_it_runs_once_survives_a_kill_and_stops_cleanly(runner: Runner) -> None:
    first = runner.up()
    assert httpx.get(f"http://127.0.0.1:{runner.ports['REGISTRY_PORT']}/health/ready").status_code == httpx.codes.OK

    second = runner.run("up")
    assert second.returncode == 0
    assert "already running" in second.stdout

    first.kill()
    first.wait()
    third = runner.up()
    assert "first start only" not in runner.output.read_text()

    third.send_signal(signal.SIGTERM)
    assert third.wait(60) == 0
    assert runner.leftovers() == []


def test_a_service_that_dies_is_named_and_the_rest_stops(runner: Runner) -> None:
    process = runner.up()
    os.kill(int((runner.state / "run" / "assessment.pid").read_text().split()[0]), signal.SIGKILL)
    assert process.wait(60) == 1
    assert "assessment ended with exit code -9" in runner.output.read_text()
    assert runner.leftovers() == []


def test_a_taken_port_is_named_with_the_setting_that_changes_it(runner: Runner) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(runner.ports["ACTIVITIES_PORT"])))
        other.listen()
        done = runner.run("up")
    assert done.returncode == 1
    assert f"{runner.ports['ACTIVITIES_PORT']} is taken" in done.stdout
    assert "ACTIVITIES_PORT=" in done.stdout
