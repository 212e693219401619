import asyncio
import json
import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy import text

from deploy.local.process import free_port
from services.notifications.app import service
from services.notifications.deliveries.mailer import ENDINGS, PostOffice, mail_work
from services.notifications.deliveries.telling import tell
from services.notifications.messages.domain import EVERYWHERE, Message, Template
from shared.contracts import Event, RegistrationSource, VolunteerRegistered, VolunteerSignedUp
from shared.contracts.envelope import Attributes, headers
from shared.contracts.received import Received
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.contracts.topics import CONTACT
from shared.messaging.consumer import Consumer
from shared.messaging.fault_kinds import is_transient
from shared.messaging.servers import KafkaServers
from shared.service.app import build_app
from shared.store.engine import Store
from shared.store.event_log import new_id
from shared.store.sealing import seal
from shared.work.kind import WorkKind
from shared.work.worker import Worker
from tests.support import topics
from tests.support.emptying import empty
from tests.support.forked import Program
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls
from tests.support.quiescence import partitions_read
from tests.support.services import reactions

DISTRICT = "510115"
SENDER = "post@linbang.example"
KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "alg": ALGORITHM})
AsCaller = Callable[..., httpx.AsyncClient]


@dataclass
class MailServer:
    """A real SMTP server on a port of its own that keeps what it accepts, and refuses as it is told."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What it says to the next recipients, first to last; then it accepts."""
    hang_up_after_content: bool = False
    _controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer.format(address=address)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.hang_up_after_content:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"


@dataclass
class Post:
    """Notifications on real parts: its database, its topics, a mail server, and the key pair of contacts."""

    urls: Urls
    worker: Store
    api: Store
    servers: str
    prefix: str
    producer: AIOKafkaProducer
    server: MailServer
    key: X25519PrivateKey

    @property
    def mails(self) -> WorkKind:
        return mail_work(PostOffice("127.0.0.1", self.server.port, SENDER, contact_key=self.key.private_bytes_raw()))

    def mailer(self) -> Worker:
        """Return the service's worker, with mails for work alone."""
        return Worker(self.worker, [self.mails], ENDINGS, is_transient)

    async def work_off(self) -> None:
        """Have up to a batch of the mails that are due offered, once."""
        async with asyncio.TaskGroup() as tasks:
            await self.mailer()._claim(tasks)

    def consumer(self) -> Consumer:
        return Consumer(reactions("notifications"), self.worker, KafkaServers(self.servers), self.prefix)

    async def publish(self, *events: Received[Event]) -> None:
        """Publish events as another service's relay does."""
        for event in events:
            await self.producer.send(
                self.prefix + event.data.topic,
                value=event.data.model_dump_json().encode(),
                key=event.attributes.subject.encode(),
                headers=headers(event.attributes),
            )
        await self.producer.flush()

    async def publish_contact(self, volunteer_id: UUID, **contact: str) -> None:
        """Publish a contact as registry does; without fields, the tombstone."""
        value = self.sealed(volunteer_id, **contact) if contact else None
        await self.producer.send_and_wait(
            self.prefix + CONTACT.name,
            value=value,
            key=str(volunteer_id).encode(),
            headers=[("ce_district", DISTRICT.encode())],
        )

    def sealed(self, volunteer_id: UUID, **contact: str) -> bytes:
        return seal(self.key.public_key().public_bytes_raw(), [(str(volunteer_id), json.dumps(contact).encode())])[0]

    async def rows(self, query: str, **values: object) -> list[Any]:
        async with self.worker.transaction() as tx:
            return list((await tx.execute(text(query), values)).all())

    async def mail_states(self) -> list[tuple[str, str | None]]:
        """Return (state, reason) of every mail."""
        found = await self.rows("SELECT state, reason FROM delivery WHERE channel = 'email' ORDER BY state, reason")
        return [(row.state, row.reason) for row in found]

    async def settled(self) -> bool:
        """Whether no mail is waiting or being sent, and no work is left of any."""
        of_mails = await self.rows("SELECT 1 FROM delivery WHERE state IN ('queued', 'sending')")
        return not of_mails and not await self.rows("SELECT 1 FROM work WHERE kind = 'mail'")

    async def has_read_all(self) -> bool:
        """Whether the consumer has handled everything that was published."""
        return bool(await partitions_read(["notifications"], self._read, self.servers, self.prefix))

    async def _read(self, _service: str, query: str) -> list[Any]:
        return await self.rows(query)

    async def make_due(self) -> None:
        """Let every wait and claim of mails be over."""
        async with self.worker.transaction() as tx:
            await tx.execute(text("UPDATE work SET due_at = now(), lease_until = claimed_at WHERE kind = 'mail'"))

    @asynccontextmanager
    async def process(self, failpoint: str = "") -> AsyncIterator[Program]:
        """Run the worker in a process of its own, as it is run in production."""
        environment = {
            **os.environ,
            "NOTIFICATIONS_API_DATABASE_URL": self.urls.api,
            "NOTIFICATIONS_WORKER_DATABASE_URL": self.urls.worker,
            "NOTIFICATIONS_PORT": str(free_port()),
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "TOPIC_PREFIX": self.prefix,
            "CONTACT_PRIVATE_KEY": b64encode(self.key.private_bytes_raw()).decode(),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.server.port),
            "SMTP_FROM": SENDER,
            "FAILPOINT": failpoint,
        }
        process = Program(["-m", "services.notifications", "worker"], environment)
        try:
            yield process
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait)


