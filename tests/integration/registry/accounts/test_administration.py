"""An office deals with the accounts of its district, and with nobody above it or elsewhere."""

from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.store.engine import Store
from tests.integration.registry.conftest import Registry, roster, roster_line
from tests.support.eventually import eventually

PASSWORD = "a password to begin with"
_numbers = count(1)


async def opened(
    registry: Registry, *roles: str, headers: dict[str, str] | None = None, **form: object
) -> dict[str, Any]:
    """Open an account as the district's admin, or as somebody else; return its id and name."""
    name = f"somebody{next(_numbers)}"
    body = {"user_name": name, "password": PASSWORD, "roles": roles, **form}
    answer = await registry.http.post("/v1/accounts", json=body, headers=headers or registry.admins["510115"])
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"], "name": name}


async def do(
    registry: Registry, account: dict[str, Any], what: str, headers: dict[str, str] | None = None, **form: object
) -> httpx.Response:
    return await registry.http.request(
        "PUT" if what == "roles" else "POST",
        f"/v1/accounts/{account['id']}/{what}",
        json={"reason": "because of a test"} | form,
        headers=headers or registry.admins["510115"],
    )


async def try_password(registry: Registry, account: dict[str, Any], password: str = PASSWORD) -> httpx.Response:
    return await registry.http.post("/v1/tokens", json={"user_name": account["name"], "password": password})


def faults(answer: httpx.Response) -> list[str]:
    return [f"{fault['field']}: {fault['code']}" for fault in answer.json()["faults"]]


async def test_a_locked_account_cannot_be_logged_in_to_until_it_is_unlocked(registry: Registry) -> None:
    account = await opened(registry, "auditor")
    tokens = (await try_password(registry, account)).json()
    for _ in range(2):  # locked already is as good
        assert (await do(registry, account, "lock")).status_code == 204
    refused = await try_password(registry, account)
    assert (refused.status_code, faults(refused)) == (403, [": locked"])
    assert (await try_password(registry, account, "a wrong password")).status_code == 401, "it tells its owner alone"
    again = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 401
    assert (await do(registry, account, "unlock")).status_code == 204
    assert (await try_password(registry, account)).status_code == 200


async def test_an_account_is_logged_out_everywhere_and_may_log_in_again(registry: Registry) -> None:
    account = await opened(registry, "case_worker")
    tokens = (await try_password(registry, account)).json()
    assert (await do(registry, account, "log-out", reason="a phone was lost")).status_code == 204
    again = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 401
    assert (await try_password(registry, account)).status_code == 200


async def test_what_was_done_to_an_account_is_shown_with_who_and_why_page_by_page(registry: Registry) -> None:
    account = await opened(registry, "case_worker")
    await do(registry, account, "lock", reason="left in autumn")
    await do(registry, account, "log-out", reason="to be sure")
    path, headers = f"/v1/accounts/{account['id']}/history", registry.admins["510115"]
    first = (await registry.http.get(path, params={"limit": 2}, headers=headers)).json()
    assert [(each["action"], each["by"], each["reason"]) for each in first["items"]] == [
        ("account_sessions_ended", "admin.510115", "to be sure"),
        ("account_locked", "admin.510115", "left in autumn"),
    ]
    rest = await registry.http.get(path, params={"cursor": first["next_cursor"]}, headers=headers)
    assert [each["action"] for each in rest.json()["items"]] == ["account_opened"]


async def test_other_roles_and_units_are_in_the_next_token(registry: Registry) -> None:
    account = await opened(registry, "team_leader", units=["510115-TEAM-007"])
    form: dict[str, Any] = {"roles": ["station_manager", "case_worker"], "units": ["510115-STA-02"]}
    assert (await do(registry, account, "roles", **form)).status_code == 204
    shown = (await registry.http.get(f"/v1/accounts/{account['id']}", headers=registry.admins["510115"])).json()
    assert (shown["roles"], shown["units"]) == (["case_worker", "station_manager"], ["510115-STA-02"])
    me = await registry.http.get("/v1/me", headers=await registry.log_in(account["name"], PASSWORD))
    assert me.json()["roles"] == ["case_worker", "station_manager"]


