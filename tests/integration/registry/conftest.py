import asyncio
import csv
import gzip
import io
import json
import os
import re
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Row, text

from deploy.local import process
from services.registry.accounts import passwords
from services.registry.app import service as compose
from services.registry.consents.texts import NEEDED, TEXTS
from services.registry.people.domain.identity import check_character
from services.registry.people.roster_import import COLUMNS
from services.registry.places.domain import wording
from shared.contracts.topics import TOPICS
from shared.messaging.fault_kinds import is_transient
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.engine import Store
from shared.work.worker import Worker
from tests.support import topics
from tests.support.eventually import eventually, running
from tests.support.forked import Program
from tests.support.importing import importing
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

SAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "sample" / "510115"
OPERATOR_PASSWORD = "the operator's first password"
ADMIN_PASSWORD = "the admin's first password"
CONSENTS = [{"purpose": purpose, "text_version": TEXTS[purpose].version, "given": True} for purpose in NEEDED]
REFERENCE_FILES = ("divisions", "organisations", "stations", "teams")


def code_in(text: str) -> str:
    """Return the code in a text message."""
    found = re.search(r"\b[0-9]{6}\b", text)
    assert found, text
    return found[0]


def sample(name: str) -> bytes:
    content = (SAMPLE / name).read_bytes()
    return gzip.decompress(content) if name.endswith(".gz") else content


def id_number(serial: int, *, born: date = date(1955, 1, 1), male: bool = True) -> str:
    """Return a right ID number with the unassigned area code; another one for each serial (500 a day)."""
    days, sequence = divmod(serial, 500)
    first_17 = f"519900{born + timedelta(days=days):%Y%m%d}{2 * sequence + male:03d}"
    return first_17 + check_character(first_17)


def roster_line(serial: int, *, district: str = "510115", **changes: str) -> dict[str, str]:
    """Return a faultless line of a district's roster."""
    return {
        "number": f"{district}{70_000_000 + serial}",
        "name": f"张测试{chr(0x4E00 + serial % 5000)}",
        "gender": "男",
        "id_number": id_number(serial),
        "phone": f"170{serial:08d}",
        "email": f"v{serial}@example.org",
        "category": "resident",
        "organisation": f"{district}-ORG-07",
        "team": "",
        "skills": "law;tax",
        "services": "civic",
        "community": "",
        "registered_on": "2024-03-01",
    } | changes


def roster(lines: Sequence[dict[str, str]], *, chinese: bool = False) -> bytes:
    """Return a roster as CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS if chinese else COLUMNS.values())
    writer.writerows([line[field] for field in COLUMNS.values()] for line in lines)
    return out.getvalue().encode()


@dataclass
class Registry:
    """A registry on a database of its own: its HTTP interface in process, importer and relay at work."""

    urls: Urls
    environment: dict[str, str]
    contact_private_key: bytes
    service: Service
    http: httpx.AsyncClient
    worker: Store
    api: Store
    servers: str
    prefix: str
    sms_file: Path
    admins: dict[str, dict[str, str]] = field(default_factory=dict)
    """District -> headers of its admin."""
    loops: tuple[asyncio.Task[None], ...] = ()
    """Importer and relay, where they run in this process; what stops one fails the test that waits for it."""

    async def log_in(self, user_name: str, password: str) -> dict[str, str]:
        answer = await self.http.post("/v1/tokens", json={"user_name": user_name, "password": password})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def operator(self, district: str) -> dict[str, str]:
        return await self.log_in("operator", OPERATOR_PASSWORD) | {"X-District": district}

    async def open(self, district: str, *, reference: bool = True) -> dict[str, str]:
        """Open a district with the sample's reference data (codes of its own) and return its admin's headers."""
        operator = await self.operator(district)
        opened = await self.http.post(
            "/v1/districts", json={"code": district, "name": f"区{district}"}, headers=operator
        )
        assert opened.status_code == 201, opened.text
        account = {"user_name": f"admin.{district}", "password": ADMIN_PASSWORD, "roles": ["district_admin"]}
        created = await self.http.post("/v1/accounts", json=account, headers=operator)
        assert created.status_code == 201, created.text
        self.admins[district] = await self.log_in(f"admin.{district}", ADMIN_PASSWORD)
        if reference:
            for kind in REFERENCE_FILES:
                content = sample(f"{kind}.csv").replace(b"510115", district.encode())
                status = await self.take_in(district, kind, content)
                assert (status["state"], status["rejected"]) == ("completed", 0), status
        return self.admins[district]

    async def upload(self, district: str, kind: str, content: bytes) -> str:
        """Upload a file and return where to watch its import."""
        answer = await self.http.post(
            f"/v1/imports/{kind}",
            content=content,
            headers={**self.admins[district], "Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"]

    async def status(self, district: str, location: str) -> dict[str, Any]:
        answer = await self.http.get(location, headers=self.admins[district])
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    async def take_in(self, district: str, kind: str, content: bytes) -> dict[str, Any]:
        """Upload a file, wait for the end of its import and return its status."""
        return await self.follow(district, await self.upload(district, kind, content))

    async def follow(self, district: str, location: str) -> dict[str, Any]:
        """Wait for the end of an import and return its status."""
        status = await self.status(district, location)
        deadline = time.monotonic() + 180  # other test runs may be busy on this machine
        while status["state"] not in {"completed", "failed"}:
            assert time.monotonic() < deadline, status
            for loop in self.loops:
                if loop.done():
                    loop.result()
            await asyncio.sleep(0.05)
            status = await self.status(district, location)
        return status | {"location": location}

    async def report(self, district: str, location: str) -> list[dict[str, str]]:
        answer = await self.http.get(f"{location}/report.csv", headers=self.admins[district])
        return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))

    async def rows(self, statement: str, **parameters: object) -> Sequence[Row[Any]]:
        async with self.worker.transaction() as tx:
            return (await tx.execute(text(statement), parameters)).all()

    async def last_values(self, topic: str) -> dict[str, bytes]:
        """Return the last value of every key of a topic, read to its present end."""
        name = self.prefix + topic
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(name, number) for number in range(TOPICS[topic].partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            found: dict[str, bytes] = {}
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=1000, max_records=20_000)).values():
                    found |= {record.key.decode(): record.value for record in records}
            return found
        finally:
            await consumer.stop()

    def importer(self) -> Worker:
        return importing(self.worker, self.service.imports, b64decode(self.service.settings.file_key))

    async def ask_for_code(self, to: str, purpose: str = "register", **more: str) -> httpx.Response:
        channel = "mail" if "@" in to else "sms"
        return await self.http.post("/v1/codes", json={"purpose": purpose, "channel": channel, "to": to} | more)

    def texts_to(self, phone: str) -> list[str]:
        """Return the text messages that a phone has got."""
        lines = self.sms_file.read_text().splitlines() if self.sms_file.exists() else []
        return [line["text"] for line in map(json.loads, lines) if line["to"] == phone]

    async def next_text(self, phone: str, after: int = 0) -> str:
        """Wait for a phone's text message that comes after so many."""

        async def has_come() -> bool:
            return len(self.texts_to(phone)) > after

        assert await eventually(has_come)
        return self.texts_to(phone)[after]

    async def code(self, phone: str, purpose: str = "register", **more: str) -> str:
        """Ask for a code and return it, as the phone shows it."""
        before = len(self.texts_to(phone))
        asked = await self.ask_for_code(phone, purpose, **more)
        assert asked.status_code == 202, asked.text
        return code_in(await self.next_text(phone, before))

    async def register_self(self, body: Mapping[str, Any], *, key: str = "", code: str = "") -> httpx.Response:
        """Register with a code that went to the phone, and the consents that are needed."""
        code = code or await self.code(wording.phone(body["phone"]))
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(
            "/v1/volunteers/self", json={"consents": CONSENTS} | dict(body) | {"code": code}, headers=headers
        )

    def relay(self) -> Relay:
        return Relay(self.worker, KafkaServers(self.servers), self.prefix)

    @contextmanager
    def process(self, *roles: str, failpoint: str = "", log: BinaryIO | None = None) -> Iterator[Program]:
        """Run roles in a process of their own, logging to ``log``."""
        environment = {**os.environ, **self.environment, "FAILPOINT": failpoint}
        output = log.fileno() if log else 1
        with Program(["-m", "services.registry", *roles], environment, output=output) as started:
            try:
                yield started
            finally:
                started.kill()


