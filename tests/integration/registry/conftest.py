import asyncio
import csv
import gzip
import io
import os
import secrets
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Row, text

from deploy.local import process
from services.registry.accounts import passwords
from services.registry.app import service as compose
from services.registry.people.domain.identity import check_character
from services.registry.people.roster_import import COLUMNS
from shared.messaging.relay import Relay
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.engine import Store
from shared.work.worker import Worker
from tests.support import topics
from tests.support.eventually import running
from tests.support.importing import importing
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

SAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "sample" / "510115"
OPERATOR_PASSWORD = "the operator's first password"
ADMIN_PASSWORD = "the admin's first password"
REFERENCE_FILES = ("divisions", "organisations", "stations", "teams")


def sample(name: str) -> bytes:
    content = (SAMPLE / name).read_bytes()
    return gzip.decompress(content) if name.endswith(".gz") else content


def id_number(serial: int, *, born: date = date(1955, 1, 1), male: bool = True) -> str:
    """Return a right ID number with the unassigned area code; another one for each serial (500 a day)."""
    days, sequence = divmod(serial, 500)
    first_17 = f"519900{born + timedelta(days=days):%Y%m%d}{2 * sequence + male:03d}"
    return first_17 + check_character(first_17)


def roster_line(serial: int, **changes: str) -> dict[str, str]:
    """Return a faultless line of a roster."""
    return {
        "number": f"510115{70_000_000 + serial}",
        "name": f"张测试{chr(0x4E00 + serial % 5000)}",
        "gender": "男",
        "id_number": id_number(serial),
        "phone": f"170{serial:08d}",
        "email": f"v{serial}@example.org",
        "category": "resident",
        "organisation": "510115-ORG-07",
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
        location = await self.upload(district, kind, content)
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

    def importer(self) -> Worker:
        return importing(self.worker, self.service.imports, b64decode(self.service.settings.file_key))

    def relay(self) -> Relay:
        return Relay(self.worker, self.servers, self.prefix)

    @contextmanager
    def process(
        self, *roles: str, failpoint: str = "", log: BinaryIO | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run roles in a process of their own, logging to ``log``."""
        environment = {**os.environ, **self.environment, "FAILPOINT": failpoint}
        with subprocess.Popen(
            [sys.executable, "-m", "services.registry", *roles], env=environment, stdout=log
        ) as started:
            try:
                yield started
            finally:
                started.kill()


@pytest.fixture(scope="module")
async def idle_registry(
    service_database: ServiceDatabase, infrastructure: Infrastructure, topic_prefix: str, free_port: int
) -> AsyncIterator[Registry]:
    """A registry whose importer and relay are not running."""
    urls = await service_database("registry")
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    contact = X25519PrivateKey.generate()
    environment = {
        "REGISTRY_API_DATABASE_URL": urls.api,
        "REGISTRY_WORKER_DATABASE_URL": urls.worker,
        "REGISTRY_PORT": str(free_port),
        "REGISTRY_MASTER_KEY": _key(),
        "REGISTRY_BLIND_INDEX_KEY": _key(),
        "REGISTRY_FILE_KEY": _key(),
        "FILE_KEY": _key(),
        "CONTACT_PUBLIC_KEY": b64encode(contact.public_key().public_bytes_raw()).decode(),
        "REGISTRY_OPERATOR_PASSWORD": OPERATOR_PASSWORD,
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
        )


@pytest.fixture(scope="module")
async def registry(idle_registry: Registry) -> AsyncIterator[Registry]:
    """A registry at work, with the sample's district 510115 open."""
    async with running(idle_registry.importer().run) as importing, running(idle_registry.relay().run) as relaying:
        idle_registry.loops = importing, relaying
        await idle_registry.open("510115")
        yield idle_registry


@pytest.fixture(scope="module")
def free_port() -> int:
    return process.free_port()


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
