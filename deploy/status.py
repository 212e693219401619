"""`linbang status`: the whole system on one screen, with a verdict.

Invariant: it only reads; what it cannot reach it names and goes on, and nothing it could not see is called healthy.
Whether people can log in is asked by a log-in of nobody, which changes nothing.
It sees from outside what the processes say of themselves (their health), what their databases hold (as the worker
role), and where Kafka's topics end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from deploy.provision import reactions
from deploy.services import SERVICES, url_name
from shared.contracts.topics import TOPICS
from shared.messaging.dead_letter import dead_letter_topic
from shared.messaging.kafka_metadata import ends_of_those_there, extents, partition_counts
from shared.messaging.observation import OLD_SECONDS, OVERDUE_SECONDS, View, view
from shared.messaging.positions import positions_of
from shared.messaging.servers import KafkaServers
from shared.messaging.subscription import command_of, missing_history, read_rows
from shared.store.engine import Store

SAMPLE_SECONDS = 2.0
"""Between two looks: what a group consumed in it is its rate."""
ANSWER_SECONDS = 5.0
WIDTH = 100
PROCESSES = "LINBANG_PROCESSES"
_LOG_IN, _NOBODY = ("registry", "registry-api"), "nobody.at-all"
_UNAUTHENTICATED, _TOO_MANY = 401, 429

app = typer.Typer()
Place = tuple[str, int]


@dataclass(frozen=True)
class Process:
    """One process by what it says of itself; ``fault`` where it says nothing."""

    name: str
    url: str
    live: bool = False
    ready: bool = False
    complaints: Sequence[str] = ()
    fault: str = ""


@dataclass(frozen=True)
class Lag:
    """How far one group is behind, in events, and how many it consumes a second."""

    group: str
    events: int
    rate: float

    @property
    def drains_in(self) -> float | None:
        """Seconds until it has caught up at this rate; None where it does not move."""
        return 0.0 if not self.events else self.events / self.rate if self.rate else None


@dataclass(frozen=True)
class Status:
    """What was seen; a service whose database could not be read is missing in ``views``."""

    at: datetime
    processes: Sequence[Process]
    views: Mapping[str, View]
    lags: Sequence[Lag]
    without_history: Sequence[str] = ()
    """Services whose consumer cannot start before an operator has filled its subscriptions."""
    unreachable: Sequence[str] = field(default_factory=list)
    log_in: str | None = None
    """Why nobody can log in; None where the sequence of a log-in works up to the password, or nothing runs."""

    topics: Sequence[str] = ()
    """What is not as agreed about topics, a sentence for each."""

    @property
    def runs(self) -> bool:
        """Whether anything of the system answers: a process, or a database."""
        return bool(self.views) or any(not process.fault for process in self.processes)

    def troubles(self) -> list[str]:
        """Return a sentence for everything that is not as it should be."""
        if not self.runs:
            return ["the system is not running: no process answers, and no database"]
        found = [f"cannot reach {what}" for what in self.unreachable]
        found += filter(None, map(_trouble_of, self.processes))
        if self.log_in is not None:
            found.append(f"nobody can log in: {self.log_in}")
        for service, seen in self.views.items():
            if seen.oldest and (seen.oldest[1] or 0) > OLD_SECONDS:
                found.append(f"{service}'s outbox does not drain")
            if parked := sum(group.records for group in seen.parked):
                found.append(f"{service} has {parked:,} parked")
            found += [f"{service} has given up {w.given_up:,} of {w.kind}" for w in seen.work if w.given_up]
            found += [f"{service}'s {w.kind} is overdue" for w in seen.work if w.due_seconds > OVERDUE_SECONDS]
            found += [f"{service}'s {c.projection} differs from its replay" for c in seen.compared if c.differences]
            if missing := sum(count.missing for count in seen.missing):
                found.append(f"{service} has missed {missing:,} events")
        found += [f"{service} misses history: {command_of(service)}" for service in self.without_history]
        found += self.topics
        found += [f"group {lag.group} stands still" for lag in self.lags if lag.drains_in is None]
        return found


def _trouble_of(process: Process) -> str | None:
    if process.fault:
        return f"{process.name} does not answer"
    if not process.live:
        return f"{process.name} hangs"
    return None if process.ready else f"{process.name} is not ready"


@app.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="for programs: one JSON object, all times in UTC")] = False
) -> None:
    """Show services, outboxes, lag, parked records and comparisons; exit with 0 where all is well, else with 1."""
    logging.disable()  # what cannot be reached is on the screen
    seen = asyncio.run(look(os.environ))
    if as_json:
        print(json.dumps(as_object(seen), default=str, ensure_ascii=False))  # noqa: T201 - no console wraps it
    else:
        show(seen, Console(width=WIDTH, highlight=False))
    sys.exit(1 if seen.troubles() else 0)


def as_object(seen: Status) -> dict[str, object]:
    """Return what was seen as JSON can hold it: the verdict, its sentences, and every figure of the screen."""
    return {
        "at": seen.at.isoformat(),
        "well": not seen.troubles(),
        "running": seen.runs,
        "troubles": seen.troubles(),
        "processes": _plain(seen.processes),
        "lags": [asdict(lag) | {"drains_in": lag.drains_in} for lag in seen.lags],
        "services": _plain(seen.views),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an operator is shown
    """Return dataclasses and named tuples as objects, however deep."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


