"""What must hold after every fault: the invariants of the system's promise, checked from outside it.

Invariant: each check counts what it has looked at, and one that has looked at nothing fails: a test that cannot fail
proves nothing. Figures are folded here from the event log in plain Python, not by the product's own statements.
``tests/fault/test_invariants.py`` shows each of them fail on a violation.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.envelope import UndecodableEventError, read_attributes
from shared.contracts.topics import TOPICS
from tests.fault.model import Kind, Operation, World
from tests.fault.system import System
from tests.support.eventually import eventually

HEALING_SECONDS = 60
_EVENT_OF: dict[Kind, tuple[str, ...]] = {
    "sign_up": ("VolunteerSignedUp", "VolunteerWaitlisted"),
    "check_in": ("VolunteerCheckedIn",),
    "check_out": ("ServiceLogged",),
    "log": ("ServiceLogged",),
    "correct": ("ServiceCorrected",),
    "publish": ("ActivityPublished",),
    "withdraw": ("SignUpWithdrawn",),
    "accept": ("SignUpPromoted",),
}


@dataclass
class Event:
    """A row of an event log."""

    position: int
    event_id: UUID
    aggregate_id: UUID
    version: int
    name: str
    district: str
    topic: str
    data: dict[str, Any]


@dataclass
class Findings:
    """What the checks have looked at, by invariant, and what they have found broken."""

    items: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def look(self, invariant: str, *, holds: bool, otherwise: str) -> None:
        """Count one item; note it where the invariant does not hold for it."""
        self.items[invariant] += 1
        if not holds:
            self.violations.append(f"{invariant}: {otherwise}")


Check = Callable[[World, Findings], Awaitable[None]]


async def check(world: World, *required: str) -> Findings:
    """Wait until the system has healed, then check every invariant for a world.

    Raises AssertionError naming what is broken, or which of the ``required`` invariants had nothing to look at.
    """
    findings = Findings()
    await check_liveness(world, findings)
    for each in CHECKS:
        await each(world, findings)
    assert not findings.violations, "\n".join(findings.violations[:20])
    empty = [invariant for invariant in required if not findings.items[invariant]]
    assert not empty, f"nothing to look at for {', '.join(empty)}"
    return findings


async def check_liveness(world: World, findings: Findings) -> None:
    """I7: within 60 s of healing, and without an operator, every outbox is empty and every consumer has read all."""
    findings.items["I7"] = await eventually(world.system.at_rest, within=HEALING_SECONDS)
    for answer in world.faulty_answers:
        findings.violations.append(f"I7: a request did not fail closed: {answer}")


async def check_loss(world: World, findings: Findings) -> None:
    """I1: what was answered 2xx is in the log and the ledger; and a row is there exactly with its events."""
    events = await log_of(world, "activities")
    by_aggregate: dict[UUID, list[Event]] = defaultdict(list)
    for event in events:
        by_aggregate[event.aggregate_id].append(event)
    for op in world.done():
        aggregate = _aggregate_of(op)
        if aggregate is None:
            continue  # nothing was to come of it: an attendance of less than a minute
        kept = any(e.name in _EVENT_OF[op.kind] and _matches(op, e) for e in by_aggregate[aggregate])
        findings.look("I1", holds=kept, otherwise=f"{op.kind} {aggregate} was answered, but is not in the log")
    credited = {row["event_id"] for row in await _of(world, "assessment", "SELECT event_id FROM ledger_entry")}
    for event in events:
        if event.name == "ServiceLogged" or (event.name == "ServiceCorrected" and not _changes_nothing(event)):
            holds = event.event_id in credited
            findings.look("I1", holds=holds, otherwise=f"{event.name} {event.event_id} is not in the ledger")
    for table in ("sign_up", "service_record"):
        for row in await _of(world, "activities", f"SELECT id, version FROM {table}"):
            told = sorted(event.version for event in by_aggregate[row["id"]])
            holds = told == list(range(1, row["version"] + 1))
            findings.look("I1", holds=holds, otherwise=f"{table} {row['id']} is at {row['version']}, told: {told}")


async def check_doubles(world: World, findings: Findings) -> None:
    """I2: minutes are those of the distinct events; an operation has one effect however often it was asked for."""
    hours = await _of(world, "assessment", "SELECT volunteer_id, minutes, sessions FROM volunteer_hours")
    live = {row["volunteer_id"]: (row["minutes"], row["sessions"]) for row in hours}
    events = await log_of(world, "activities")
    for volunteer, figures in folded_hours(events).items():
        found = live.pop(volunteer, None)
        findings.look("I2", holds=found == figures, otherwise=f"{volunteer} has {found}, the log says {figures}")
    for volunteer, figures in live.items():
        findings.look("I2", holds=False, otherwise=f"{volunteer} has {figures}, the log has nothing")
    for op in world.history:
        same = all(answer == op.answers[0] for answer in op.answers)
        findings.look("I2", holds=same, otherwise=f"{op.kind} was answered differently: {op.answers}")
    for kind, names in _EVENT_OF.items():
        told = sum(event.name in names for event in events)
        least, most = len([op for op in world.done(kind) if _aggregate_of(op)]), len(world.tried(kind))
        if kind in ("check_out", "log"):
            least = len([op for op in world.done("check_out", "log") if _aggregate_of(op)])
            most = len(world.tried("check_out", "log"))
        holds = least <= told <= most
        findings.look("I2", holds=holds, otherwise=f"{kind}: {least} done, {most} tried, but {told} in the log")


async def check_oversell(world: World, findings: Findings) -> None:
    """I3: at no version are more places given than there are, and the shift's own counts are true."""
    shifts = await _of(world, "activities", "SELECT id, capacity, taken, waiting FROM shift")
    holding: dict[UUID, set[UUID]] = defaultdict(set)
    queue: dict[UUID, set[UUID]] = defaultdict(set)
    capacity = {row["id"]: row["capacity"] for row in shifts}
    for event in await log_of(world, "activities"):
        if event.topic != "activities.sign-up":
            continue
        shift = UUID(event.data["shift_id"])
        if event.name in ("VolunteerSignedUp", "SignUpOffered", "SignUpPromoted"):
            holding[shift].add(event.aggregate_id)
            queue[shift].discard(event.aggregate_id)
        elif event.name == "VolunteerWaitlisted":
            queue[shift].add(event.aggregate_id)
        elif event.name in ("SignUpWithdrawn", "SignUpCancelled", "VolunteerTakenOff"):
            holding[shift].discard(event.aggregate_id)
            queue[shift].discard(event.aggregate_id)
        taken = len(holding[shift])
        holds = taken <= capacity[shift]
        findings.look("I3", holds=holds, otherwise=f"{taken} of {capacity[shift]} places given at {event.position}")
    for row in shifts:
        told = (len(holding[row["id"]]), len(queue[row["id"]]))
        counted = (row["taken"], row["waiting"])
        findings.look("I3", holds=counted == told, otherwise=f"shift {row['id']} counts {counted}, the log {told}")


