"""What the test client knows: what it asked for and what it was answered.

Invariant: an operation is ``ok`` once any attempt was answered 2xx, and then its effects must be there for good; it is
``maybe`` where every attempt ended in a broken connection, a time-out or 503 (Jepsen's ``:info``), and then its effects
may be there, in full; it is ``refused`` where the service said no. Every attempt of an operation carries one
Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Literal
from uuid import UUID

import httpx

from shared.contracts import Provenance, RegistrationSource, ServiceLogged, StationRegistered, VolunteerRegistered
from shared.contracts.event import Event
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id
from tests.fault.system import System
from tests.support.eventually import eventually

Kind = Literal["publish", "sign_up", "withdraw", "accept", "check_in", "check_out", "correct", "log"]
Outcome = Literal["maybe", "ok", "refused"]
_PAUSE = 0.05
_PER_DISTRICT = 12


@dataclass
class Operation:
    """One thing the client wanted done, and how far it got."""

    kind: Kind
    district: str
    key: str
    outcome: Outcome = "maybe"
    replayed: bool = False
    """Whether an answer was the stored one of an earlier attempt."""
    answers: list[Any] = field(default_factory=list)
    """The body of every 2xx answer; they must all be the same."""
    attempts: int = 0
    problem: Any = None
    """Why it was refused."""

    @property
    def answer(self) -> Any:
        return self.answers[-1]


@dataclass
class District:
    """A district of the model: who may be asked for what."""

    code: str
    admin: UUID
    station_id: UUID
    volunteers: list[UUID]

    @property
    def station(self) -> str:
        return f"{self.code}-STA-01"


@dataclass
class World:
    """One seed's districts, and the history of everything that the client did in them."""

    system: System
    districts: list[District]
    history: list[Operation] = field(default_factory=list)
    faulty_answers: list[str] = field(default_factory=list)
    """Answers that no client should ever get: 5xx other than 503."""
    unavailable: int = 0
    """Answers 503: asked again later, the request succeeds."""
    dropped: set[str] = field(default_factory=set)
    """Topics that Kafka has dropped records of, as their retention allows; what it still has must be the newest."""
    addresses: list[str] = field(default_factory=list)
    """Where the API's processes are; an attempt that fails goes on at the next one."""

    @property
    def codes(self) -> list[str]:
        return [district.code for district in self.districts]

    def done(self, *kinds: Kind) -> list[Operation]:
        """Return what was answered 2xx, of some kinds or of all."""
        return [op for op in self.history if op.outcome == "ok" and (not kinds or op.kind in kinds)]

    def tried(self, *kinds: Kind) -> list[Operation]:
        """Return what may have happened, of some kinds or of all."""
        return [op for op in self.history if op.outcome != "refused" and (not kinds or op.kind in kinds)]

    def owners(self) -> dict[UUID, str]:
        """Return which district each known id belongs to."""
        return dict(self._owners())

    def _owners(self) -> Iterator[tuple[UUID, str]]:
        for district in self.districts:
            yield district.station_id, district.code
            yield from ((volunteer, district.code) for volunteer in district.volunteers)
        for op in self.done():
            for found in _ids(op.answer):
                yield found, op.district

    async def send(
        self,
        operation: Operation,
        method: str,
        path: str,
        token: str,
        *,
        json: Any = None,
        version: int | None = None,
        patience: float = 60,
    ) -> Operation:
        """Ask until answered, or for ``patience`` seconds; every attempt is of the same operation."""
        if operation not in self.history:
            self.history.append(operation)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": operation.key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        deadline, first = time.monotonic() + patience, len(self.history)
        while True:
            address = self.addresses[(first + operation.attempts) % len(self.addresses)]
            operation.attempts += 1
            try:
                response = await self.system.http.request(method, f"{address}{path}", headers=headers, json=json)
            except httpx.TransportError:
                pass  # nobody knows whether it happened
            else:
                if self._note(operation, response):
                    return operation
            if time.monotonic() > deadline:
                return operation
            await asyncio.sleep(_PAUSE)

    def _note(self, operation: Operation, response: httpx.Response) -> bool:
        """Take an answer into the history; return whether it settles the operation."""
        if response.is_success:
            operation.outcome = "ok"
            operation.replayed |= "Idempotent-Replayed" in response.headers
            operation.answers.append(response.json() if response.content else None)
        elif response.is_client_error:
            operation.outcome, operation.problem = "refused", response.json()
        elif response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.unavailable += 1
        else:
            self.faulty_answers.append(f"{operation.kind}: {response.status_code} {response.text}")
        return not response.is_server_error

    async def publish(self, district: District, *, capacity: int, starts_in: timedelta = timedelta(minutes=20)) -> UUID:
        """Publish an activity of one shift; return the shift's id. It must succeed."""
        starts_at = datetime.now(UTC) + starts_in
        ends_at = starts_at + timedelta(hours=2)
        body = {
            "station": district.station,
            "title": "社区读书会",
            "service": "culture",
            "place": "活动室",
            "person_in_charge": "站长办公室",
            "risk_text": "地面湿滑时注意安全",
            "shifts": [{"starts_at": f"{starts_at}", "ends_at": f"{ends_at}", "capacity": capacity}],
        }
        op = Operation("publish", district.code, str(new_id()))
        token = self.system.issuer.admin(district.code, district.admin)
        await self.send(op, "POST", "/v1/activities", token, json=body)
        assert op.outcome == "ok", op
        return UUID(op.answer["shift_ids"][0])

    async def sign_up(self, district: District, volunteer: UUID, shift: UUID, **options: Any) -> Operation:
        op = Operation("sign_up", district.code, str(new_id()))
        return await self.send(op, "POST", f"/v1/shifts/{shift}/sign-ups", self._as(district, volunteer), **options)

    async def withdraw(self, district: District, volunteer: UUID, sign_up: str, **options: Any) -> Operation:
        op = Operation("withdraw", district.code, sign_up)
        return await self.send(op, "DELETE", f"/v1/sign-ups/{sign_up}", self._as(district, volunteer), **options)

    async def check_in(self, district: District, sign_up: str, **options: Any) -> Operation:
        """Check somebody in from the list of the district."""
        op = Operation("check_in", district.code, str(new_id()))
        path = f"/v1/sign-ups/{sign_up}/check-in"
        return await self.send(op, "POST", path, self.system.issuer.admin(district.code, district.admin), **options)

    async def check_out(self, district: District, volunteer: UUID, sign_up: str, **options: Any) -> Operation:
        op = Operation("check_out", district.code, str(new_id()))
        body = {"sign_up_id": sign_up}
        return await self.send(op, "POST", "/v1/check-outs", self._as(district, volunteer), json=body, **options)

    async def correct(self, district: District, record: str, version: int, minutes: int, **options: Any) -> Operation:
        """Correct a record that stands at ``version``."""
        op = Operation("correct", district.code, str(new_id()))
        body = {"minutes": minutes, "reason": "核对"}
        token = self.system.issuer.admin(district.code, district.admin)
        path = f"/v1/service-records/{record}/corrections"
        return await self.send(op, "POST", path, token, json=body, version=version, **options)

    async def attend(self, district: District) -> list[tuple[UUID, str]]:
        """Have every volunteer of a district serve since an hour ago; return (volunteer, sign-up) of each."""
        shift = await self.publish(district, capacity=len(district.volunteers))
        signed = await asyncio.gather(*(self.sign_up(district, v, shift) for v in district.volunteers))
        present = [(v, str(op.answer["sign_up_id"])) for v, op in zip(district.volunteers, signed, strict=True)]
        await asyncio.gather(*(self.check_in(district, sign_up) for _, sign_up in present))
        await self.let_pass(shift, timedelta(hours=1))
        return present

    async def let_pass(self, shift: UUID, served: timedelta) -> None:
        """Let those who attend a shift have served for so long: it began before they came."""
        for statement in (
            "UPDATE sign_up SET checked_in_at = checked_in_at - $2::interval WHERE shift_id = $1",
            "UPDATE shift SET starts_at = starts_at - $2::interval - interval '30 minutes' WHERE id = $1",
        ):
            await self.system.execute("activities", statement, shift, served)

    async def log(self, count: int, rng: Random, *, size: int = 50) -> None:
        """Append ``count`` services to activities' log past its API, in transactions of ``size``."""
        store = Store(self.system.urls["activities"].api)
        try:
            for first in range(0, count, size):
                district = rng.choice(self.districts)
                some = [self._logged(district, rng) for _ in range(min(size, count - first))]
                operations = [Operation("log", district.code, str(event.event_id)) for event in some]
                self.history += operations
                async with store.transaction(district.code) as tx:
                    await append(tx, some)
                for op, event in zip(operations, some, strict=True):
                    op.outcome, op.attempts = "ok", 1
                    op.answers.append({"record": {"id": str(event.aggregate_id)}, "minutes": event.data.minutes})  # type: ignore[attr-defined]
        finally:
            await store.close()

    def _logged(self, district: District, rng: Random) -> NewEvent:
        record_id = new_id()
        start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(5000))
        minutes = rng.randint(1, 480)
        data = ServiceLogged(
            record_id=record_id,
            record_no=f"SR{record_id.hex}",
            volunteer_id=rng.choice(district.volunteers),
            station_id=district.station_id,
            activity_title="文明宣传活动",
            service="civic",
            started_at=start,
            ended_at=start + timedelta(minutes=minutes),
            minutes=minutes,
            provenance=Provenance.LEADER,
        )
        return NewEvent(district.code, record_id, 1, data, "account:fault")

    def _as(self, district: District, volunteer: UUID) -> str:
        return self.system.issuer.volunteer(district.code, volunteer)


