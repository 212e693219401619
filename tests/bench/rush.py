"""A sign-up rush: 5,000 volunteers, each with a token of their own, for one shift of 500, over 128 connections to two
API processes; the relay publishes meanwhile. A first, small shift warms the processes up.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy import text

from deploy import credentials
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.process import free_port
from deploy.services import ROLES, url_name
from services.activities.publishing.commands import publish_activity
from services.activities.publishing.domain import ActivityDraft, ShiftDraft
from shared.contracts.actor import Actor, Role, Scope
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from tests.bench.figure import Figure
from tests.bench.hot_row import CLIENTS, MOST_OF_A_CLIENT, PER_CLIENT, hot_row
from tests.bench.setting import Setting
from tests.bench.system import is_ready
from tests.support.infrastructure import Urls

NAME = "rush"
DISTRICT, STATION = "510115", "510115-STA-01"
VOLUNTEERS, CAPACITY, CONNECTIONS, API_PROCESSES = 5000, 500, 128, 2
_WARM_UP = 1000
KEY = OKPKey.generate_key("Ed25519", {"kid": "bench", "use": "sig"})
_KNOWN_VOLUNTEERS = text("""
    INSERT INTO known_volunteer (district, id, number, version)
    SELECT :district, id, CAST(id AS text), 1 FROM unnest(CAST(:ids AS uuid[])) AS id
""")
_KNOWN_STATION = text("""
    INSERT INTO known_station (district, id, code, name, version)
    VALUES (:district, :id, :code, '', 1)
    ON CONFLICT DO NOTHING
""")
_SIGN_UPS = text("""
    SELECT CAST(id AS text), CAST(volunteer_id AS text), state, queue_number FROM sign_up
    WHERE shift_id = :shift ORDER BY queue_number
""")
_EVENTS = text("""
    SELECT count(*) FROM event_log e JOIN sign_up s ON s.district = e.district AND s.id = e.aggregate_id
    WHERE s.shift_id = :shift
""")


async def measure(setting: Setting) -> list[Figure]:
    """From the first request to the last answer; what was answered and what is on file is checked to the last place."""
    await setting.new_topics()
    urls, addresses = await _start(setting)
    await _rush(setting, urls, addresses, "warm-up", _WARM_UP)
    async with setting.watched():
        seconds, latencies = await _rush(setting, urls, addresses, "crowd", VOLUNTEERS)
    setting.stop()
    baseline, baseline_p99 = await _baseline(setting)
    rush = f"sign-up rush, {VOLUNTEERS:,} for {CAPACITY} places, {CONNECTIONS} connections"
    rate, p99 = VOLUNTEERS / seconds, quantiles(latencies, n=100)[98] * 1000
    return [
        Figure(f"{rush}, answers (limit: pgbench, same statements)", rate, "requests/s", baseline, 2 * baseline),
        Figure(f"{rush}, p99 (limit: p99 of pgbench)", p99, "ms", baseline_p99, 500),
    ]


async def _start(setting: Setting) -> tuple[Urls, list[tuple[str, int]]]:
    """Start the API processes, the relay, and a server of the keys that tokens are signed with."""
    keys, key_port = setting.path("keys.json"), free_port()
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    setting.start("keys", "http.server", str(key_port), "--bind", "127.0.0.1", "--directory", str(keys.parent))
    urls = await setting.database("activities")
    by_name = {url_name("activities", role): getattr(urls, role) for role in ROLES}
    secret = credentials.generate()
    addresses = []
    for role in (*["api"] * API_PROCESSES, "relay"):
        settings = LocalSettings.model_validate(
            {"topic_prefix": setting.prefix, "ports": LocalSettings().ports | {"activities": free_port()}}
        )
        environment = service_environment(
            "activities", settings, secret, by_name, KafkaServers(setting.bootstrap_servers)
        )
        environment["JWKS_URL"] = f"http://127.0.0.1:{key_port}/{keys.name}"
        name = f"activities {role} {settings.port('activities')}"
        setting.start(name, "services.activities", role, **environment)
        await setting.until(partial(is_ready, settings.base_urls()["activities"]))
        if role == "api":
            addresses.append(("127.0.0.1", settings.port("activities")))
    return urls, addresses


async def _rush(
    setting: Setting, urls: Urls, addresses: Sequence[tuple[str, int]], name: str, volunteers: int
) -> tuple[float, list[float]]:
    """Let a crowd sign up for a new shift, check everything, and return the seconds it took and each one's latency."""
    people = [new_id() for _ in range(volunteers)]
    shift = await publish(urls, people, CAPACITY)
    plan = {
        "addresses": addresses,
        "connections": CONNECTIONS,
        "requests": [_request(shift, person) for person in people],
    }
    setting.path(f"{name}.plan").write_text(json.dumps(plan))
    setting.start(name, "tests.bench.crowd", PLAN=str(setting.path(f"{name}.plan")))
    got = await setting.result(name)
    _check(people, got["answers"], await exactly(urls, shift, people, CAPACITY))
    return got["seconds"], [seconds for _, _, seconds, _ in got["answers"]]