async def check_projections(world: World, findings: Findings) -> None:
    """I4: every projection is what the event log gives when it is folded anew."""
    events = await log_of(world, "activities")
    entries = await _of(
        world, "assessment", "SELECT record_id, version, kind, volunteer_id, minutes, event_id FROM ledger_entry"
    )
    live = Counter(tuple(row.values()) for row in entries)
    _compare("ledger_entry", live, Counter(folded_ledger(events)), findings)
    hours = await _of(world, "assessment", "SELECT volunteer_id, minutes, sessions FROM volunteer_hours")
    live = Counter(tuple(row.values()) for row in hours)
    _compare("volunteer_hours", live, Counter((v, *f) for v, f in folded_hours(events).items()), findings)
    told = await log_of(world, "registry")
    newest = {event.aggregate_id: event for event in sorted(told, key=lambda event: event.version)}
    for service in ("activities", "assessment"):
        for table, field_name, name in (
            ("known_volunteer", "volunteer_no", "number"),
            ("known_station", "code", "code"),
        ):
            rows = await _of(world, service, f"SELECT id, {name}, version FROM {table}")
            live = Counter(tuple(row.values()) for row in rows)
            folded = Counter((e.aggregate_id, e.data[field_name], e.version) for e in newest.values() if _is(e, table))
            _compare(f"{service}.{table}", live, folded, findings)


