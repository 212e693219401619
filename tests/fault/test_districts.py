"""Somebody of one district tries everything on another one's: the API refuses, and so does PostgreSQL underneath."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from tests.fault.case import Case
from tests.fault.model import District
from tests.fault.system import System

API = "activities.api"


async def test_f26_token_of_one_district_used_on_another(case: Case) -> None:
    """district A's tokens read, write and replay requests of district B, at the API and as its database role"""
    system, world = case.system, await case.world()
    theirs, ours = case.rng.sample(world.districts, 2)
    (volunteer, sign_up), (_, second), *_ = await world.attend(ours)
    left = await world.check_out(ours, volunteer, sign_up)
    record = left.answer["record"]["id"]
    await world.correct(ours, record, 1, 7)
    shift = await world.publish(ours, capacity=5)
    before = await everything_of(system, ours)
    tokens = [
        system.issuer.admin(theirs.code, theirs.admin),
        system.issuer.volunteer(theirs.code, theirs.volunteers[0]),
        system.issuer.volunteer(theirs.code, volunteer),  # even with the very volunteer's id in it
    ]
    correction = {"json": {"minutes": 1, "reason": "核对"}, "headers": {"If-Match": '"2"'}}
    for token in tokens:
        for method, path, options in (
            ("GET", f"/v1/service-records/{record}", {}),
            ("POST", f"/v1/service-records/{record}/corrections", correction),
            ("POST", f"/v1/shifts/{shift}/sign-ups", {}),
            ("DELETE", f"/v1/sign-ups/{second}", {}),
            ("POST", f"/v1/sign-ups/{second}/check-out", {}),
            ("POST", f"/v1/sign-ups/{second}/undo", {}),
            ("POST", "/v1/check-outs", {"json": {"sign_up_id": second}}),
            ("POST", "/v1/check-outs", {"json": {"sign_up_id": sign_up}, "headers": {"Idempotency-Key": left.key}}),
            ("GET", f"/v1/shifts/{shift}/code", {}),
            ("GET", f"/v1/shifts/{shift}/sign-ups", {"headers": {"X-District": ours.code}}),
        ):
            answer = await send(system, token, method, path, **options)
            assert answer.status_code in (403, 404), f"{method} {path}: {answer.status_code} {answer.text}"
            assert record not in answer.text
        listed = await send(system, token, "GET", f"/v1/service-records?volunteer_id={volunteer}")
        assert listed.status_code == 403 or listed.json()["items"] == []
    await refused_by_the_policies(system, theirs, ours)
    assert await everything_of(system, ours) == before
    await world.log(20, case.rng)
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def send(system: System, token: str, method: str, path: str, **options: object) -> httpx.Response:
    given = options.pop("headers", {})
    assert isinstance(given, dict)
    headers = {"Authorization": f"Bearer {token}", **given}
    return await system.http.request(method, f"{system[API].address}{path}", headers=headers, **options)  # type: ignore[arg-type]


async def everything_of(system: System, district: District) -> list[object]:
    """Return the sign-ups, records and events of a district."""
    return [
        await system.rows("activities", f"SELECT t::text FROM {table} t WHERE district = $1 ORDER BY 1", district.code)
        for table in ("sign_up", "service_record", "shift", "event_log")
    ]


async def refused_by_the_policies(system: System, theirs: District, ours: District) -> None:
    """The API's own role, set to one district, sees and changes nothing of the other, whatever its SQL says."""
    connection = await asyncpg.connect(system.urls["activities"].api)
    try:
        for table in ("sign_up", "service_record", "shift", "activity", "event_log", "idempotency_key"):
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.districts', $1, true)", theirs.code)
                seen = await connection.fetch(f"SELECT 1 FROM {table} WHERE district = $1", ours.code)
                assert seen == [], table
        for statement in (
            "UPDATE service_record SET minutes = 1 WHERE district = $1",
            "UPDATE sign_up SET state = 'withdrawn' WHERE district = $1",
        ):
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.districts', $1, true)", theirs.code)
                assert await connection.execute(statement, ours.code) == "UPDATE 0"
        await connection.execute("SELECT set_config('app.districts', $1, false)", theirs.code)
        insertion = (
            "INSERT INTO idempotency_key (district, account, key, fingerprint) VALUES ($1, 'somebody', 'key', '')"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(insertion, ours.code)
        await connection.execute("RESET app.districts")
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch("SELECT 1 FROM sign_up")  # with no district set
    finally:
        await connection.close()