class Traffic:
    """A steady mix of commands while a fault strikes: in a ``async with`` block, which ends when all are answered.

    Every attendance of the world is checked out, once, and its record then corrected again and again; beside that,
    volunteers sign up for a full shift and withdraw.
    """

    def __init__(self, world: World, rng: Random, *, volunteers: int = _PER_DISTRICT, patience: float = 120) -> None:
        self._world, self._rng, self._patience = world, rng, patience
        self._volunteers = volunteers
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()

    async def __aenter__(self) -> Traffic:
        for district in self._world.districts:
            present = await self._world.attend(district)
            places = await self._world.publish(district, capacity=3, starts_in=timedelta(days=1))
            for volunteer, sign_up in present[: self._volunteers]:
                rng = Random(self._rng.random())
                self._tasks.append(asyncio.create_task(self._serve(district, volunteer, sign_up, places, rng)))
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        self._over.set()
        if kind:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=bool(kind))

    async def goes_on(self, operations: int = 20) -> None:
        """Wait until so many more operations are answered 2xx."""
        wanted = len(self._world.done()) + operations

        async def enough() -> bool:
            return len(self._world.done()) >= wanted

        await eventually(enough)

    async def _serve(self, district: District, volunteer: UUID, sign_up: str, shift: UUID, rng: Random) -> None:
        world, patience = self._world, self._patience
        await asyncio.sleep(rng.random() * 0.1)
        left = await world.check_out(district, volunteer, sign_up, patience=patience)
        if left.outcome != "ok":
            return
        record, version, minutes = left.answer["record"]["id"], 1, left.answer["minutes"]
        place: Operation | None = None
        while not self._over.is_set():
            if rng.random() < 0.7:
                minutes = rng.choice([m for m in range(1, 60) if m != minutes])
                corrected = await world.correct(district, record, version, minutes, patience=patience)
                if corrected.outcome != "ok":
                    return
                version += 1
            elif place is None:
                place = await world.sign_up(district, volunteer, shift, patience=patience)
            elif place.outcome == "ok":
                await world.withdraw(district, volunteer, place.answer["sign_up_id"], patience=patience)
                place = None
            await asyncio.sleep(rng.random() * 0.02)