async def exactly(urls: Urls, shift: UUID, people: Sequence[UUID], capacity: int) -> list[tuple[str, str, str, int]]:
    """Return the sign-ups of a shift by queue number: id, volunteer, state, number.

    Raises AssertionError where not everybody is there exactly once, with one event, the first ``capacity`` confirmed
    and everybody else waiting, in order and without a gap.
    """
    store = Store(urls.worker)
    async with store.transaction() as tx:
        on_file = [(row[0], row[1], row[2], row[3]) for row in await tx.execute(_SIGN_UPS, {"shift": shift})]
        events = await tx.scalar(_EVENTS, {"shift": shift})
    await store.close()
    if sorted(volunteer for _, volunteer, _, _ in on_file) != sorted(map(str, people)):
        raise AssertionError("not everybody is on file exactly once")
    states = ["confirmed"] * capacity + ["waiting"] * (len(people) - capacity)
    expected = [(state, number) for number, state in enumerate(states, start=1)]
    if [(state, number) for _, _, state, number in on_file] != expected:
        raise AssertionError("places or waiting list are not in order")
    if events != len(people):
        raise AssertionError(f"{events} events for {len(people)} sign-ups")
    return on_file


def _check(people: Sequence[UUID], answers: Sequence[Any], on_file: Sequence[tuple[str, str, str, int]]) -> None:
    """Everyone was answered once, and told what is on file."""
    refused = [(status, body) for _, status, _, body in answers if status != 201]
    if refused or sorted(number for number, *_ in answers) != list(range(len(people))):
        raise AssertionError(f"{len(refused)} refused, {len(answers)} of {len(people)} answered: {refused[:1]}")
    told = {}
    for number, _, _, body in answers:
        answer = json.loads(body)
        told[str(people[number])] = (answer["sign_up_id"], answer["state"], answer["queue_number"], answer["position"])
    for sign_up_id, volunteer, state, number in on_file:
        position = None if state == "confirmed" else number - CAPACITY
        if told[volunteer] != (sign_up_id, state, number, position):
            raise AssertionError(f"{volunteer} was told {told[volunteer]}, on file is {sign_up_id} {state} {number}")


def token_of(volunteer: UUID) -> str:
    """Return a token as registry would give a volunteer, for an hour."""
    claims = {
        "iss": ISSUER,
        "sub": str(volunteer),
        "district": DISTRICT,
        "roles": [Role.VOLUNTEER],
        "vid": str(volunteer),
        "exp": int(now().timestamp()) + 3600,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": "bench"}, claims, KEY, algorithms=[ALGORITHM])


def _request(shift: UUID, volunteer: UUID) -> str:
    """Return the HTTP request by which a volunteer signs up."""
    head = (
        f"POST /v1/shifts/{shift}/sign-ups HTTP/1.1",
        "Host: bench",
        f"Authorization: Bearer {token_of(volunteer)}",
        "Idempotency-Key: sign-up",
        "Content-Length: 0",
    )
    return "\r\n".join(head) + "\r\n\r\n"


async def publish(urls: Urls, volunteers: Sequence[UUID], capacity: int) -> UUID:
    """Make volunteers known as registry's events would, and publish an activity with one shift; return the shift."""
    worker, api = Store(urls.worker), Store(urls.api)
    async with worker.transaction() as tx:
        await tx.execute(_KNOWN_VOLUNTEERS, {"district": DISTRICT, "ids": list(volunteers)})
        await tx.execute(_KNOWN_STATION, {"district": DISTRICT, "id": UUID(int=1), "code": STATION})
    starts_at = now() + timedelta(days=1)
    shift = ShiftDraft(starts_at, starts_at + timedelta(hours=2), capacity)
    draft = ActivityDraft("文明宣传", "civic", "社区活动室", "站长", "注意安全", "", [shift])
    organiser = Actor(name="account:bench", district=DISTRICT, scope=Scope(frozenset([DISTRICT])))
    async with api.transaction(DISTRICT) as tx:
        published = await publish_activity(tx, organiser, STATION, draft)
    await worker.close()
    await api.close()
    return published.shift_ids[0]


async def _baseline(setting: Setting) -> tuple[float, float]:
    """Return what pgbench reaches with a transaction a request, a second, and the p99 of its latency in ms."""
    urls = await setting.database("activities")
    people = [UUID(int=client * PER_CLIENT + n) for client in range(CLIENTS) for n in range(1, MOST_OF_A_CLIENT)]
    return await hot_row(setting, urls, DISTRICT, await publish(urls, people, CAPACITY))