async def test_a_temporary_password_is_good_for_another_password_alone(registry: Registry) -> None:
    account = await opened(registry, "auditor")
    reset = await do(registry, account, "password-reset")
    temporary = reset.json()["temporary_password"]
    assert (await try_password(registry, account)).status_code == 401
    tokens = (await try_password(registry, account, temporary)).json()
    assert tokens["must_change_password"] is True
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    refused = await registry.http.get("/v1/accounts", headers=headers)
    assert (refused.status_code, faults(refused)) == (403, [": password_to_change"])
    change = {"old_password": temporary, "new_password": "a password of one's own"}
    assert (await registry.http.post("/v1/me/password", json=change, headers=headers)).status_code == 204
    answer = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.json()["must_change_password"] is False
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await registry.http.get("/v1/accounts", headers=headers)).status_code == 200


@pytest.mark.parametrize("what", ["lock", "unlock", "password-reset", "roles"])
async def test_nobody_deals_with_an_account_above_their_own(registry: Registry, what: str) -> None:
    operator = await registry.operator("510115")
    other_admin = await opened(registry, "district_admin", headers=operator)
    also_volunteer = await opened(registry, "district_admin", "auditor", headers=operator)
    form: dict[str, Any] = {"roles": ["auditor"]} if what == "roles" else {}
    for above in (other_admin, also_volunteer):
        answer = await do(registry, above, what, **form)
        assert (answer.status_code, faults(answer)) == (403, ["account_id: forbidden"])
    assert (await do(registry, other_admin, what, operator, **form)).is_success


@pytest.mark.parametrize("what", ["lock", "unlock", "password-reset", "roles"])
async def test_nobody_deals_with_an_account_of_another_district(registry: Registry, what: str) -> None:
    account = await opened(registry, "auditor")
    if "510117" not in registry.admins:
        await registry.open("510117", reference=False)
    form: dict[str, Any] = {"roles": ["auditor"]} if what == "roles" else {}
    answer = await do(registry, account, what, registry.admins["510117"], **form)
    assert (answer.status_code, faults(answer)) == (404, ["account_id: not_found"])
    shown = await registry.http.get(f"/v1/accounts/{account['id']}", headers=registry.admins["510117"])
    assert shown.status_code == 404
    listed = await registry.http.get("/v1/accounts?limit=1000", headers=registry.admins["510117"])
    assert [each["user_name"] for each in listed.json()["items"]] == ["admin.510117"]


@pytest.mark.parametrize(
    ("form", "status", "fault"),
    [
        ({"roles": ["district_admin"]}, 403, "roles: forbidden"),
        ({"roles": ["auditor", "operator"]}, 403, "roles: forbidden"),
        ({"roles": ["upstream"]}, 403, "roles: forbidden"),
        ({"roles": ["volunteer"]}, 422, "volunteer_number: missing"),
        ({"roles": ["team_leader"]}, 422, "units: missing"),
        ({"roles": ["team_leader"], "units": ["510115-TEAM-999"]}, 422, "units: unknown_reference"),
        ({"roles": []}, 422, "roles: missing"),
        ({"roles": ["auditor"], "reason": ""}, 422, "reason: missing"),
    ],
)
async def test_nobody_grants_what_is_not_theirs_to_grant(
    registry: Registry, form: dict[str, Any], status: int, fault: str
) -> None:
    account = await opened(registry, "auditor")
    answer = await do(registry, account, "roles", **form)
    assert (answer.status_code, faults(answer)) == (status, [fault])
    shown = (await registry.http.get(f"/v1/accounts/{account['id']}", headers=registry.admins["510115"])).json()
    assert shown["roles"] == ["auditor"]


async def test_a_volunteer_s_account_stays_one_whatever_else_it_may_do(registry: Registry) -> None:
    await registry.take_in("510115", "roster", roster([roster_line(40)]))
    number = roster_line(40)["number"]
    body = {"volunteer_number": number, "password": PASSWORD}
    created = await registry.http.post("/v1/accounts", json=body, headers=registry.admins["510115"])
    account = {"id": created.json()["id"], "name": number}
    form: dict[str, Any] = {"roles": ["team_leader"], "units": ["510115-TEAM-007"]}
    assert (await do(registry, account, "roles", **form)).status_code == 204
    found = await registry.http.get("/v1/accounts", params={"query": number}, headers=registry.admins["510115"])
    assert [(each["roles"], each["volunteer_number"]) for each in found.json()["items"]] == [
        (["team_leader", "volunteer"], number)
    ]