async def new_world(system: System, *, districts: int = 2, volunteers: int = _PER_DISTRICT) -> World:
    """Have registry tell of new districts' stations and volunteers; return when every service knows them."""
    made = [
        District(str(next(system.district_codes)), new_id(), new_id(), [new_id() for _ in range(volunteers)])
        for _ in range(districts)
    ]
    world = World(system, made, addresses=system.addresses("activities.api"))
    store = Store(system.urls["registry"].worker)
    async with store.transaction() as tx:
        await append(tx, [event for district in made for event in _registry_events(district)])
    await store.close()
    for service in ("activities", "assessment"):
        await eventually(lambda service=service: _knows(world, service))  # type: ignore[misc]
    return world


async def _knows(world: World, service: str) -> bool:
    query = """SELECT (SELECT count(*) FROM known_volunteer WHERE district = ANY($1::text[]))
                    + (SELECT count(*) FROM known_station WHERE district = ANY($1::text[])) AS known"""
    [row] = await world.system.rows(service, query, world.codes)
    return bool(row["known"] == sum(len(district.volunteers) + 1 for district in world.districts))


def _registry_events(district: District) -> Iterator[NewEvent]:
    opened = StationRegistered(
        station_id=district.station_id, code=district.station, name="站", level="station", division_code="1"
    )
    yield _new(district, district.station_id, opened)
    for number, volunteer in enumerate(district.volunteers, start=1):
        registered = VolunteerRegistered(
            volunteer_id=volunteer,
            volunteer_no=f"{district.code}{number:06}",
            category="resident",
            registered_on=date(2026, 3, 1),
            source=RegistrationSource.SELF,
        )
        yield _new(district, volunteer, registered)


def _new(district: District, aggregate_id: UUID, data: Event) -> NewEvent:
    return NewEvent(district.code, aggregate_id, 1, data, "account:fault")


def _ids(value: Any) -> Iterator[UUID]:
    """Return every id in an answer."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)
    elif isinstance(value, str):
        try:
            yield UUID(value)
        except ValueError:
            return