async def look(environment: Mapping[str, str]) -> Status:
    """Look at everything the environment names."""
    unreachable: list[str] = []
    named = dict(item.split("=", 1) for item in environment.get(PROCESSES, "").split())
    if not named:
        unreachable.append(f"any process: {PROCESSES} names none")
    urls = {service: environment.get(url_name(service, "worker"), "") for service in SERVICES}
    processes = asyncio.gather(*(_ask(name, url) for name, url in named.items()))
    first = await _views(urls)
    lags = await _lags(environment, first, urls, unreachable) if any(v.offsets for v in first.values()) else []
    without_history = await _without_history(environment, urls, first) if "Kafka" not in unreachable else []
    unreachable += [f"the database of {service}" for service in SERVICES if service not in first]
    asked = await processes
    log_in = await log_in_fault(named) if any(not process.fault for process in asked) else None
    odd_topics = await _odd_topics(environment) if "Kafka" not in unreachable else []
    return Status(datetime.now(UTC), asked, first, lags, without_history, unreachable, log_in, odd_topics)


async def log_in_fault(named: Mapping[str, str]) -> str | None:
    """Return why nobody can log in, or None: a name that nobody has is refused as a wrong password is (401).

    Whatever stops a log-in stops this one too: registry away, its keys not those of its database, no signing key.
    """
    url = next((named[name] for name in _LOG_IN if name in named), None)
    if url is None:
        return f"{PROCESSES} names no registry"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS) as client:
            body = {"user_name": _NOBODY, "password": _NOBODY}
            refused = (await client.post("/v1/tokens", json=body)).status_code
            keys = (await client.get("/.well-known/jwks.json")).json().get("keys")
    except (httpx.HTTPError, ValueError) as fault:
        return f"registry does not answer ({type(fault).__name__})"
    if refused not in (_UNAUTHENTICATED, _TOO_MANY):
        return f"registry answers {refused}"
    return None if keys else "registry has no signing key"


async def _ask(name: str, url: str) -> Process:
    try:
        async with httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS) as client:
            live, ready = [(await client.get(f"/health/{kind}")).json() for kind in ("live", "ready")]
        return Process(name, url, live["live"], ready["ready"], [*live["stale"], *ready["waiting"]])
    except (httpx.HTTPError, ValueError, KeyError) as fault:
        return Process(name, url, fault=type(fault).__name__)


async def _views(urls: Mapping[str, str]) -> dict[str, View]:
    seen = await asyncio.gather(*(_view(url) for url in urls.values()))
    return {service: one for service, one in zip(urls, seen, strict=True) if one}


async def _view(url: str) -> View | None:
    if not url:
        return None
    try:
        async with Store(url, pool_size=1) as store, asyncio.timeout(ANSWER_SECONDS), store.transaction() as tx:
            return await view(tx)
    except (SQLAlchemyError, OSError):
        return None


async def _lags(
    environment: Mapping[str, str], first: Mapping[str, View], urls: Mapping[str, str], unreachable: list[str]
) -> list[Lag]:
    """Return each group's lag now, and its rate since ``first``."""
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(SAMPLE_SECONDS)
    second = await _views(urls)
    seconds = asyncio.get_running_loop().time() - started
    before, now = _positions(first), _positions(second)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            ends = await _ends(environment, now)
    except (KafkaError, OSError, ValueError, KeyError):
        unreachable.append("Kafka")
        return []
    return [
        Lag(
            group,
            events=sum(max(0, ends.get(place, offset) - offset) for place, offset in places.items()),
            rate=sum(offset - before.get(group, {}).get(place, offset) for place, offset in places.items()) / seconds,
        )
        for group, places in sorted(now.items())
    ]


async def _ends(environment: Mapping[str, str], positions: Mapping[str, Mapping[Place, int]]) -> dict[Place, int]:
    """Return where the partitions end that are read, as each reader sees them; nothing of a topic it cannot see."""
    ends: dict[Place, int] = {}
    for service, places in positions.items():
        servers = KafkaServers.of_service(service, environment)
        ends |= await ends_of_those_there(servers, {topic for topic, _ in places})
    return ends


async def _without_history(
    environment: Mapping[str, str], urls: Mapping[str, str], services: Iterable[str]
) -> list[str]:
    """Return the services whose consumer waits for `subscribe`; a topic that Kafka does not tell of is not judged."""
    prefix, found = environment.get("TOPIC_PREFIX", ""), []
    for service in services:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                servers = KafkaServers.of_service(service, environment)
                if await _misses_history(service, urls[service], servers, prefix):
                    found.append(service)
        except (KafkaError, SQLAlchemyError, OSError, ValueError, KeyError):
            continue
    return found


