"""Every route of every service, with every kind of token there is.

What a route declares beside it (docs/authorisation.md) decides between let in and refused; what no declaration may
loosen is said here once more: which routes are public, which roles only read, and that no district reaches another.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy.engine import make_url

from deploy.services import TABLE
from shared.contracts.actor import Reach, Role
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.http.auth import access_of
from shared.http.openapi import routes_of
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.event_log import new_id, now
from tests.support.infrastructure import Infrastructure, Urls

DISTRICT, OTHER_DISTRICT = "510115", "510116"
KNOWN = UUID("01900000-0000-7000-8000-000000000001")
RECORD, SIGN_UP = UUID("01900000-0000-7000-8000-000000000002"), UUID("01900000-0000-7000-8000-000000000003")
"""Others: an event is of one aggregate, so none may share its id."""
SECRET = "told to 510115 alone"
PUBLIC = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/v1/tokens"),
    ("POST", "/v1/tokens/by-phone"),
    ("POST", "/v1/tokens/refresh"),
    ("POST", "/v1/tokens/end"),
    ("GET", "/v1/oidc"),
    ("GET", "/v1/oidc/{issuer}/start"),
    ("POST", "/v1/oidc/{issuer}/finish"),
    ("POST", "/v1/codes"),
    ("GET", "/v1/consent-texts"),
    ("GET", "/v1/consent-texts/{purpose}/{version}"),
    ("GET", "/v1/guardian-text"),
    ("POST", "/v1/guardian-withdrawals"),
    ("POST", "/v1/volunteers/self"),
    ("POST", "/v1/volunteers/self/check"),
    ("POST", "/v1/password-resets"),
    ("GET", "/v1/districts"),
    ("GET", "/v1/divisions"),
    ("GET", "/v1/guiding-bodies"),
    ("GET", "/v1/organisations"),
    ("GET", "/v1/stations"),
    ("GET", "/v1/teams"),
    ("GET", "/v1/public/activities"),
    ("GET", "/v1/public/activities/{activity_id}"),
    ("GET", "/v1/public/figures"),
    ("GET", "/v1/public/need-surveys"),
    ("POST", "/v1/public/need-surveys/{survey_id}/answers"),
    ("GET", "/v1/public/rule-documents"),
    ("GET", "/v1/public/rule-documents/{document_id}"),
    ("GET", "/v1/public/rule-documents/{document_id}/versions/{version}"),
    ("GET", "/v1/public/statistics"),
    ("GET", "/v1/calendar-feeds/{token}.ics"),
    ("GET", "/v1/offline-list-key"),
}
"""Need no token: probes, the keys, log-in, what is proven by a code with the data one chooses from for that, what
everybody may see of a district, and answer of what it needs, a calendar's secret address, the key that offline lists
are signed by."""
FOR_EVERYBODY = {
    ("POST", "/v1/me/password"),
    ("POST", "/v1/me/step-up"),
    ("POST", "/v1/me/identities/{issuer}"),
    ("DELETE", "/v1/me/identities/{issuer}"),
    ("POST", "/v1/me/second-factor"),
    ("POST", "/v1/me/second-factor/confirm"),
    ("DELETE", "/v1/me/second-factor"),
    ("DELETE", "/v1/me/sessions"),
    ("DELETE", "/v1/me/sessions/{session_id}"),
}
OF_NO_OTHER_DISTRICT = {("POST", "/v1/signing-keys"), ("POST", "/v1/me/calendar-feed")}
"""Change something that is the platform's, or the caller's own in their own district."""
ANSWERS_ZERO = {"/v1/imports/{import_id}/progress", "/v1/volunteers/{volunteer_id}/absences"}
"""Nothing has happened here: the answer is the same for another district's and for none."""
_TIMES = {"started_at": "2026-03-01T01:00:00Z", "ended_at": "2026-03-01T02:00:00Z", "reason": "x"}
CHANGES = {
    "/v1/drafts/{draft_id}": {"version": 1},
    "/v1/service-records/{record_id}/corrections": {"minutes": 5, "reason": "x"},
    "/v1/activities/{activity_id}": {"version": 1, "place": "x"},
    "/v1/activities/{activity_id}/cancel": {"reason": "x"},
    "/v1/activities/{activity_id}/shifts": {"starts_at": "2126-01-01T01:00:00Z", "ends_at": "2126-01-01T02:00:00Z"},
    "/v1/shifts/{shift_id}": {"version": 1},
    "/v1/shifts/{shift_id}/cancel": {"reason": "x"},
    "/v1/shifts/{shift_id}/sign-ups": {"group": ["51011500000001"]},
    "/v1/sign-ups/{sign_up_id}/excuse": {"reason": "x"},
    "/v1/sign-ups/{sign_up_id}/take-off": {"reason": "x"},
    "/v1/individuals/{volunteer_id}/contacts": {
        "contacted_on": "2026-11-20",
        "way": "phone",
        "outcome": "wants_team",
        "note": "x",
    },
    "/v1/individuals/{volunteer_id}/invitations": {
        "team": "510115-TEAM-008",
        "answer_by": (now() + timedelta(days=7)).isoformat(),
    },
    "/v1/team-invitations/{invitation_id}/answer": {"accepted": True},
    "/v1/training-materials/{material_id}/deliveries": {"audience": "all"},
    "/v1/me/training/{delivery_id}/test": {"answers": [0]},
    "/v1/operations/dead-letters/{letter_id}/discard": {"reason": "x"},
    "/v1/volunteers/{volunteer_id}/merging": {"merged_number": "51011500000001", "reason": "核对"},
    "/v1/volunteers/{volunteer_id}/merging/undoing": {"reason": "核对"},
    "/v1/accounts/{account_id}/lock": {"reason": "x"},
    "/v1/accounts/{account_id}/unlock": {"reason": "x"},
    "/v1/accounts/{account_id}/log-out": {"reason": "x"},
    "/v1/accounts/{account_id}/password-reset": {"reason": "x"},
    "/v1/accounts/{account_id}/second-factor-reset": {"reason": "x"},
    "/v1/accounts/{account_id}/roles": {"roles": ["auditor"], "reason": "x"},
    "/v1/shifts/{shift_id}/walk-ins": {"volunteer_number": "51011500000001"},
    "/v1/shifts/{shift_id}/close": {"entries": []},
    "/v1/shifts/{shift_id}/reopen": {"reason": "x"},
    "/v1/sign-ups/{sign_up_id}/claims": _TIMES,
    "/v1/service-records/{record_id}/claims": _TIMES,
    "/v1/claims/{claim_id}/answer": {"accepted": True, "reason": "x"},
    "/v1/corrections/{correction_id}/answer": {"accepted": True},
    "/v1/moves/{move_id}/answer": {"accepted": True},
    "/v1/minor-readings/{reading_id}/answer": {"approved": True},
    "/v1/placements/{placement_id}/answer": {"accepted": True},
    "/v1/households/{household_id}": {
        "version": 1,
        "address": "x",
        "people": [{"name": "张三", "category": "youth"}],
    },
    "/v1/households/{household_id}/reveal": {"reason": "visit"},
    "/v1/households/{household_id}/assignments": {"account_id": str(KNOWN)},
    "/v1/households/{household_id}/pairings": {
        "volunteer_number": "51011500000001",
        "rhythm": "weekly",
        "starts_on": "2026-12-01",
    },
    "/v1/pairings/{pairing_id}/ending": {"ended_on": "2026-11-01"},
    "/v1/pairings/{pairing_id}/visits": {"visited_on": "2026-11-01", "minutes": 60},
    "/v1/station-standings/{station_id}/judgements": {"criterion": "staff", "holds": True},
    "/v1/qualifications/{qualification_id}/verdict": {"verified": True},
    "/v1/qualifications/{qualification_id}/revocation": {"reason": "x"},
    "/v1/me/rule-documents/{document_id}/acceptance": {"version": 1},
    "/v1/rule-documents/{document_id}/versions": {"version": 1, "title": "x", "text": "x"},
    "/v1/rule-documents/{document_id}/versions/{version}/ending": {"reason": "x"},
    "/v1/rule-documents/{document_id}/reminders": {"version": 1},
    "/v1/me/consents/{purpose}": {"text_version": "2026-11-1", "given": True},
    "/v1/team-formations/{formation_id}/answer": {"approved": True},
    "/v1/teams/{team_id}/name": {"name": "服务队"},
    "/v1/teams/{team_id}/place": {"station_code": "x"},
    "/v1/teams/{team_id}/merging": {"into": "x"},
    "/v1/organisations/{organisation_id}/seat": {"host_unit": "大学"},
    "/v1/stations/{station_id}/staff": {"name": "李文静"},
    "/v1/station-staff/{staff_id}/ending": {"until": "2026-11-01"},
    "/v1/stations/{station_id}/operators": {"operators": []},
    "/v1/deliveries/{delivery_id}/sending-again": {"reason": "x"},
    "/v1/need-surveys/{survey_id}/answers": {"community": "510115001001"},
    "/v1/need-surveys/{survey_id}/answers/{answer_id}/taking-back": {"reason": "x"},
    "/v1/agreements/{agreement_id}/ending": {"reason": "x"},
    "/v1/station-staff/{staff_id}/reveal": {"reason": "x, for a test"},
    "/v1/shifts/{shift_id}/offline-list": {"device_key_jwk": {}, "device_time": "2026-03-01T01:00:00Z"},
    "/v1/shifts/{shift_id}/offline-entries": {"device_id": str(SIGN_UP)},
    **{
        f"/v1/{name}s/{{{name}_id}}/closing": {"closed_on": "2026-11-01"}
        for name in ("organisation", "station", "team")
    },
    "/v1/volunteers/{volunteer_id}/reveal": {"reason": "x, for a test"},
}

_KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})
_STRANGER = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})

_ROW = f"'{DISTRICT}', '{KNOWN}'"
_FACTS = json.dumps({"minutes": 60, "lifetime_minutes": 60, "activity_title": SECRET})
SEEDS = {
    "activities": f"""
        INSERT INTO known_station VALUES ({_ROW}, 'S1', '{SECRET}', 1);
        INSERT INTO known_volunteer (district, id, number, version) VALUES ({_ROW}, '51011500000001', 1);
        INSERT INTO activity VALUES ({_ROW}, '{SECRET}', 'civic', '{KNOWN}', '{SECRET}', '{SECRET}', '{SECRET}', '',
                                     'account:{KNOWN}', now(), 1);
        INSERT INTO shift (district, id, activity_id, starts_at, ends_at, capacity, taken)
        VALUES ({_ROW}, '{KNOWN}', now() + interval '1 day', now() + interval '2 days', 9, 1);
        INSERT INTO sign_up (district, id, shift_id, volunteer_id, state, queue_number, version, starts_at, ends_at)
        VALUES ('{DISTRICT}', '{SIGN_UP}', '{KNOWN}', '{KNOWN}', 'confirmed', 1, 1,
                now() + interval '1 day', now() + interval '2 days');
        INSERT INTO service_record VALUES ('{DISTRICT}', '{RECORD}', 'R1', '{KNOWN}', '{KNOWN}', '{SECRET}', 'civic',
                                           now(), now() + interval '1 hour', 60, NULL, 'leader', NULL, NULL, '', 1);
    """,
    "assessment": f"""
        INSERT INTO known_volunteer (district, id, number, category, version)
        VALUES ({_ROW}, '51011500000001', 'resident', 1);
        INSERT INTO volunteer_hours VALUES ({_ROW}, 424242, 1);
        INSERT INTO ledger_entry VALUES ({_ROW}, 1, 'credit', '{KNOWN}', 424242, 'leader', '{KNOWN}', 'civic',
                                         '{SECRET}', now(), current_date, NULL, NULL, '{KNOWN}', now(), '2025');
        INSERT INTO import_progress (district, import_id, credited_records) VALUES ({_ROW}, 424242);
    """,
    "notifications": f"""
        INSERT INTO message VALUES ({_ROW}, '{KNOWN}', 'hours_credited', '{_FACTS}', now(), NULL, 1);
        INSERT INTO delivery (district, event_id, recipient_id, channel, id, state, reason, shape)
        VALUES ({_ROW}, '{KNOWN}', 'email', '{KNOWN}', 'undeliverable', '{SECRET}', 1);
    """,
}
"""What district 510115 has, under one id; registry's comes through its own routes, sealed as it is."""


