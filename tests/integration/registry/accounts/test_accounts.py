"""Who may log in, with what token, and who may open which account."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy import Engine, event

from services.registry.accounts.passwords import Passwords
from services.registry.accounts.repository import current_signing_key
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.tokens import ALGORITHM, ISSUER
from tests.integration.registry.conftest import ADMIN_PASSWORD, OPERATOR_PASSWORD, Registry, roster, roster_line
from tests.support.eventually import eventually

PASSWORD = "a password to begin with"


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def status_with(registry: Registry, token: str) -> int:
    answer = await registry.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def signing_key(registry: Registry) -> OKPKey:
    """Return the key that the service signs with: what a thief of database and master key would have."""
    async with registry.api.transaction() as tx:
        row = await current_signing_key(tx)
    assert row is not None
    environment = registry.environment
    keys = KeyRing(
        *(
            base64.b64decode(environment[name])
            for name in ("REGISTRY_MASTER_KEY", "REGISTRY_BLIND_INDEX_KEY", "CONTACT_PUBLIC_KEY")
        )
    )
    return OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": row.id,
            "x": base64url(row.public_key),
            "d": base64url(keys.open_signing_key(row.id, row.sealed_key)),
        }
    )


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": ISSUER, "sub": str(uuid4()), "district": "510115", "roles": ["district_admin"], "iat": now,
            "exp": now + 60} | changes  # fmt: skip


async def test_only_our_own_intact_tokens_in_date_are_good(registry: Registry) -> None:
    key = await signing_key(registry)
    header = {"alg": ALGORITHM, "kid": key.kid}
    good = jwt.encode(header, claims(), key, algorithms=[ALGORITHM])
    counts = await registry.http.get("/v1/volunteers/counts", headers={"Authorization": f"Bearer {good}"})
    assert counts.status_code == 200
    now = int(time.time())
    forged = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "kid": str(key.kid),
         **{name: base64url(value) for name, value in _new_pair().items()}}
    )  # fmt: skip
    unsigned = f"{base64url(json.dumps({'alg': 'none'}).encode())}.{base64url(json.dumps(claims()).encode())}."
    for bad in (
        jwt.encode(header, claims(exp=now - 1), key, algorithms=[ALGORITHM]),
        jwt.encode(header, claims(iss="somebody-else"), key, algorithms=[ALGORITHM]),
        jwt.encode(header, claims(), forged, algorithms=[ALGORITHM]),
        unsigned,
        good[:-4] + "AAAA",
        "nonsense",
    ):
        assert await status_with(registry, bad) == 401


def _new_pair() -> dict[str, bytes]:
    pair = Ed25519PrivateKey.generate()
    return {"d": pair.private_bytes_raw(), "x": pair.public_key().public_bytes_raw()}


async def test_an_unknown_name_and_a_wrong_password_are_answered_alike_after_the_same_work(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    verify = Passwords._verify

    def note_hash(passwords: Passwords, password_hash: str, password: str) -> bool:
        work.append(password_hash.rsplit("$", 2)[0])  # algorithm and cost
        return verify(passwords, password_hash, password)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if any(table in statement for table in ("log_in_name", "FROM account", "signing_key")):
            work.append(statement)

    monkeypatch.setattr(Passwords, "_verify", note_hash)
    answers, done = [], []
    with listening(note):
        for name in ("nobody.here", "admin.510115"):
            answers.append(
                await registry.http.post("/v1/tokens", json={"user_name": name, "password": "wrong password"})
            )
            done.append(list(work))
            work.clear()
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert done[0] == done[1]
    assert any("argon2id" in step for step in done[0])


async def test_too_many_guesses_are_429_in_the_caller_s_language_and_do_not_lock_the_owner_out(
    registry: Registry,
) -> None:
    name = "nobody.guessed"
    for _ in range(10):
        await registry.http.post("/v1/tokens", json={"user_name": name, "password": "wrong password"})
    for language, sentence in (
        ("zh-CN", "尝试次数过多，请稍后再试"),
        ("en", "user_name was tried too often; try again later"),
    ):
        answer = await registry.http.post(
            "/v1/tokens", json={"user_name": name, "password": "x"}, headers={"Accept-Language": language}
        )
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-requests")
        assert answer.json()["faults"] == [{"field": "user_name", "code": "too_often", "message": sentence}]
        assert int(answer.headers["Retry-After"]) > 0
    await registry.log_in("admin.510115", ADMIN_PASSWORD)


@contextmanager
def listening(note: Callable[..., None]) -> Iterator[None]:
    """Tell ``note`` of every statement of every engine."""
    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_new_key_signs_at_once_and_the_old_one_still_verifies(registry: Registry) -> None:
    old = await registry.log_in("admin.510115", ADMIN_PASSWORD)
    before = (await registry.http.get("/.well-known/jwks.json")).json()["keys"]
    rotated = await registry.http.post("/v1/signing-keys", headers=await registry.operator("510115"))
    assert rotated.status_code == 201
    after = (await registry.http.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in after] == [rotated.json()["id"], *(key["kid"] for key in before)]
    assert all(key.keys() == {"kty", "crv", "use", "kid", "x"} for key in after)
    new = await registry.log_in("admin.510115", ADMIN_PASSWORD)
    assert _header(new)["kid"] == rotated.json()["id"] != _header(old)["kid"]
    assert (await registry.http.get("/v1/me", headers=old)).status_code == 200

    async def new_is_good() -> bool:  # at once, unless a token of no key had the keys fetched a moment ago
        return (await registry.http.get("/v1/me", headers=new)).status_code == 200

    assert await eventually(new_is_good)


def _header(headers: dict[str, str]) -> dict[str, str]:
    encoded = headers["Authorization"].removeprefix("Bearer ").split(".")[0]
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return header


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        ({"user_name": "chief", "roles": ["district_admin"]}, 403, "roles: forbidden"),
        ({"user_name": "chief", "roles": ["operator"]}, 403, "roles: forbidden"),
        ({"user_name": "chief", "roles": ["station_manager"]}, 422, "units: missing"),
        (
            {"user_name": "chief", "roles": ["team_leader"], "units": ["510115-TEAM-999"]},
            422,
            "units: unknown_reference",
        ),
        ({"user_name": "5chief", "roles": ["auditor"]}, 422, "user_name: format"),
        ({"user_name": "admin.510115", "roles": ["auditor"]}, 409, "user_name: name_taken"),
        ({"user_name": "chief"}, 422, "roles: missing"),
        ({"user_name": "chief", "roles": ["auditor"], "password": "short"}, 422, "password: weak"),
        ({"volunteer_number": "51011512345678"}, 422, "volunteer_number: unknown_reference"),
    ],
)
async def test_an_account_is_refused(registry: Registry, body: dict[str, object], status: int, fault: str) -> None:
    answer = await registry.http.post(
        "/v1/accounts", json={"password": PASSWORD} | body, headers=registry.admins["510115"]
    )
    assert (answer.status_code, [f"{f['field']}: {f['code']}" for f in answer.json()["faults"]]) == (status, [fault])


async def test_team_leaders_see_and_register_their_own_team(registry: Registry) -> None:
    lines = [
        roster_line(1, team="510115-TEAM-007"),  # at station 01
        roster_line(2, team="510115-TEAM-008"),  # at station 02
        roster_line(3),
    ]
    await registry.take_in("510115", "roster", roster(lines))
    for user, role, unit in (
        ("lead", "team_leader", "510115-TEAM-007"),
        ("manage", "station_manager", "510115-STA-01"),
    ):
        account = {"user_name": user, "password": PASSWORD, "roles": [role], "units": [unit]}
        created = await registry.http.post("/v1/accounts", json=account, headers=registry.admins["510115"])
        assert created.status_code == 201, created.text
        headers = await registry.log_in(user.upper(), PASSWORD)
        shown = (await registry.http.get("/v1/volunteers", headers=headers)).json()["items"]
        assert [volunteer["number"] for volunteer in shown] == [lines[0]["number"]]
        body = {
            field: value for field, value in roster_line(9).items() if field not in {"number", "skills", "services"}
        }
        for team in ("510115-TEAM-008", ""):
            refused = await registry.http.post("/v1/volunteers", json=body | {"team": team}, headers=headers)
            assert (refused.status_code, refused.json()["faults"][0]["field"]) == (403, "team")


async def test_a_volunteer_gets_an_account_by_number_once(registry: Registry) -> None:
    await registry.take_in("510115", "roster", roster([roster_line(5)]))
    body = {"volunteer_number": roster_line(5)["number"], "password": PASSWORD}
    answers = [await registry.http.post("/v1/accounts", json=body, headers=registry.admins["510115"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    headers = await registry.log_in(body["volunteer_number"], PASSWORD)
    assert (await registry.http.get("/v1/me", headers=headers)).json()["volunteer"]["name"] == "张**"


async def test_a_password_is_changed_with_the_old_one(registry: Registry) -> None:
    headers = await registry.operator("510115")
    change = {"old_password": "not this one", "new_password": "the next password"}
    assert (await registry.http.post("/v1/me/password", json=change, headers=headers)).status_code == 401
    change = {"old_password": OPERATOR_PASSWORD, "new_password": "the next password"}
    assert (await registry.http.post("/v1/me/password", json=change, headers=headers)).status_code == 204
    await registry.log_in("operator", "the next password")
    refused = await registry.http.post("/v1/tokens", json={"user_name": "operator", "password": OPERATOR_PASSWORD})
    assert refused.status_code == 401