async def test_accounts_are_listed_by_name_role_and_page(registry: Registry) -> None:
    mine = [await opened(registry, "case_worker") for _ in range(3)]
    headers = registry.admins["510115"]
    names: list[str] = []
    cursor = ""
    while True:
        query = {"role": "case_worker", "query": "Somebody", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await registry.http.get("/v1/accounts", params=query, headers=headers)).json()
        names += [each["user_name"] for each in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert names == sorted(names)
    assert set(names) >= {account["name"] for account in mine}


async def test_whatever_is_done_to_an_account_is_an_event_and_in_the_access_log(registry: Registry) -> None:
    account = await opened(registry, "auditor")
    await do(registry, account, "lock", reason="left in autumn")
    await do(registry, account, "unlock", reason="came back")
    await do(registry, account, "roles", roles=["case_worker"], reason="another desk")
    await do(registry, account, "password-reset", reason="forgotten")
    actions = [
        "account_opened",
        "account_locked",
        "account_unlocked",
        "account_roles_changed",
        "account_password_changed",
    ]
    events = await registry.rows(
        "SELECT type, aggregate_version, caused_by FROM event_log WHERE aggregate_id = :id ORDER BY position",
        id=account["id"],
    )
    names = ["".join(word.capitalize() for word in action.split("_")) for action in actions]
    admin = (await registry.http.get("/v1/me", headers=registry.admins["510115"])).json()["account_id"]
    assert [(event.type, event.aggregate_version, event.caused_by) for event in events] == [
        (f"cn.linbang.registry.{name}.v1", version, f"account:{admin}") for version, name in enumerate(names, 1)
    ]
    auditor = await registry.log_in((await opened(registry, "auditor"))["name"], PASSWORD)
    shown = await registry.http.get("/v1/access-log", params={"subject_id": account["id"]}, headers=auditor)
    entries = shown.json()["items"]
    assert [(entry["action"], entry["actor"]) for entry in reversed(entries)] == [
        (action, f"account:{admin}") for action in actions
    ]
    assert [entry["reason"] for entry in reversed(entries)] == [
        "",
        "left in autumn",
        "came back",
        "another desk",
        "forgotten",
    ]
    assert (await registry.http.get("/v1/access-log", headers=registry.admins["510115"])).status_code == 403


@pytest.mark.parametrize(
    "change", ["UPDATE access_log SET reason = 'x'", "DELETE FROM access_log", "TRUNCATE access_log"]
)
async def test_nobody_changes_the_access_log_not_even_its_owner(registry: Registry, change: str) -> None:
    for url in (registry.urls.api, registry.urls.worker, registry.urls.owner):
        store = Store(url)
        with pytest.raises(DBAPIError, match=r"permission denied|append-only|no district"):
            async with store.transaction("510115") as tx:
                await tx.execute(text(change))
        await store.close()


async def test_a_password_change_ends_every_other_session_and_its_own_token(registry: Registry) -> None:
    account = await opened(registry, "auditor")
    here, elsewhere = [(await try_password(registry, account)).json() for _ in range(2)]
    change = {"old_password": PASSWORD, "new_password": "a password of one's own"}
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    assert (await registry.http.post("/v1/me/password", json=change, headers=headers)).status_code == 204

    async def status(path: str, tokens: dict[str, Any]) -> int:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        return (await registry.http.get(path, headers=bearer)).status_code

    for tokens in (here, elsewhere):

        async def refused(tokens: dict[str, Any] = tokens) -> bool:
            return await status("/v1/me", tokens) == 401

        assert await eventually(refused)
    refresh = [{"refresh_token": tokens["refresh_token"]} for tokens in (here, elsewhere)]
    answers = [await registry.http.post("/v1/tokens/refresh", json=body) for body in refresh]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert await status("/v1/me", answers[0].json()) == 200


async def test_rights_are_given_by_somebody_who_has_just_shown_who_they_are(registry: Registry) -> None:
    """A screen that was left alone is no way to an account of one's own."""
    account = await opened(registry, "auditor")
    operator = (
        await registry.http.post(
            "/v1/tokens", json={"user_name": "admin.510115", "password": "the admin's first password"}
        )
    ).json()
    async with registry.api.transaction("510115") as tx:
        await tx.execute(text("UPDATE session SET stepped_up_at = stepped_up_at - interval '11 minutes'"))
    later = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": operator["refresh_token"]})
    headers = {"Authorization": f"Bearer {later.json()['access_token']}"}
    for answer in (
        await do(registry, account, "roles", headers, roles=["case_worker"]),
        await do(registry, account, "password-reset", headers),
        await registry.http.post("/v1/accounts", json={"password": PASSWORD}, headers=headers),
    ):
        assert (answer.status_code, faults(answer)) == (403, [": step_up"])
    assert (await do(registry, account, "lock", headers)).status_code == 204, "to take away needs no more"