async def jwks() -> dict[str, Any]:
    return {"keys": [_KEY.as_dict(private=False)]}


def claims(*roles: str, district: str = DISTRICT, **changes: object) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "sub": str(KNOWN),
        "vid": str(KNOWN),
        "district": district,
        "roles": list(roles),
        "units": [str(KNOWN)],
        "exp": int(time.time()) + 600,
        "stepped_up_at": int(time.time()),
    } | changes


def bearer(*roles: str, key: OKPKey = _KEY, **changes: Any) -> dict[str, str]:
    token = jwt.encode({"alg": ALGORITHM, "kid": "test"}, claims(*roles, **changes), key, algorithms=[ALGORITHM])
    headers = {"Authorization": f"Bearer {token}"}
    return headers | ({"X-District": DISTRICT} if changes.get("district") == "*" else {})


def unsigned(algorithm: str) -> str:
    head, body = (json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "test"}, claims(*Role)))
    return f"Bearer {urlsafe_b64encode(head).decode().rstrip('=')}.{urlsafe_b64encode(body).decode().rstrip('=')}."


def bad_tokens() -> dict[str, dict[str, str]]:
    """Return what must be 401 wherever a token is asked for, whatever roles it claims."""
    good = bearer(*Role)["Authorization"]
    secret = _KEY.as_dict(private=False)["x"]
    return {
        "none": {},
        "another scheme": {"Authorization": "Basic b3BlcmF0b3I6eA=="},
        "malformed": {"Authorization": "Bearer not.a.token"},
        "empty": {"Authorization": "Bearer "},
        "changed": {"Authorization": f"{good[:-8]}AAAAAAAA"},
        "expired": bearer(*Role, exp=int(time.time()) - 60),
        "without end": bearer(*Role, exp=None),
        "of another issuer": bearer(*Role, iss="somebody-else"),
        "of another key": bearer(*Role, key=_STRANGER),
        "unsigned": {"Authorization": unsigned("none")},
        "unsigned, with our algorithm": {"Authorization": unsigned(ALGORITHM)},
        "signed with the public key as a secret": {"Authorization": f"{unsigned('HS256')}{secret}"},
    }


