"""Activities on real parts: its database, two API instances, tokens, and volunteers and stations that it knows."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy import text

from services.activities.app import service
from services.activities.register import projections
from shared.contracts import RegistrationSource, StationRegistered, VolunteerRegistered
from shared.contracts.actor import Role
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.http import rate_sharing
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from tests.support import topics
from tests.support.emptying import empty
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls

DISTRICT = "510115"
OTHER_DISTRICT = "510116"
STATION = "510115-STA-01"
FILE_KEY = os.urandom(32)
_KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})


async def jwks() -> dict[str, Any]:
    """Give the keys that tests sign with, as registry's JWKS does."""
    return {"keys": [_KEY.as_dict(private=False)]}


def token(
    *roles: str,
    volunteer_id: UUID | None = None,
    district: str = DISTRICT,
    account: UUID | None = None,
    units: Sequence[UUID] = (),
) -> str:
    """Sign a token as registry does."""
    claims = {
        "iss": ISSUER,
        "sub": str(account or volunteer_id or new_id()),
        "district": district,
        "roles": list(roles),
        "units": [str(unit) for unit in units],
        "exp": int(now().timestamp()) + 600,
    }
    if volunteer_id:
        claims["vid"] = str(volunteer_id)
    return jwt.encode({"alg": ALGORITHM, "kid": "test"}, claims, _KEY, algorithms=[ALGORITHM])


