"""A trace goes from a request through outbox and Kafka to what consumers do and cause, in processes of their own.

The collector is a real one in small: OTLP over HTTP, decoded with OpenTelemetry's own protocol.
"""

import asyncio
import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from deploy.local.process import free_port
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from tests.support import topics
from tests.support.eventually import eventually
from tests.support.forked import Program
from tests.support.infrastructure import Infrastructure, ServiceDatabase

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
PERSON = "张测试"
BATCH = {1: True, 2: False, 3: True}
"""Trace ids of the requests that one batch has, and whether they are recorded."""


@dataclass
class Collector:
    """The spans that have been received, each once: an exporter that hears no answer in time sends them again."""

    received: dict[bytes, Span] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)
    url: str = ""

    @property
    def spans(self) -> list[Span]:
        """The spans of what went well: a batch that failed is read again, and is there twice."""
        return [span for span in self.received.values() if span.status.code != Status.STATUS_CODE_ERROR]

    def named(self, name: str, trace: str) -> list[Span]:
        """Return the spans of a name in a trace."""
        return [span for span in self.spans if span.name == name and span.trace_id.hex() == trace]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                collector.services |= {
                    a.value.string_value for a in resource.resource.attributes if a.key == "service.name"
                }
                for scope in resource.scope_spans:
                    collector.received |= {span.span_id: span for span in scope.spans}
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        collector.url = f"http://127.0.0.1:{server.server_port}"
        yield collector
        server.shutdown()


@dataclass
class Traced:
    """The traced service, each of its roles a process."""

    environment: dict[str, str]
    logs: Path
    processes: list[Program] = field(default_factory=list)
    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    async def start(self, role: str) -> str:
        """Start a role, wait until it is ready, return its address."""
        port = free_port()
        process = self._spawn(role, port)
        address = f"http://127.0.0.1:{port}"
        await eventually(partial(self._is_ready, address, process))
        return address

    def _spawn(self, role: str, port: int) -> Program:
        with (self.logs / role).open("wb") as log:
            process = Program(
                ["-m", "tests.support.traced", role],
                {**os.environ, **self.environment, "ASSESSMENT_PORT": str(port)},
                output=log.fileno(),
            )
        self.processes.append(process)
        return process

    async def _is_ready(self, address: str, process: Program) -> bool:
        assert process.poll() is None
        try:
            return (await self.http.get(f"{address}/health/ready")).is_success
        except httpx.TransportError:
            return False

    def lines(self, role: str) -> list[dict[str, Any]]:
        """Return a process's standard output: every line of it is a JSON object."""
        return [json.loads(line) for line in (self.logs / role).read_text().splitlines()]

    async def form_team(self, address: str, traceparent: str) -> None:
        answer = await self.http.post(
            f"{address}/v1/teams/{uuid4()}", params={"name": PERSON}, headers={"traceparent": traceparent}
        )
        assert answer.status_code == 201, answer.text

    async def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            await asyncio.to_thread(process.wait, 30)
        await self.http.aclose()


@dataclass
class Seen:
    """What was collected and logged of three requests that one batch has, and one that came alone."""

    collector: Collector
    logs: dict[str, list[dict[str, Any]]]
    prefix: str

    def one(self, name: str, trace: str = TRACE) -> Span:
        (span,) = self.collector.named(name.format(prefix=self.prefix), trace)
        return span