@pytest.fixture(scope="module", params=[service for service, entry in TABLE.items() if not entry.pages])
def name(request: pytest.FixtureRequest) -> str:
    """Each service that takes tokens; pages take cookies (tests/integration/portal/test_authorisation.py)."""
    return str(request.param)


@dataclass(frozen=True)
class Route:
    """One method of one path, and what it declares."""

    method: str
    path: str
    reaches: Mapping[Role, Reach] | None

    def filled(self, ids: Mapping[str, str]) -> str:
        """Return the path with ids of district 510115 in it."""
        path = self.path.replace("{kind}", "roster").replace("{year}", "2025").replace("{purpose}", "notices")
        path = path.replace("{version}", "1")
        for part in path.split("/"):
            if part.startswith("{"):
                path = path.replace(part, ids.get(part[1:-1], str(KNOWN)))
        return path


class Walk:
    """A service, its routes, and its database as a superuser sees it."""

    def __init__(self, service: Service, http: httpx.AsyncClient, database: asyncpg.Connection) -> None:
        self.http = http
        self.database = database
        self.routes = [
            Route(method, context.path_format or "", access_of(context.dependant))
            for context in routes_of(build_app(service))
            for method in context.methods or ()
        ]
        self.ids: dict[str, str] = {"record_id": str(RECORD), "sign_up_id": str(SIGN_UP)}

    async def send(self, route: Route, headers: Mapping[str, str]) -> httpx.Response:
        change = CHANGES.get(route.path)
        based_on = {"If-Match": '"1"'} if change else {}
        return await self.http.request(
            route.method, route.filled(self.ids), json=change, headers={**headers, **based_on}
        )

    async def content(self) -> dict[str, str]:
        """Return a digest of each table."""
        tables = await self.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            name: await self.database.fetchval(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t")
            for (name,) in tables
        }


@pytest.fixture(scope="module")
async def walk(name: str, service: Service, urls: Urls, infrastructure: Infrastructure) -> AsyncIterator[Walk]:
    app = build_app(replace(service, fetch_keys=lambda _: jwks))
    admin = make_url(infrastructure.admin_url).set(database=make_url(urls.owner).database)
    database = await asyncpg.connect(admin.render_as_string(hide_password=False))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        made = Walk(service, http, database)
        if name == "registry":
            made.ids = await _fill_registry(http)
        else:
            await database.execute(SEEDS[name])
        yield made
    await database.close()


