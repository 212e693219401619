"""A system of docker-compose.yml under a project of its own, from the images that are on this machine.

Invariant: it is told apart by its project name, publishes free ports only, and goes away with its volumes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from deploy import credentials
from deploy.images import KAFKA, POSTGRES, PROMETHEUS
from deploy.local.paths import ROOT
from deploy.local.process import free_port
from deploy.services import SERVICES
from tests.support.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WATCHED = (
    "docker-compose.yml",
    "docker-compose.packages.yml",
    "docker-compose.monitoring.yml",
    "docker-compose.packages-monitoring.yml",
)


def command() -> list[str]:
    """Give the command that is Compose here, version 2 or 1. Skips the test where there is none."""
    if succeeds("docker", "compose", "version"):
        return ["docker", "compose"]
    return [program("docker-compose")]


def need_engine_and_images() -> None:
    """Skip the test, and say why, unless containers are asked for, an engine answers and `make images` has been run."""
    if os.environ.get("INFRA") != "containers":
        pytest.skip("a whole system of containers is tried with INFRA=containers")
    if not succeeds("docker", "version"):
        pytest.skip("no container engine answers (docker version)")
    for image in (POSTGRES, KAFKA, PROMETHEUS, "linbang:dev"):
        if not succeeds("docker", "image", "inspect", image):
            pytest.skip(f"there is no image {image}: make images")


def settings(ports: Mapping[str, str]) -> dict[str, str]:
    """Give everything that `.env` has to hold."""
    secret = credentials.generate_for_servers() | credentials.generate()
    mail = {"SMTP_HOST": "mail.example.org", "SMTP_PORT": "25", "SMTP_FROM": "linbang@example.org"}
    pages = {"PORTAL_ORIGIN": f"http://127.0.0.1:{ports.get('PORTAL_PORTS', '8105')}"}
    sample = {"REGISTRY_SECOND_FACTOR_REQUIRED": "false"}  # what is tried there logs in by passwords alone
    return {"LINBANG_VERSION": "dev", **mail, **secret, **ports, **pages, **sample}


@dataclass(frozen=True)
class Compose:
    """A project; ``environment`` is its `.env`."""

    project: str
    environment: Mapping[str, str]
    files: Sequence[str] = WATCHED

    def run(self, *arguments: str, check: bool = True) -> str:
        """Run Compose on the project; return what it printed."""
        files = [part for file in self.files for part in ("--file", str(ROOT / file))]
        done = subprocess.run(
            [*command(), "--project-name", self.project, *files, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **self.environment},
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def containers(self, service: str) -> list[str]:
        """Give the ids of a service's containers, whether they run or not."""
        return self.run("ps", "--quiet", service).split()

    def exec(self, container: str, *arguments: str, stdin: str = "") -> str:
        """Run something inside a container; return what it printed."""
        return docker("exec", "--interactive", container, *arguments, stdin=stdin)

    def ports(self, service: str, port: int = 8000) -> list[int]:
        """Give the ports on this machine at which a port of a service's containers is reached."""
        addresses = (docker("port", each, f"{port}/tcp") for each in self.containers(service))
        return sorted(int(address.split()[0].rsplit(":", 1)[1]) for address in addresses)


def crash(container: str) -> None:
    """Kill all that runs in a container, as a crash would; after `docker kill` the engine would leave it stopped."""
    succeeds("docker", "exec", container, "sh", "-c", "kill -9 -1")


def state(container: str) -> tuple[str, int]:
    """Give a container's health and how often it has been restarted."""
    health, restarts = docker(
        "inspect",
        "--format",
        "{{if .State.Running}}{{.State.Health.Status}}{{else}}-{{end}} {{.RestartCount}}",
        container,
    ).split()
    return health, int(restarts)


def succeeds(program: str, *arguments: str) -> bool:
    """Whether a program is there and ends well."""
    return (
        bool(shutil.which(program))
        and not subprocess.run([program, *arguments], check=False, capture_output=True).returncode
    )


def docker(*arguments: str, stdin: str = "") -> str:
    """Run docker; return what it printed."""
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True, input=stdin)
    if done.returncode:
        raise AssertionError(f"docker {arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_ports(apis: int) -> dict[str, str]:
    """Give each service a port, and activities a range with room for so many."""
    ports = {f"{service}_PORTS".upper(): str(free_port()) for service in SERVICES}
    ports["PROMETHEUS_PORT"] = str(free_port())
    while True:
        first = free_port()
        taken = {first, *(int(port) for port in ports.values())}
        if first + 2 * apis < 65536 and not taken & set(range(first + 1, first + 2 * apis)):
            return ports | {"ACTIVITIES_PORTS": f"{first}-{first + 2 * apis}"}


def up(compose: Compose, *arguments: str) -> Iterator[Compose]:
    """Run the system until the generator is closed."""
    try:
        compose.run("up", "--detach", "--no-build", *arguments)
        yield compose
    finally:
        compose.run("down", "--volumes", "--remove-orphans", "--timeout", "20", check=False)
