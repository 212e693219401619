"""Assessment as its readers see it: the HTTP interface over a ledger that events have filled, without Kafka."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

from services.assessment.app import service
from shared.contracts import (
    RegistrationSource,
    ServiceLogged,
    StationRegistered,
    TeamRegistered,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.contracts.actor import Role
from shared.contracts.received import Received
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.service.app import build_app
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, MORNING, logged, received
from tests.support.services import reactions

_KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})
_numbers = count(1)


async def jwks() -> dict[str, Any]:
    """Give the keys that tests sign with, as registry's JWKS does."""
    return {"keys": [_KEY.as_dict(private=False)]}


def token(*roles: str, volunteer_id: UUID | None = None, district: str | list[str] = DISTRICT) -> str:
    """Sign a token as registry does."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": str(new_id()),
        "district": district,
        "roles": list(roles),
        "exp": int(now().timestamp()) + 600,
    }
    if volunteer_id:
        claims["vid"] = str(volunteer_id)
    return jwt.encode({"alg": ALGORITHM, "kid": "test"}, claims, _KEY, algorithms=[ALGORITHM])


@dataclass
class Reader:
    """Somebody who reads; every request goes with their token."""

    client: httpx.AsyncClient
    bearer: str

    async def send(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, params=parameters, headers={"Authorization": f"Bearer {self.bearer}"})

    async def get(self, path: str, **parameters: Any) -> Any:
        response = await self.send(path, **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def pages(self, path: str, **parameters: Any) -> list[Any]:
        """Return the items of all pages."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, **parameters, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    async def faults(self, path: str, **parameters: Any) -> list[tuple[str, str]]:
        """Return field and code of what is refused with 422."""
        response = await self.send(path, **parameters)
        assert response.status_code == 422, response.text
        assert response.headers["content-type"].startswith("application/problem+json")
        return [(fault["field"], fault["code"]) for fault in response.json()["faults"]]


@dataclass
class Reading:
    """The service under test."""

    worker: Store
    client: httpx.AsyncClient
    stations: dict[str, UUID] = field(default_factory=dict)

    def reader(self, *roles: str, volunteer_id: UUID | None = None, district: str | list[str] = DISTRICT) -> Reader:
        return Reader(self.client, token(*roles, volunteer_id=volunteer_id, district=district))

    @property
    def auditor(self) -> Reader:
        return self.reader(Role.AUDITOR)

    async def handle(self, *events: Received[Any]) -> None:
        """Hand events to the service as the consumer does, in one transaction."""
        async with self.worker.transaction() as tx:
            await reactions("assessment").react(tx, events)

    async def volunteer(self, number: str | None = None, **known: Any) -> UUID:
        """Have the service know a volunteer."""
        volunteer_id = new_id()
        await self.handle(registered(volunteer_id, number or f"V{next(_numbers):05}", **known))
        return volunteer_id

    async def station(self, code: str = "510115-STA-01") -> UUID:
        """Have the service know a station."""
        if code not in self.stations:
            data = StationRegistered(
                station_id=new_id(), code=code, name=f"站 {code}", level="station", division_code="510115001"
            )
            await self.handle(received(data, data.station_id))
            self.stations[code] = data.station_id
        return self.stations[code]

    async def team(self, code: str) -> UUID:
        """Have the service know a team."""
        data = TeamRegistered(team_id=new_id(), code=code, name=f"队 {code}", kind="community")
        await self.handle(received(data, data.team_id))
        return data.team_id


def registered(
    volunteer_id: UUID,
    number: str,
    category: str = "resident",
    team_id: UUID | None = None,
    district: str = DISTRICT,
    at: datetime = MORNING,
) -> Received[Any]:
    data = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=number,
        category=category,
        team_id=team_id,
        registered_on=date(2024, 1, 1),
        source=RegistrationSource.SELF,
    )
    return received(data, volunteer_id, 1, district, at)


def moved(volunteer_id: UUID, number: str, team_id: UUID | None, version: int, at: datetime) -> Received[Any]:
    data = VolunteerProfileChanged(
        volunteer_id=volunteer_id,
        volunteer_no=number,
        category="resident",
        team_id=team_id,
        registered_on=date(2024, 1, 1),
    )
    return received(data, volunteer_id, version, at=at)


def served(
    volunteer_id: UUID, minutes: int, start: str = "2025-03-01T09:00+08:00", **details: Any
) -> Received[ServiceLogged]:
    """Return a record of a session that began at a time with an offset."""
    return logged(volunteer_id, minutes, started_at=datetime.fromisoformat(start), **details)


def by_code(groups: Sequence[dict[str, Any]]) -> dict[str | None, tuple[int, int, int]]:
    """Return groups as code -> (minutes, sessions, volunteers)."""
    return {group["code"]: (group["minutes"], group["sessions"], group["volunteers"]) for group in groups}


@asynccontextmanager
async def reading(core: Core) -> AsyncIterator[Reading]:
    """Run the service's HTTP application over the core's database."""
    settings = {
        "ASSESSMENT_API_DATABASE_URL": core.urls.api,
        "ASSESSMENT_WORKER_DATABASE_URL": core.urls.worker,
        "KAFKA_BOOTSTRAP_SERVERS": core.servers,
        "TOPIC_PREFIX": core.prefix,
    }
    with patch.dict("os.environ", settings):
        app = build_app(replace(service(), fetch_keys=lambda _: jwks))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://assessment") as client,
    ):
        yield Reading(core.worker, client)