async def _fill_registry(http: httpx.AsyncClient) -> dict[str, str]:
    operator, admin = bearer(Role.OPERATOR, district="*"), bearer(Role.DISTRICT_ADMIN)
    person = {
        "name": SECRET.replace("510115", ""),
        "gender": "female",
        "id_number": "519900200604070186",
        "phone": "17023828271",
        "category": "resident",
    }
    for path, body, headers in (
        ("/v1/districts", {"code": DISTRICT, "name": "温江区"}, operator),
        ("/v1/volunteers", person, admin),
    ):
        answer = await http.post(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
    volunteer_id = answer.json()["id"]
    read = await http.post(f"/v1/volunteers/{volunteer_id}/reveal", json={"reason": SECRET}, headers=admin)
    assert read.status_code == 200, read.text
    upload = await http.post("/v1/imports/roster", content=b"x", headers=admin)
    rules = await http.post("/v1/rule-documents", json={"title": SECRET, "text": SECRET}, headers=admin)
    assert rules.status_code == 201, rules.text
    return {
        "volunteer_id": volunteer_id,
        "import_id": upload.json()["id"],
        "document_id": rules.json()["document_id"],
    }


def test_every_route_says_who_may_use_it_and_only_these_are_public(walk: Walk) -> None:
    assert walk.routes
    for route in walk.routes:
        assert (route.reaches is None) == ((route.method, route.path) in PUBLIC), route


def test_roles_that_only_read_change_nothing_and_the_platform_is_the_operator_s(walk: Walk) -> None:
    for route in walk.routes:
        if route.reaches is None or (route.method, route.path) in FOR_EVERYBODY:
            continue
        if route.method != "GET":
            assert not route.reaches.keys() & {Role.AUDITOR, Role.UPSTREAM}, route
        if route.path in ("/v1/districts", "/v1/signing-keys"):
            assert set(route.reaches) == {Role.OPERATOR}
        if "{volunteer_id}" in route.path or "/me" in route.path:
            assert route.reaches.get(Role.VOLUNTEER, Reach.OWN) is Reach.OWN, route


async def test_a_token_that_is_not_ours_intact_and_in_date_is_401_everywhere_and_changes_nothing(walk: Walk) -> None:
    before = await walk.content()
    for route in walk.routes:
        if route.reaches is None:
            continue
        for kind, headers in bad_tokens().items():
            answer = await walk.send(route, headers)
            assert answer.status_code == 401, (route, kind, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
    assert await walk.content() == before


async def test_who_is_not_let_in_is_403_everywhere_and_changes_nothing(walk: Walk) -> None:
    before = await walk.content()
    for route in walk.routes:
        if route.reaches is None:
            continue
        for role in ("", "no such role", *(role for role in Role if role not in route.reaches)):
            answer = await walk.send(route, bearer(role))
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), (route, role)
    assert await walk.content() == before


@pytest.mark.row(59)
async def test_another_district_gets_at_nothing_of_this_one_by_any_route(walk: Walk) -> None:
    before = await walk.content()
    for route in walk.routes:
        if route.reaches is None or (route.method, route.path) in OF_NO_OTHER_DISTRICT:
            continue
        for role in route.reaches:
            token = bearer(role, district=OTHER_DISTRICT)
            asked = await walk.send(route, {**token, "X-District": DISTRICT})
            assert asked.status_code == 403, (route, role)
            answer = await walk.send(route, token)
            if "_id}" in route.path and route.path not in ANSWERS_ZERO:
                assert answer.status_code in (403, 404), (route, role, answer.text)
            assert SECRET not in answer.text, (route, role)
            assert "424242" not in answer.text, (route, role)
    assert await walk.content() == before


async def test_who_is_let_in_is_neither_401_nor_403(walk: Walk) -> None:
    shown = set()
    for route in walk.routes:
        for role in route.reaches or ():
            headers = bearer(role, district="*") if role is Role.OPERATOR else bearer(role)
            if role is Role.VOLUNTEER and "volunteer_id" in walk.ids:
                headers = bearer(role, vid=walk.ids["volunteer_id"])
            answer = await walk.send(route, headers)
            assert answer.status_code not in (401, 403), (route, role, answer.text)
            assert answer.status_code < 500, (route, role, answer.text)
            shown |= {"it"} if SECRET in answer.text else set()
    assert shown, "the walk with another district's tokens would find nothing either"


async def test_an_issuer_that_is_away_is_503_and_not_a_way_in(service: Service, name: str) -> None:
    if name == "registry":
        pytest.skip("registry is the issuer")
    app = build_app(service)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get(f"/v1/me/{new_id()}", headers=bearer(*Role))
        assert answer.status_code == 404
        paths = {"activities": "activities", "assessment": "statistics", "notifications": "me/messages"}
        assert (await http.get(f"/v1/{paths[name]}", headers=bearer(*Role))).status_code == 503
