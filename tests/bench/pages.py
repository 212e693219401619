"""A rush on the portal: 500 volunteers, logged in, press the button of one shift of 50 places, each with a browser
without scripts. The whole page is measured: from the press, over the redirect, to the last byte of the receipt.

They press at moments spread over ten seconds. A small rush warms the processes up.
"""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from statistics import quantiles
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from deploy import assets, credentials
from deploy.demo.browser import Page
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.process import free_port
from deploy.services import ROLES, url_name
from services.portal.sessions.commands import begin_session
from services.portal.sessions.domain import Tokens
from shared.contracts.actor import Role
from shared.http.client import LinbangClient
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from tests.bench.figure import Figure
from tests.bench.rush import DISTRICT, KEY, exactly, publish, token_of
from tests.bench.setting import Setting
from tests.bench.system import is_ready
from tests.support.infrastructure import Urls

NAME = "pages"
VOLUNTEERS, CAPACITY, SECONDS = 500, 50, 10.0
_WARM_UP = 60
_SERVICES = ("registry", "activities", "portal")
_TARGET = 1000
_OK, _CREATED = 200, 201
_CONFIRMED, _WAITING = "已报名", "候补中"

Answer = tuple[int, int, float, str, str, int]
"""Who, the last page's status, the seconds, where the form led, the page, and how many requests were made again."""


@dataclass(frozen=True)
class Running:
    """The services that answer the pages of signing up."""

    urls: dict[str, Urls]
    addresses: dict[str, str]
    session_key: bytes


async def measure(setting: Setting) -> list[Figure]:
    """Let them press; hold what every page said, then and later, against what is on file."""
    running = await start_services(setting)
    await _rush(setting, running, "warm-up", _WARM_UP)
    bare, _ = await _rush(setting, running, "bare", VOLUNTEERS, pages=False)
    async with setting.watched():
        whole, reloads = await _rush(setting, running, "pages", VOLUNTEERS)
    work = f"{VOLUNTEERS} press within {SECONDS:.0f} s for {CAPACITY} places, whole page"
    note = f"({reloads} requests made again; limit: the bare sign-ups at activities)"
    return [
        Figure(f"{work}, {name} {note}", quantiles(whole, n=100)[at], "ms", quantiles(bare, n=100)[at], _TARGET)
        for name, at in (("p50", 49), ("p95", 94))
    ]


async def start_services(setting: Setting) -> Running:
    """Start the services, each with all of its roles, and a server of the keys that the volunteers' tokens have."""
    await setting.new_topics()
    assets.unpack()
    keys, key_port = setting.path("keys.json"), free_port()
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    setting.start("keys", "http.server", str(key_port), "--bind", "127.0.0.1", "--directory", str(keys.parent))
    settings = LocalSettings.model_validate(
        {
            "topic_prefix": setting.prefix,
            "ports": LocalSettings().ports | {service: free_port() for service in _SERVICES},
        }
    )
    secret = credentials.generate()
    databases = {service: await setting.database(service) for service in _SERVICES}
    urls = {url_name(service, role): getattr(databases[service], role) for service in _SERVICES for role in ROLES}
    for service in _SERVICES:
        environment = service_environment(service, settings, secret, urls, KafkaServers(setting.bootstrap_servers))
        if service != "registry":
            environment["JWKS_URL"] = f"http://127.0.0.1:{key_port}/{keys.name}"
        setting.start(service, f"services.{service}", "all", **environment)
        await setting.until(partial(is_ready, settings.base_urls()[service]))
    with LinbangClient(settings.base_urls()["registry"], district=DISTRICT) as operator:
        operator.log_in("operator", secret["REGISTRY_OPERATOR_PASSWORD"])
        form = {"code": DISTRICT, "name": "温江区"}
        operator.send("POST", "/v1/districts", json=form, headers={"Idempotency-Key": "open"})
    return Running(databases, settings.base_urls(), b64decode(secret["PORTAL_SESSION_KEY"]))