@pytest.fixture(scope="module")
async def idle_registry(
    service_database: ServiceDatabase,
    infrastructure: Infrastructure,
    topic_prefix: str,
    free_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Registry]:
    """A registry whose importer and relay are not running."""
    urls = await service_database("registry")
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    contact = X25519PrivateKey.generate()
    sms_file = tmp_path_factory.mktemp("registry") / "sms.jsonl"
    environment = {
        "REGISTRY_SMS_FILE": str(sms_file),
        "REGISTRY_API_DATABASE_URL": urls.api,
        "REGISTRY_WORKER_DATABASE_URL": urls.worker,
        "REGISTRY_PORT": str(free_port),
        "REGISTRY_MASTER_KEY": _key(),
        "REGISTRY_BLIND_INDEX_KEY": _key(),
        "REGISTRY_FILE_KEY": _key(),
        "FILE_KEY": _key(),
        "PORTAL_ADDRESS_KEY": _key(),
        "CONTACT_PUBLIC_KEY": b64encode(contact.public_key().public_bytes_raw()).decode(),
        "REGISTRY_OPERATOR_PASSWORD": OPERATOR_PASSWORD,
        "REGISTRY_SECOND_FACTOR_REQUIRED": "false",
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "TOPIC_PREFIX": topic_prefix,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        service = compose()
    app = build_app(service)
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # what a hash costs is no rule of ours
            patch.setattr(
                passwords, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
            )
            await stack.enter_async_context(app.router.lifespan_context(app))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry", timeout=60)
        await stack.enter_async_context(http)
        worker, api = Store(urls.worker), Store(urls.api)
        stack.push_async_callback(worker.close)
        stack.push_async_callback(api.close)
        yield Registry(
            urls,
            environment,
            contact.private_bytes_raw(),
            service,
            http,
            worker,
            api,
            infrastructure.bootstrap_servers,
            topic_prefix,
            sms_file,
        )


@pytest.fixture(scope="module")
async def registry(idle_registry: Registry) -> AsyncIterator[Registry]:
    """A registry at work, with the sample's district 510115 open."""
    worker = Worker(idle_registry.worker, idle_registry.service.work, {}, is_transient)
    async with (
        running(idle_registry.importer().run) as importing,
        running(idle_registry.relay().run) as relaying,
        running(worker.run) as working,
    ):
        idle_registry.loops = importing, relaying, working
        await idle_registry.open("510115")
        yield idle_registry


@pytest.fixture(scope="module")
def free_port() -> int:
    return process.free_port()


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