async def check_order(world: World, findings: Findings) -> None:
    """I5: in the logs, in Kafka and in the ledger the versions of a key come contiguous; Kafka may repeat, not skip."""
    in_kafka = await published(world.system)
    for service in world.system.urls:
        events = await log_of(world, service)
        versions: dict[UUID, list[int]] = defaultdict(list)
        order: dict[tuple[str, str], list[int]] = defaultdict(list)
        for event in events:
            versions[event.aggregate_id].append(event.version)
            order[world.system.prefix + event.topic, str(event.aggregate_id)].append(event.version)
        for aggregate, told in versions.items():
            holds = told == list(range(1, len(told) + 1))
            findings.look("I5", holds=holds, otherwise=f"{service}'s log has {told} of {aggregate}")
        for (topic, key), expected in order.items():
            sent = in_kafka.get((topic, key), [])
            distinct = list(dict.fromkeys(sent))
            dropped = topic.removeprefix(world.system.prefix) in world.dropped
            holds = distinct == (expected[len(expected) - len(distinct) :] if dropped else expected)
            findings.look("I5", holds=holds, otherwise=f"{topic} has {sent} of {key}, the log has {expected}")
    ledger: dict[UUID, set[int]] = defaultdict(set)
    for row in await _of(world, "assessment", "SELECT record_id, version FROM ledger_entry"):
        ledger[row["record_id"]].add(row["version"])
    for record, entered in ledger.items():
        holds = entered == set(range(1, max(entered) + 1))
        findings.look("I5", holds=holds, otherwise=f"the ledger has {sorted(entered)} of {record}")


async def check_isolation(world: World, findings: Findings) -> None:
    """I8: no row of any table that names one of a district's ids stands under another district."""
    owners = world.owners()
    for service in world.system.urls:
        for table, columns in (await _tables_of_districts(world.system, service)).items():
            for column in columns:
                rows = await world.system.rows(
                    service,
                    f"SELECT district, {column} AS id FROM {table} WHERE {column} = ANY($1::uuid[])",
                    list(owners),
                )
                for row in rows:
                    owner = owners[row["id"]]
                    otherwise = f"{service}.{table} has {row['id']} of {owner} under {row['district']}"
                    findings.look("I8", holds=row["district"] == owner, otherwise=otherwise)


CHECKS: Sequence[Check] = (
    check_loss,
    check_doubles,
    check_oversell,
    check_projections,
    check_order,
    check_isolation,
)


def folded_hours(events: Sequence[Event]) -> dict[UUID, tuple[int, int]]:
    """Return (minutes, sessions) of each volunteer, from distinct events: a record voided is no session."""
    hours: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for event in {event.event_id: event for event in events}.values():
        if event.name == "ServiceLogged":
            figures = hours[UUID(event.data["volunteer_id"])]
            figures[0] += event.data["minutes"]
            figures[1] += 1
        elif event.name == "ServiceCorrected":
            figures = hours[UUID(event.data["volunteer_id"])]
            figures[0] += event.data["minutes"] - event.data["previous_minutes"]
            figures[1] += bool(event.data["minutes"]) - bool(event.data["previous_minutes"])
    return {volunteer: (minutes, sessions) for volunteer, (minutes, sessions) in hours.items()}


def folded_ledger(events: Sequence[Event]) -> Iterator[tuple[Any, ...]]:
    """Give each entry that events make: (record, version, kind, volunteer, minutes, event)."""
    for event in events:
        if event.name == "ServiceLogged":
            yield _entry(event, "credit", event.data["minutes"])
        elif event.name == "ServiceCorrected":
            if event.data["previous_minutes"]:
                yield _entry(event, "reversal", -event.data["previous_minutes"])
            if event.data["minutes"]:
                yield _entry(event, "correction", event.data["minutes"])