@dataclass
class Account:
    """Somebody who calls an API instance; every call goes with their token."""

    client: httpx.AsyncClient
    bearer: str

    async def send(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", **options.pop("headers", {})}
        if key:
            headers["Idempotency-Key"] = key
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        response = await self.send("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json()


@dataclass
class Activities:
    """The service under test."""

    urls: Urls
    worker: Store
    clients: list[httpx.AsyncClient]
    servers: str
    prefix: str
    service: Service
    stores: list[Store] = field(default_factory=list)
    stations: list[UUID] = field(default_factory=list)
    """Those that the service knows, by whatever district."""
    leading: UUID = field(default_factory=new_id)
    """The account of the team leader who publishes."""

    def account(self, *roles: str, volunteer_id: UUID | None = None, instance: int = 0, **claims: Any) -> Account:
        return Account(self.clients[instance], token(*roles, volunteer_id=volunteer_id, **claims))

    def volunteer(self, volunteer_id: UUID, instance: int = 0) -> Account:
        return self.account(Role.VOLUNTEER, volunteer_id=volunteer_id, instance=instance)

    @property
    def leader(self) -> Account:
        return self.account(Role.TEAM_LEADER, account=self.leading)

    @property
    def manager(self) -> Account:
        """The manager of every station there is."""
        return self.account(Role.STATION_MANAGER, units=self.stations)

    async def rows(self, query: str, **values: object) -> list[Any]:
        async with self.worker.transaction() as tx:
            return list((await tx.execute(text(query), values)).all())

    async def as_owner(self, *statements: str) -> None:
        """Do what no role of the service may."""
        owner = Store(self.urls.owner)
        async with owner.transaction() as tx:
            for statement in statements:
                await tx.exec_driver_sql(statement)
        await owner.close()

    async def events(self, name: str = "") -> list[dict[str, Any]]:
        """Return the data of the events of a name, in log order; of all where none is given."""
        found = await self.rows(
            "SELECT data FROM event_log WHERE type LIKE :name ORDER BY position", name=f"%.{name or '%'}.v%"
        )
        return [row.data for row in found]

    async def know_volunteers(self, count: int, district: str = DISTRICT) -> list[UUID]:
        """Have the service know volunteers ``V1``, ``V2``, ..., without Kafka in between."""
        ids = [new_id() for _ in range(count)]
        async with self.worker.transaction() as tx:
            await projections.VOLUNTEERS.project(
                tx, [registered(volunteer, f"V{number}", district) for number, volunteer in enumerate(ids, start=1)]
            )
        return ids

    async def know_station(self, code: str = STATION, district: str = DISTRICT) -> UUID:
        """Have the service know a station, without Kafka in between."""
        station = opened(new_id(), code, district)
        async with self.worker.transaction() as tx:
            await projections.STATIONS.project(tx, [station])
        self.stations.append(station.data.station_id)
        return station.data.station_id

    async def publish(self, *, capacity: int = 20, **changes: Any) -> dict[str, Any]:
        """Publish an activity of one shift through the API; return its answer."""
        response = await self.leader.send("POST", "/v1/activities", json=activity(capacity=capacity, **changes))
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def shift(self, capacity: int = 20) -> UUID:
        return UUID((await self.publish(capacity=capacity))["shift_ids"][0])

    async def check_in(self, volunteer: Account, shift_id: UUID | str) -> dict[str, Any]:
        """Have a volunteer scan what the wall of the place shows."""
        code = await self.leader.get(f"/v1/shifts/{shift_id}/code")
        response = await volunteer.send("POST", "/v1/check-ins", json={"token": code["qr_token"]})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def move_shift(
        self, shift_id: UUID, starts_in: timedelta, lasts: timedelta = timedelta(hours=2), at: datetime | None = None
    ) -> None:
        """Let time pass: the shift starts this long from now, or from ``at``."""
        start = (at or now()) + starts_in
        await self.as_owner(
            f"SET app.districts = '{DISTRICT}'",
            "ALTER TABLE shift NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
            f"UPDATE shift SET starts_at = '{start}', ends_at = '{start + lasts}' WHERE id = '{shift_id}'",
            f"UPDATE sign_up SET starts_at = '{start}', ends_at = '{start + lasts}' WHERE shift_id = '{shift_id}'",
            "ALTER TABLE shift FORCE ROW LEVEL SECURITY",
            "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
        )


def activity(*, capacity: int | None = 20, **changes: Any) -> dict[str, Any]:
    """Return a complete request body for an activity that starts tomorrow."""
    starts_at = datetime.now(UTC) + timedelta(days=1)
    shift = {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "capacity": capacity,
    }
    return {
        "station": STATION,
        "title": "社区读书会",
        "service": "culture",
        "place": "新华社区活动室",
        "person_in_charge": "李站长 13800000000",
        "risk_text": "地面湿滑时注意安全",
        "shifts": [shift],
        **changes,
    }


def registered(volunteer_id: UUID, number: str, district: str = DISTRICT, version: int = 1) -> Received[Any]:
    data = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=number,
        category="resident",
        registered_on=date(2026, 3, 1),
        source=RegistrationSource.SELF,
    )
    return Received(Attributes(new_id(), data.event_type(), now(), str(volunteer_id), version, district), data)


def opened(station_id: UUID, code: str, district: str = DISTRICT, version: int = 1) -> Received[StationRegistered]:
    data = StationRegistered(station_id=station_id, code=code, name=f"站 {code}", level="station", division_code="1")
    return Received(Attributes(new_id(), data.event_type(), now(), str(station_id), version, district), data)


def environment(urls: Urls, servers: str, prefix: str) -> dict[str, str]:
    """Return the settings of the service under test."""
    return {
        "ACTIVITIES_API_DATABASE_URL": urls.api,
        "ACTIVITIES_WORKER_DATABASE_URL": urls.worker,
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": prefix,
        "FILE_KEY": b64encode(FILE_KEY).decode(),
        "ACTIVITIES_ATTENDANCE_KEY": b64encode(bytes(32)).decode(),
    }


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    return await service_database("activities")


@pytest.fixture
async def activities(database: Urls, infrastructure: Infrastructure, topic_prefix: str) -> AsyncIterator[Activities]:
    """Two API instances over an empty database, and a topic prefix of this test's own."""
    prefix = f"{topic_prefix}{os.urandom(3).hex()}."
    servers = infrastructure.bootstrap_servers
    with patch.dict(os.environ, environment(database, servers, prefix)):
        composed = replace(service(), fetch_keys=lambda _: jwks)
    worker = Store(database.worker)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(worker.close)
        clients, stores = [], []
        for _ in range(2):
            app = build_app(composed)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            clients.append(await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://a")))
            stores.append(app.state.store)
        under_test = Activities(database, worker, clients, servers, prefix, composed, stores)
        await empty(database.owner)
        yield under_test


@pytest.fixture
async def kafka(activities: Activities) -> None:
    """The topics of this test, for those that publish or consume."""
    await topics.provision(activities.servers, activities.prefix)


@pytest.fixture
def counted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the exchange of counted tries, once a second, out of what a test measures."""
    monkeypatch.setattr(rate_sharing, "EVERY_SECONDS", 3600.0)


async def in_turn(accounts: Sequence[Account], path: str) -> list[dict[str, Any]]:
    """Post for each account, one after the other; every one must succeed."""
    answers = []
    for account in accounts:
        response = await account.send("POST", path)
        assert response.status_code in (200, 201), response.text
        answers.append(response.json())
    return answers
