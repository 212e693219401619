"""A forgotten password and a changed phone: by a code, and whoever is concerned hears of it."""

import json
from datetime import timedelta

from sqlalchemy import text

from shared.http.auth import Access
from shared.http.openapi import routes_of
from shared.service.app import build_app
from shared.store.sealing import open_sealed
from tests.integration.registry.conftest import Registry
from tests.integration.registry.self_service.test_codes import let_time_pass, reset
from tests.integration.registry.self_service.test_registration import PASSWORD, person
from tests.support.eventually import eventually


async def registered(registry: Registry, serial: int) -> tuple[str, str, dict[str, str]]:
    """Register somebody; return their id, number and headers."""
    created = (await registry.register_self(person(serial))).json()
    headers = await registry.log_in(created["volunteer_number"], PASSWORD)
    await let_time_pass(registry, timedelta(minutes=2))
    return created["volunteer_id"], created["volunteer_number"], headers


async def test_a_forgotten_password_is_set_anew_by_a_code_and_all_that_was_logged_in_ends(registry: Registry) -> None:
    _, number, headers = await registered(registry, 150)
    code = await registry.code(person(150)["phone"], "password_reset", user_name=number)
    assert await reset(registry, number, code, "short") == (422, "weak")
    assert await reset(registry, number, code) == (204, "")

    async def has_ended() -> bool:
        return (await registry.http.get("/v1/me", headers=headers)).status_code == 401

    assert await eventually(has_ended)
    old = await registry.http.post("/v1/tokens", json={"user_name": number, "password": PASSWORD})
    assert old.status_code == 401
    new = await registry.log_in(number, "the next password")
    account_id = (await registry.http.get("/v1/me", headers=new)).json()["account_id"]
    async with registry.api.transaction("510115") as tx:
        logged = await tx.execute(
            text("SELECT action, actor FROM access_log WHERE subject_id = :id ORDER BY id"), {"id": account_id}
        )
        actions = [(row.action, row.actor) for row in logged]
    assert actions == [
        ("account_opened", f"account:{account_id}"),
        ("account_password_changed", f"account:{account_id}"),
    ]


async def test_an_address_on_file_does_as_well_as_a_phone(registry: Registry) -> None:
    _, number, _ = await registered(registry, 151)
    asked = await registry.ask_for_code(person(151)["email"], "password_reset", user_name=number)
    assert asked.status_code == 202
    [row] = await registry.rows("SELECT count(*) AS n FROM work WHERE kind = 'text' AND state = 'open'")
    assert row.n >= 1  # no mail server here: it is tried until it is too old


async def test_a_new_phone_takes_a_code_to_it_and_the_old_one_is_told(registry: Registry) -> None:
    volunteer_id, _, headers = await registered(registry, 152)
    old, new = person(152)["phone"], "17000152152"
    before = len(registry.texts_to(old))
    code = await registry.code(new, "contact")
    for body in ({"phone": "17000152153", "code": code}, {"phone": new, "code": "000000" if code != "000000" else "1"}):
        refused = await registry.http.put("/v1/me/contact-points", json=body, headers=headers)
        assert (refused.status_code, refused.json()["faults"][0]["code"]) == (422, "wrong_code")
    changed = await registry.http.put(
        "/v1/me/contact-points", json={"phone": "170-0015-2152", "code": code}, headers=headers
    )
    assert changed.status_code == 204, changed.text
    assert (await registry.http.get("/v1/me", headers=headers)).json()["volunteer"]["phone"] == "170****2152"
    assert "联系方式已更改" in await registry.next_text(old, before)
    found = await registry.http.get("/v1/volunteers", params={"query": new}, headers=registry.admins["510115"])
    assert [item["id"] for item in found.json()["items"]] == [volunteer_id]

    async def is_published() -> bool:
        return not await registry.rows("SELECT 1 FROM outbox")

    assert await eventually(is_published)
    sealed = (await registry.last_values("registry.contact"))[volunteer_id]
    assert json.loads(open_sealed(registry.contact_private_key, volunteer_id, sealed))["phone"] == new
    async with registry.api.transaction("510115") as tx:
        logged = await tx.scalars(text("SELECT action FROM access_log WHERE subject_id = :id"), {"id": volunteer_id})
    assert logged.all() == ["contact_changed_sms"]


async def test_a_new_address_needs_a_code_of_its_own_and_one_point_is_changed_at_a_time(registry: Registry) -> None:
    _, _, headers = await registered(registry, 153)
    code = await registry.code("17000153153", "contact")
    for body in (
        {"phone": "17000153153", "mail": "new@example.org", "code": code},
        {"code": code},
        {"mail": "new@example.org", "code": code},
    ):
        refused = await registry.http.put("/v1/me/contact-points", json=body, headers=headers)
        assert refused.status_code == 422
    assert (await registry.http.get("/v1/me", headers=headers)).json()["volunteer"]["phone"] == "170****0153"


def test_a_session_that_somebody_left_open_does_not_change_where_codes_go(registry: Registry) -> None:
    [route] = [
        context for context in routes_of(build_app(registry.service)) if context.path_format == "/v1/me/contact-points"
    ]
    assert [each.call.stepped_up for each in route.dependant.dependencies if isinstance(each.call, Access)] == [True]
