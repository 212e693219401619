"""Three real Kafka brokers on this machine, from the same jars as the one of local mode, to be killed one by one.

Invariant: every broker is controller too, so any one of them may be lost and the two others go on. Records are kept
three times and acknowledged when two have them (`topics.provision(…, replication=3)`).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.broker import Broker, Cluster
from deploy.local.process import free_port

BROKERS = 3
_HEAP_MEGABYTES = 256


@dataclass(frozen=True)
class Brokers:
    """The three, node 1 first; ``kill`` and ``start`` take a node's number."""

    nodes: tuple[Broker, ...]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.bootstrap_servers for node in self.nodes)

    def kill(self, node: int) -> None:
        """End a broker as a power cut does."""
        _kill(self.nodes[node - 1])

    def start(self, node: int) -> None:
        """Start a killed broker on its data; it is in the cluster again when `in_sync` says so."""
        self.nodes[node - 1].start()

    async def leader(self, topic: str, partition: int = 0) -> int:
        """Return the node that leads a partition; -1 while there is none, or the one that was asked is down."""
        try:
            return int((await self._partitions(topic))[partition]["leader"])
        except (KafkaError, OSError):
            return -1

    async def in_sync(self, topic: str) -> bool:
        """Whether every partition of a topic has all its copies in sync."""
        try:
            return all(len(each["isr"]) == BROKERS for each in (await self._partitions(topic)).values())
        except (KafkaError, OSError):
            return False

    async def _partitions(self, topic: str) -> dict[int, dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5000)
        await admin.start()
        try:
            [described] = await admin.describe_topics([topic])
            return {each["partition"]: each for each in described["partitions"]}
        finally:
            await admin.close()


@contextmanager
def three_brokers(directory: Path) -> Iterator[Brokers]:
    """Start three brokers as one cluster, give them, and remove them with their data in the end."""
    ports = tuple(free_port() for _ in range(2 * BROKERS))
    cluster = Cluster(ports[:BROKERS])
    with ExitStack() as stack:
        stack.callback(rmtree, directory, ignore_errors=True)
        nodes = tuple(
            Broker(
                directory / f"kafka-{node}",
                port,
                controller,
                cluster=cluster,
                heap_megabytes=_HEAP_MEGABYTES,
                short_lived=True,
            )
            for node, (controller, port) in enumerate(zip(ports, ports[BROKERS:], strict=False), start=1)
        )
        for node in nodes:
            node.start()
            stack.callback(_kill, node)  # the last of three would wait for a quorum to take leave of
        for node in nodes:
            node.wait()
        yield Brokers(nodes)


def _kill(node: Broker) -> None:
    if node.child.exit_code() is None:
        os.kill(node.child.pid, signal.SIGKILL)
    while node.child.exit_code() is None:
        time.sleep(0.01)