@pytest.fixture(scope="module")
async def seen(
    service_database: ServiceDatabase,
    infrastructure: Infrastructure,
    topic_prefix: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    urls, servers = await service_database("assessment"), infrastructure.bootstrap_servers
    await topics.provision(servers, topic_prefix)
    with collecting() as collector:
        environment = {
            "ASSESSMENT_API_DATABASE_URL": urls.api,
            "ASSESSMENT_WORKER_DATABASE_URL": urls.worker,
            "KAFKA_BOOTSTRAP_SERVERS": servers,
            "TOPIC_PREFIX": topic_prefix,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        traced = Traced(environment, tmp_path_factory.mktemp("logs"))
        api, _ = await asyncio.gather(traced.start("api"), traced.start("relay"))
        for number, sampled in BATCH.items():
            await traced.form_team(api, f"00-{number:032x}-{CALLER}-{sampled:02x}")

        async def are_published() -> bool:
            return (await end_offsets(KafkaServers(servers), [f"{topic_prefix}registry.team"]))[
                topic_prefix + "registry.team", 0
            ] == 3

        await eventually(are_published)
        await traced.start("consumer")

        async def heard() -> list[Span]:
            return [span for span in collector.spans if span.name == "hear"]

        await eventually(heard)
        await traced.form_team(api, f"00-{TRACE}-{CALLER}-01")

        async def heard_of_the_last() -> list[Span]:
            return collector.named("hear", TRACE)

        await eventually(heard_of_the_last)
        await traced.stop()
    return Seen(collector, {role: traced.lines(role) for role in ("api", "relay", "consumer")}, topic_prefix)


def attributes(span: Span) -> dict[str, str | int]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def links(span: Span) -> set[bytes]:
    return {link.span_id for link in span.links}


def test_one_request_is_one_trace_through_outbox_and_kafka_to_what_it_causes(seen: Seen) -> None:
    way = [
        seen.one("POST /v1/teams/{{team_id}}"),
        seen.one("create {prefix}registry.team"),
        seen.one("process {prefix}registry.team"),
        seen.one("open_station"),
        seen.one("create {prefix}registry.station"),
        seen.one("process {prefix}registry.station"),
        seen.one("hear"),
    ]
    assert [span.parent_span_id for span in way] == [bytes.fromhex(CALLER), *(span.span_id for span in way[:-1])]
    assert seen.collector.services == {"linbang-assessment"}


def test_what_is_sent_and_processed_is_linked_to_what_was_created(seen: Seen) -> None:
    created = seen.one("create {prefix}registry.team")
    assert links(seen.one("send {prefix}registry.team")) == {created.span_id}
    assert links(seen.one("process {prefix}registry.team")) == {created.span_id}


def test_a_batch_has_a_trace_of_its_own_linked_to_each_record_whose_trace_is_recorded(seen: Seen) -> None:
    recorded = [f"{number:032x}" for number, sampled in BATCH.items() if sampled]
    created = [seen.one("create {prefix}registry.team", trace) for trace in recorded]
    named = [span for span in seen.collector.spans if span.name == f"process {seen.prefix}registry.team"]
    (processed,) = [span for span in named if links(span) == {made.span_id for made in created}]
    assert processed.parent_span_id == b""
    assert attributes(processed)["messaging.batch.message_count"] == len(BATCH)
    not_recorded = {f"{number:032x}" for number in BATCH} - set(recorded)
    assert not_recorded.isdisjoint(span.trace_id.hex() for span in seen.collector.spans)


def test_spans_are_named_and_described_by_the_conventions(seen: Seen) -> None:
    request = seen.one("POST /v1/teams/{{team_id}}")
    processed = seen.one("process {prefix}registry.team")
    kinds = [span.kind for span in (request, seen.one("create {prefix}registry.team"), processed)]
    assert kinds == [Span.SPAN_KIND_SERVER, Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER]
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/v1/teams/{team_id}",
        "http.response.status_code": 201,
    }
    assert attributes(processed) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": f"{seen.prefix}registry.team",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "assessment",
        "messaging.batch.message_count": 1,
        "messaging.kafka.offset": 3,
    }


def test_neither_spans_nor_logs_hold_what_a_query_said_of_a_person(seen: Seen) -> None:
    everything = f"{seen.collector.spans}{seen.logs}"
    assert PERSON not in everything
    assert quote(PERSON) not in everything
    assert PERSON.encode("unicode_escape").decode() not in everything


def test_a_log_line_has_the_trace_and_the_span_that_it_was_written_in(seen: Seen) -> None:
    (line,) = [one for one in seen.logs["api"] if one["event"] == "team formed" and one["trace_id"] == TRACE]
    assert line["span_id"] == seen.one("POST /v1/teams/{{team_id}}").span_id.hex()
    (line,) = [one for one in seen.logs["consumer"] if one["event"] == "stations heard of" and one["trace_id"] == TRACE]
    assert line["span_id"] == seen.one("hear").span_id.hex()


def test_libraries_log_in_the_same_form(seen: Seen) -> None:
    (line,) = [one for one in seen.logs["consumer"] if "Auto create topics" in one["event"]]
    assert (line["level"], line["service"]) == ("warning", "assessment")
    assert line["timestamp"]