def received(event: Event, subject: UUID, version: int = 1) -> Received[Event]:
    at = datetime.now(UTC)
    return Received(Attributes(new_id(), event.event_type(), at, str(subject), version, DISTRICT), event)


def registered(volunteer_id: UUID, import_id: UUID | None = None) -> Received[Event]:
    event = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=f"V{volunteer_id.hex[:8]}",
        category="resident",
        registered_on=date(2026, 3, 1),
        source=RegistrationSource.IMPORT if import_id else RegistrationSource.SELF,
        import_id=import_id,
    )
    return received(event, volunteer_id)


def signed_up(volunteer_id: UUID) -> Received[Event]:
    sign_up_id = new_id()
    event = VolunteerSignedUp(
        sign_up_id=sign_up_id,
        shift_id=new_id(),
        activity_id=new_id(),
        activity_title="陪伴阅读",
        starts_at=datetime.now(UTC) + timedelta(days=7),
        volunteer_id=volunteer_id,
    )
    return received(event, sign_up_id)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    return await service_database("notifications")


@pytest.fixture
async def post(
    database: Urls, infrastructure: Infrastructure, topic_prefix: str, mail_server: MailServer
) -> AsyncIterator[Post]:
    """Everything empty: its tables, and topics of this test's own."""
    prefix = f"{topic_prefix}{os.urandom(3).hex()}."
    await topics.provision(infrastructure.bootstrap_servers, prefix)
    await empty(database.owner)
    worker, api = Store(database.worker), Store(database.api)
    producer = AIOKafkaProducer(bootstrap_servers=infrastructure.bootstrap_servers)
    await producer.start()
    yield Post(
        database,
        worker,
        api,
        infrastructure.bootstrap_servers,
        prefix,
        producer,
        mail_server,
        X25519PrivateKey.generate(),
    )
    await producer.stop()
    await worker.close()
    await api.close()


def token(volunteer_id: UUID | None, district: str, role: str) -> str:
    claims: dict[str, Any] = {"iss": ISSUER, "sub": str(uuid4()), "district": district, "roles": [role]}
    claims |= {"exp": int(time.time()) + 60, "stepped_up_at": int(time.time())} | (
        {"vid": str(volunteer_id)} if volunteer_id else {}
    )
    return jwt.encode({"alg": ALGORITHM, "kid": "test"}, claims, KEY, algorithms=[ALGORITHM])


@pytest.fixture
async def as_caller(post: Post, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsCaller]:
    """The service's HTTP interface as one account sees it."""
    for name, value in {
        "NOTIFICATIONS_API_DATABASE_URL": post.urls.api,
        "NOTIFICATIONS_WORKER_DATABASE_URL": post.urls.worker,
        "KAFKA_BOOTSTRAP_SERVERS": post.servers,
        "CONTACT_PRIVATE_KEY": b64encode(bytes(32)).decode(),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "25",
        "SMTP_FROM": "post@linbang.example",
    }.items():
        monkeypatch.setenv(name, value)

    async def keys() -> dict[str, Any]:
        return dict(KeySet([KEY]).as_dict(private=False))

    app = build_app(replace(service(), fetch_keys=lambda _store: keys))
    clients = []

    def as_caller(
        volunteer_id: UUID | None, *, language: str = "en", district: str = DISTRICT, role: str = "volunteer"
    ) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token(volunteer_id, district, role)}", "Accept-Language": language}
        clients.append(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notifications", headers=headers)
        )
        return clients[-1]

    async with app.router.lifespan_context(app):
        yield as_caller
    for client in clients:
        await client.aclose()


async def handle(post: Post, events: Sequence[Received[Event]]) -> None:
    """Hand events to the service as the consumer does, without Kafka in between."""
    async with post.worker.transaction() as tx:
        await reactions("notifications").react(tx, events)


async def enter(post: Post, messages: Sequence[Message]) -> None:
    """Enter messages and have them delivered as a reaction does."""
    async with post.worker.transaction() as tx:
        await tell(tx, messages)


def message_without_facts(volunteer_id: UUID) -> Message:
    """Return a message whose template wants facts that it has not."""
    return Message(DISTRICT, new_id(), volunteer_id, Template.SIGN_UP_CONFIRMED, {}, datetime.now(UTC), EVERYWHERE)


def message_of_a_newer_version(volunteer_id: UUID) -> Message:
    """Return a message whose template this version has not."""
    return replace(message_without_facts(volunteer_id), template=cast(Template, "told_tomorrow"))


async def know(post: Post, volunteer_id: UUID, **contact: str) -> None:
    """Have the service know a contact, without Kafka in between."""
    async with post.worker.transaction() as tx:
        await tx.execute(
            text("INSERT INTO contact VALUES (:district, :volunteer_id, :sealed)"),
            {"district": DISTRICT, "volunteer_id": volunteer_id, "sealed": post.sealed(volunteer_id, **contact)},
        )