async def log_of(world: World, service: str) -> list[Event]:
    """Return a service's log of a world's districts, in order of position."""
    rows = await world.system.rows(
        service,
        """SELECT position, event_id, aggregate_id, aggregate_version, type, district, topic, data::text AS data
           FROM event_log WHERE district = ANY($1::text[]) ORDER BY position""",
        world.codes,
    )
    return [
        Event(
            row["position"],
            row["event_id"],
            row["aggregate_id"],
            row["aggregate_version"],
            row["type"].split(".")[-2],
            row["district"],
            row["topic"],
            json.loads(row["data"]),
        )
        for row in rows
    ]


async def published(system: System) -> dict[tuple[str, str], list[int]]:
    """Return the versions of every (topic, key) in Kafka, in order of their offsets."""
    names = [system.prefix + topic.name for topic in TOPICS.values() if not _carries_copies(topic.name)]
    client = AIOKafkaConsumer(*names, bootstrap_servers=system.bootstrap_servers, auto_offset_reset="earliest")
    await client.start()
    try:
        ends = await client.end_offsets(
            [TopicPartition(name, p) for name in names for p in client.partitions_for_topic(name) or ()]
        )
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        while any([await client.position(partition) < end for partition, end in ends.items()]):
            for records in (await client.getmany(timeout_ms=100)).values():
                for record in records:
                    with suppress(UndecodableEventError):  # what a case has poisoned
                        event = read_attributes(record.headers)
                        found[record.topic, event.subject].append(event.sequence)
        return found
    finally:
        await client.stop()


def _carries_copies(topic: str) -> bool:
    """Whether a topic holds parked records or states, which have no versions."""
    return topic.endswith(".dlt") or TOPICS[topic].cleanup == "compact"


async def _of(world: World, service: str, query: str) -> list[Any]:
    return await world.system.rows(service, f"{query} WHERE district = ANY($1::text[])", world.codes)


async def _tables_of_districts(system: System, service: str) -> dict[str, list[str]]:
    rows = await system.rows(
        service,
        """SELECT table_name, array_agg(column_name::text) AS columns FROM information_schema.columns c
           WHERE table_schema = 'public' AND data_type = 'uuid' AND EXISTS (
               SELECT FROM information_schema.columns d
               WHERE d.table_schema = 'public' AND d.table_name = c.table_name AND d.column_name = 'district')
           GROUP BY table_name""",
    )
    return {row["table_name"]: row["columns"] for row in rows}


def _aggregate_of(op: Operation) -> UUID | None:
    """Return whose event an answered operation must have made, or None where none was due."""
    if op.kind == "withdraw":
        return UUID(op.key)
    answer = op.answer
    if op.kind in ("check_out", "log"):
        return UUID(answer["record"]["id"]) if answer["record"] else None
    return UUID(answer["record_id" if op.kind == "correct" else "id" if op.kind == "publish" else "sign_up_id"])


def _matches(op: Operation, event: Event) -> bool:
    if event.district != op.district:
        return False
    if op.kind == "correct":
        return bool(event.version == op.answer["version"] and event.data["minutes"] == op.answer["minutes"])
    if op.kind in ("check_out", "log"):
        return bool(event.data["minutes"] == op.answer["minutes"])
    return True


def _changes_nothing(event: Event) -> bool:
    return not event.data["minutes"] and not event.data["previous_minutes"]


def _entry(event: Event, kind: str, minutes: int) -> tuple[Any, ...]:
    return event.aggregate_id, event.version, kind, UUID(event.data["volunteer_id"]), minutes, event.event_id


def _is(event: Event, table: str) -> bool:
    return event.topic == ("registry.volunteer" if table == "known_volunteer" else "registry.station")


def _compare(name: str, live: Counter[Any], folded: Counter[Any], findings: Findings) -> None:
    for row in live | folded:
        holds = live[row] == folded[row]
        findings.look("I4", holds=holds, otherwise=f"{name}: {live[row]}x {row}, folded {folded[row]}x")