async def _rush(
    setting: Setting, running: Running, name: str, volunteers: int, *, pages: bool = True
) -> tuple[list[float], int]:
    """Let volunteers press for a new shift; return each one's milliseconds, and how many requests were made again."""
    people = [new_id() for _ in range(volunteers)]
    shift = await publish(running.urls["activities"], people, CAPACITY)
    address = running.addresses["portal" if pages else "activities"]
    cookies = await begin_sessions(running, people) if pages else []
    moments = Random(volunteers).choices(range(1000), k=volunteers)
    visits = [
        {"at": moment / 1000 * SECONDS, **(_press(shift, address, cookies[n]) if pages else _bare(shift, people[n]))}
        for n, moment in enumerate(moments)
    ]
    plan = setting.path(f"{name}.plan")
    plan.write_text(json.dumps({"address": [urlsplit(address).hostname, urlsplit(address).port], "visits": visits}))
    setting.start(name, "tests.bench.visitors", PLAN=str(plan))
    answers = (await setting.result(name))["answers"]
    setting.stop(name)
    _check_answered(answers, _OK if pages else _CREATED)
    on_file = await exactly(running.urls["activities"], shift, people, CAPACITY)
    if pages:
        _check(people, answers, on_file)
    return [seconds * 1000 for _, _, seconds, *_ in answers], sum(reloads for *_, reloads in answers)


async def begin_sessions(running: Running, people: Sequence[UUID]) -> list[str]:
    """Begin a session for everybody, as a log-in does; return what their browsers keep."""
    store, moment = Store(running.urls["portal"].api), now()
    async with store.transaction(DISTRICT) as tx:
        cookies = [
            await begin_session(
                tx,
                running.session_key,
                DISTRICT,
                person,
                person,
                [Role.VOLUNTEER],
                Tokens(token_of(person), moment + timedelta(hours=1), "unused"),
                moment,
            )
            for person in people
        ]
    await store.close()
    return [f"linbang={cookie}" for cookie in cookies]


def _press(shift: UUID, origin: str, cookie: str) -> Mapping[str, str]:
    """Return the request of the button, and the headers of the page after it."""
    headers = f"Host: {urlsplit(origin).netloc}\r\nCookie: {cookie}\r\nAccept: text/html\r\nAccept-Language: zh-CN"
    form = urlencode({"key": str(new_id()), "activity": ""})
    head = (
        f"POST /shifts/{shift}/sign-up HTTP/1.1",
        headers,
        f"Origin: {origin}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}",
    )
    return {"request": "\r\n".join(head) + f"\r\n\r\n{form}", "headers": headers}


def _bare(shift: UUID, person: UUID) -> Mapping[str, str]:
    """Return the same without pages."""
    head = (
        f"POST /v1/shifts/{shift}/sign-ups HTTP/1.1",
        "Host: bench",
        f"Authorization: Bearer {token_of(person)}",
        "Idempotency-Key: sign-up",
        "Content-Length: 0",
    )
    return {"request": "\r\n".join(head) + "\r\n\r\n", "headers": "Host: bench"}


def _check_answered(answers: Sequence[Answer], expected: int) -> None:
    """Everybody has got what they pressed for."""
    failed = [(status, location, Page.read(body).main.text[:300]) for _, status, _, location, body, _ in answers]
    failed = [one for one in failed if one[0] != expected]
    if failed:
        raise AssertionError(f"{len(failed)} of {len(answers)} failed, as: {failed[0]}")


def _check(people: Sequence[UUID], answers: Sequence[Answer], on_file: Sequence[tuple[str, str, str, int]]) -> None:
    """Everybody was told what is on file and nothing else: a place, or the right position on the waiting list."""
    held = {volunteer: (sign_up_id, number) for sign_up_id, volunteer, _, number in on_file}
    for person, _, _, location, body, _ in answers:
        sign_up_id, number = held[str(people[person])]
        main = Page.read(body).main
        waits = number > CAPACITY
        expected = f"候补第 {number - CAPACITY} 位" if waits else "报名成功"
        state = main.first("span", "state")
        told = (urlsplit(location).path, state.text if state else "", expected in main.text)
        if told != (f"/sign-ups/{sign_up_id}", _WAITING if waits else _CONFIRMED, True):
            raise AssertionError(f"number {number} was told {told}: {main.text[:200]}")
