"""`linbang status` tells what is wrong, and what it could not see."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from aiokafka import AIOKafkaProducer
from rich.console import Console
from sqlalchemy import text

from deploy import status
from deploy.status import Lag, Process, Status, look, show
from shared.messaging.observation import LastComparison, LastCount, Parked, View
from shared.store.engine import Store
from shared.work.figures import WorkOfKind
from tests.support import topics
from tests.support.infrastructure import Infrastructure, ServiceDatabase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = "registry.team"


@contextmanager
def process(*, ready: bool) -> Iterator[str]:
    """Answer as a process does that is alive."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            live = b'{"live": true, "stale": []}'
            body = (
                live
                if self.path.endswith("live")
                else b'{"ready": %s, "waiting": ["relay"]}' % str(ready).lower().encode()
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_what_is_reached_is_shown_and_what_is_not_is_named(
    service_database: ServiceDatabase,
    infrastructure: Infrastructure,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "SAMPLE_SECONDS", 0.01)
    urls = await service_database("assessment")
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    async with AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap_servers) as producer:
        for _ in range(5):
            await producer.send_and_wait(topic_prefix + TOPIC, b"x")
    store = Store(urls.worker)
    async with store.transaction() as tx:
        await tx.execute(
            text("INSERT INTO consumer_offset VALUES ('assessment', :topic, 0, 2)"), {"topic": topic_prefix + TOPIC}
        )
    await store.close()
    with process(ready=False) as url:
        seen = await look(
            {
                "ASSESSMENT_WORKER_DATABASE_URL": urls.worker,
                "REGISTRY_WORKER_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/registry",
                "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
                "TOPIC_PREFIX": topic_prefix,
                "LINBANG_PROCESSES": f"assessment={url} registry=http://127.0.0.1:1",
            }
        )
    assert seen.lags == [Lag("assessment", 3, 0.0)]
    assert seen.troubles() == [
        "cannot reach the database of registry",
        "cannot reach the database of activities",
        "cannot reach the database of notifications",
        "cannot reach the database of portal",
        "assessment is not ready",
        "registry does not answer",
        "nobody can log in: registry does not answer (ConnectError)",
        "group assessment stands still",
    ]


def seen(**changes: object) -> Status:
    view = View(0, None, [], [], [LastComparison("ledger", NOW - timedelta(hours=9), 27300, 0, 7)], [], 0.0, [])
    well = {
        "at": NOW,
        "processes": [Process("assessment", "http://assessment", live=True, ready=True)],
        "views": {"assessment": view},
        "lags": [Lag("assessment", 5000, 2500.0)],
    }
    return Status(**{**well, **changes})  # type: ignore[arg-type]


def screen(of: Status) -> str:
    console = Console(width=status.WIDTH, file=io.StringIO())
    show(of, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_system_that_is_well_says_so_with_drain_time_and_comparison() -> None:
    shown = screen(seen())
    assert "ALL IS WELL" in shown
    assert "2.0 s" in shown
    assert "9 h 0 min ago" in shown


def test_a_system_that_is_stopped_is_not_running_and_not_a_list_of_what_is_away() -> None:
    away = [Process(name, "http://x", fault="ConnectError") for name in ("registry", "portal")]
    stopped = seen(processes=away, views={}, lags=[], unreachable=["the database of registry", "Kafka"])
    assert stopped.troubles() == ["the system is not running: no process answers, and no database"]
    assert "NOT WELL: the system is not running" in screen(stopped)


@contextmanager
def registry(status_of_log_in: int, keys: bytes) -> Iterator[str]:
    """Answer as registry does to a log-in of nobody, and to who asks for its keys."""

    class Registry(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status_of_log_in)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "keys", "why"),
    [
        (401, b'{"keys": [{}]}', None),
        (429, b'{"keys": [{}]}', None),
        (500, b'{"keys": [{}]}', "registry answers 500"),
        (401, b'{"keys": []}', "registry has no signing key"),
    ],
)
async def test_all_is_well_only_where_people_can_log_in(answer: int, keys: bytes, why: str | None) -> None:
    with registry(answer, keys) as url:
        assert await status.log_in_fault({"registry-api": url, "portal": "http://127.0.0.1:1"}) == why
    trouble = f"nobody can log in: {why}"
    assert (trouble in seen(log_in=why).troubles()) is (why is not None)
    assert ("ALL IS WELL" in screen(seen(log_in=why))) is (why is None)


def test_programs_read_the_same_as_people() -> None:
    told = json.loads(json.dumps(status.as_object(seen(log_in="registry answers 500")), default=str))
    assert (told["well"], told["running"]) == (False, True)
    assert told["troubles"] == ["nobody can log in: registry answers 500"]
    assert told["lags"] == [{"group": "assessment", "events": 5000, "rate": 2500.0, "drains_in": 2.0}]
    assert told["services"]["assessment"]["compared"][0]["rows"] == 27300


@pytest.mark.row(63)
def test_everything_that_is_wrong_is_named_in_the_verdict_and_fits_the_screen() -> None:
    view = View(
        12,
        (1, 90061.0),
        [Parked("assessment", "undecodable", 3, 60.0), Parked("assessment", "behind_parked", 1200, 5.0)],
        [],
        [LastComparison("ledger", NOW, 27300, 1, 7)],
        [LastCount("assessment", "cn.linbang.activities.ServiceLogged", 2)],
        0.0,
        [WorkOfKind("mail", 7, 5400.0, 0), WorkOfKind("import", 2, 0.0, 1)],
    )
    shown = screen(
        seen(
            views={"assessment": view},
            lags=[Lag("assessment", 10, 0.0)],
            without_history=["activities"],
            unreachable=["Kafka"],
        )
    )
    verdict = " ".join(shown[shown.index("NOT WELL") :].split())
    assert verdict == (
        "NOT WELL: cannot reach Kafka; assessment's outbox does not drain; assessment has 1,203 parked; "
        "assessment has given up 1 of import; assessment's mail is overdue; "
        "assessment's ledger differs from its replay; assessment has missed 2 events; "
        "activities misses history: linbang activities subscribe; group assessment stands still."
    )
    assert "1 d 1 h" in shown
    assert "1 h 30 min" in shown
    assert max(map(len, shown.splitlines())) <= status.WIDTH
    assert len(shown.splitlines()) <= 40