async def _odd_topics(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each topic that its writer finds not to be as agreed; nothing of one that asks in vain."""
    prefix, found = environment.get("TOPIC_PREFIX", ""), []
    for service in SERVICES:
        topics = [topic for topic in TOPICS.values() if topic.owner == service]
        copies = [dead_letter_topic(service)] if reactions(service).topics else []
        agreed = {topic.name: topic.partitions for topic in (*topics, *copies)}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                servers = KafkaServers.of_service(service, environment)
                there = await partition_counts(servers, [prefix + name for name in agreed])
        except (KafkaError, OSError, ValueError, KeyError):
            continue
        seen = {name: there[prefix + name] for name in agreed}
        found += [_about(service, name, seen[name], agreed[name]) for name in agreed if seen[name] != agreed[name]]
    return found


def _about(service: str, topic: str, there: int | None, agreed: int) -> str:
    if there is None:
        return f"{service} may not use topic {topic}"
    if not there:
        return f"topic {topic} is not in Kafka: linbang provision"
    if there < agreed:
        return f"topic {topic} has {there} partitions of {agreed}: give it the rest"
    return f"topic {topic} has {there} partitions, but {agreed} were agreed: nothing is written to the others"


async def _misses_history(service: str, url: str, servers: KafkaServers, prefix: str) -> bool:
    table = reactions(service)
    held = await extents(servers, [prefix + topic for topic in table.topics])
    async with Store(url, pool_size=1) as store, store.transaction() as tx:
        rows, positions = await read_rows(tx, service), await positions_of(tx, service)
    return bool(rows and missing_history(table, prefix, rows, positions, held))


def _positions(views: Mapping[str, View]) -> dict[str, dict[Place, int]]:
    """Return where each group goes on in each partition."""
    positions: dict[str, dict[Place, int]] = defaultdict(dict)
    for seen in views.values():
        for offset in seen.offsets:
            positions[offset.consumer][offset.topic, offset.partition] = offset.next_offset
    return positions


def show(seen: Status, console: Console) -> None:
    """Print it: one screen of 100 columns."""
    console.print(f"[bold]Linbang[/]  {seen.at:%Y-%m-%d %H:%M:%S} UTC")
    _print(console, ("process", "live", "ready", "address"), map(_process_row, seen.processes))
    rows = [(service, f"{one.outbox_depth:,}", _oldest(one)) for service, one in seen.views.items()]
    _print(console, ("outbox of", "events", "oldest"), rows)
    lags = [(lag.group, f"{lag.events:,}", f"{lag.rate:,.0f}/s", _drain(lag)) for lag in seen.lags]
    _print(console, ("group", "behind", "consumes", "caught up in"), lags)
    parked = [(p.consumer, p.reason, f"{p.records:,}", _span(p.age)) for one in seen.views.values() for p in one.parked]
    _print(console, ("parked by", "reason", "records", "oldest"), parked)
    work = [
        (f"{service} {w.kind}", f"{w.open:,}", _span(w.due_seconds), f"{w.given_up:,}")
        for service, one in seen.views.items()
        for w in one.work
    ]
    _print(console, ("work", "open", "overdue for", "given up"), work)
    compared = [
        (f"{service} {c.projection}", _ago(seen.at, c.compared_at), f"{c.rows:,}", f"{c.differences:,}")
        for service, one in seen.views.items()
        for c in one.compared
    ]
    _print(console, ("projection", "compared", "rows", "differences"), compared)
    missing = [
        (service, c.event.rpartition(".")[2], f"{c.missing:,}")
        for service, one in seen.views.items()
        for c in one.missing
        if c.missing
    ]
    if missing:
        _print(console, ("missing at", "event", "events"), missing)
    troubles = seen.troubles()
    if troubles:
        console.print(f"[bold red]NOT WELL[/]: {'; '.join(troubles)}.")
    else:
        console.print("[bold green]ALL IS WELL[/]: every process is ready, nothing waits too long, nothing is parked.")


def _print(console: Console, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, name in enumerate(header):
        table.add_column(name, min_width=22 if number == 0 else 10, overflow="fold")
    lines = list(rows) or [("–", *[""] * (len(header) - 1))]
    for line in lines:
        table.add_row(*line)
    console.print()
    console.print(table)


def _process_row(process: Process) -> tuple[str, str, str, str]:
    if process.fault:
        return process.name, "[red]?[/]", "[red]?[/]", f"{process.url} [red]{process.fault}[/]"
    waiting = f" [red]{', '.join(dict.fromkeys(process.complaints))}[/]" if process.complaints else ""
    return process.name, _yes(process.live), _yes(process.ready), f"{process.url}{waiting}"


def _yes(value: bool) -> str:
    return "yes" if value else "[red]no[/]"


def _oldest(one: View) -> str:
    if one.oldest is None:
        return "–"
    return "unknown" if one.oldest[1] is None else _span(one.oldest[1])


def _drain(lag: Lag) -> str:
    if not lag.events:
        return "–"
    return "[red]stands still[/]" if lag.drains_in is None else _span(lag.drains_in)


def _ago(now: datetime, then: datetime) -> str:
    return f"{_span((now - then).total_seconds())} ago"


def _span(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, left = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    start = next(index for index, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[start : start + 2])
