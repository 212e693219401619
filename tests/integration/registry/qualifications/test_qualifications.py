"""Row 16: a qualification is submitted with its paper, looked at by the office, told of before it expires, and ends."""

from base64 import b64encode
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts.calendar import district_day
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
TODAY = district_day(now())
FIRST_AID: dict[str, Any] = {
    "kind": "first_aid",
    "issued_by": "温江区红十字会",
    "number": "JH-2026-00123",
    "issued_on": "2025-03-01",
    "expires_on": (TODAY + timedelta(days=400)).isoformat(),
    "evidence": b64encode(PNG).decode(),
}


@pytest.fixture(scope="module")
async def people(registry: Registry) -> list[dict[str, str]]:
    """Three volunteers who can log in."""
    office = registry.admins[DISTRICT]
    lines = [
        roster_line(serial, id_number=id_number(40_000 + serial), phone=f"172{serial:08d}", name="王小明")
        for serial in range(3)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 3
    found = []
    for line in lines:
        account = {"volunteer_number": line["number"], "password": PASSWORD}
        opened = await registry.http.post("/v1/accounts", json=account, headers=office)
        assert opened.status_code == 201, opened.text
        found.append(await registry.log_in(line["number"], PASSWORD))
    return found


async def submit(registry: Registry, who: dict[str, str], **changes: Any) -> str:
    answer = await registry.http.post("/v1/me/qualifications", json=FIRST_AID | changes, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def decide(registry: Registry, qualification: str, *, verified: bool, reason: str = "") -> tuple[int, str]:
    answer = await registry.http.post(
        f"/v1/qualifications/{qualification}/verdict",
        json={"verified": verified, "reason": reason},
        headers=registry.admins[DISTRICT],
    )
    body = answer.json()
    return answer.status_code, body["faults"][0]["code"] if "faults" in body else body["state"]


async def own(registry: Registry, who: dict[str, str]) -> dict[str, dict[str, Any]]:
    shown = await registry.http.get("/v1/me/qualifications", headers=who)
    assert shown.status_code == 200, shown.text
    return {one["id"]: one for one in shown.json()}


async def events_of(registry: Registry, qualification: str) -> list[str]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name FROM event_log WHERE aggregate_id = :id ORDER BY position",
        id=UUID(qualification),
    )
    return [row.name.removeprefix("Qualification") for row in rows]


@pytest.mark.row(16)
async def test_from_a_paper_to_a_qualification_that_holds(registry: Registry, people: list[dict[str, str]]) -> None:
    mine, other, _ = people
    office = registry.admins[DISTRICT]
    first = await submit(registry, mine)
    assert (await own(registry, mine))[first] | {"submitted_at": None} == {
        **{name: FIRST_AID[name] for name in ("kind", "issued_by", "number", "issued_on", "expires_on")},
        "id": first,
        "state": "submitted",
        "evidence_type": "image/png",
        **dict.fromkeys(["reason", "submitted_at", "decided_at"]),
    }
    assert first not in await own(registry, other)

    queue = (await registry.http.get("/v1/qualifications?limit=1", headers=office)).json()
    assert [(one["id"], one["name_masked"]) for one in queue["items"]] == [(first, "王**")]
    assert "number" not in queue["items"][0]
    shown = (await registry.http.get(f"/v1/qualifications/{first}", headers=office)).json()
    assert (shown["name"], shown["issued_by"], shown["number"]) == ("王小明", "温江区红十字会", "JH-2026-00123")
    picture = await registry.http.get(f"/v1/qualifications/{first}/evidence", headers=office)
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert picture.headers["content-disposition"] == f'attachment; filename="qualification-{first}.png"'
    read = await registry.rows("SELECT action FROM access_log WHERE action IN ('qualification_read', 'evidence_read')")
    assert sorted(row.action for row in read) == ["evidence_read", "qualification_read"]
    assert (await registry.http.get(f"/v1/qualifications/{first}/evidence", headers=mine)).content == PNG
    assert (await registry.http.get(f"/v1/qualifications/{first}/evidence", headers=other)).status_code == 404

    assert await decide(registry, first, verified=False) == (422, "missing")
    own_verdict = await registry.http.post(f"/v1/qualifications/{first}/verdict", json={"verified": True}, headers=mine)
    assert own_verdict.status_code == 403
    assert await decide(registry, first, verified=True) == (200, "verified")
    assert await decide(registry, first, verified=False, reason="x") == (409, "not_open")
    second = await submit(registry, mine, kind="driver", evidence=None, expires_on=None)
    assert await decide(registry, second, verified=False, reason="照片看不清证书编号") == (200, "refused")
    states = {one["kind"]: (one["state"], one["reason"]) for one in (await own(registry, mine)).values()}
    assert states == {"first_aid": ("verified", None), "driver": ("refused", "照片看不清证书编号")}
    assert await events_of(registry, first) == ["Submitted", "Verified"]
    assert await events_of(registry, second) == ["Submitted", "Refused"]


@pytest.mark.row(16)
async def test_neither_number_nor_issuer_nor_picture_is_readable_in_the_database_or_in_an_event(
    registry: Registry, people: list[dict[str, str]]
) -> None:
    qualification = await submit(registry, people[0], number="SECRET-NUMBER", issued_by="某某发证机构")
    [row] = await registry.rows("SELECT * FROM qualification WHERE id = :id", id=UUID(qualification))
    events = await registry.rows("SELECT data::text FROM event_log WHERE aggregate_id = :id", id=UUID(qualification))
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in (*row, *events))
    assert all(part not in stored for part in (b"SECRET-NUMBER", "某某发证机构".encode(), PNG[:32]))


@pytest.mark.row(16)
async def test_every_fault_of_a_form_is_named_by_its_field(registry: Registry, people: list[dict[str, str]]) -> None:
    wrong = {"kind": "x", "number": "", "expires_on": "2020-01-01", "evidence": b64encode(b"<svg>").decode()}
    refused = await registry.http.post("/v1/me/qualifications", json=FIRST_AID | wrong, headers=people[0])
    assert refused.status_code == 422
    assert {fault["field"] for fault in refused.json()["faults"]} == {"kind", "number", "expires_on", "evidence"}
    big = {"evidence": b64encode(b"%PDF-".ljust(LARGEST_EVIDENCE + 1, b"x")).decode()}
    too_large = await registry.http.post("/v1/me/qualifications", json=FIRST_AID | big, headers=people[0])
    assert [fault["code"] for fault in too_large.json()["faults"]] == ["too_large"]


@pytest.mark.row(16)
async def test_who_sends_the_form_twice_has_submitted_once(registry: Registry, people: list[dict[str, str]]) -> None:
    headers = people[1] | {"Idempotency-Key": "twice"}
    ids = {
        (await registry.http.post("/v1/me/qualifications", json=FIRST_AID, headers=headers)).json()["id"]
        for _ in range(2)
    }
    assert len(ids) == 1


@pytest.mark.row(16)
async def test_thirty_days_before_its_end_it_is_told_of_and_after_its_last_day_it_holds_no_more(
    registry: Registry, people: list[dict[str, str]]
) -> None:
    old = await submit(registry, people[2], expires_on=TODAY.isoformat())
    await decide(registry, old, verified=True)  # thirty days before are past: told of at once

    async def is_told_of() -> bool:
        return await events_of(registry, old) == ["Submitted", "Verified", "Expiring"]

    assert await eventually(is_told_of)
    later = await submit(registry, people[2], kind="driver", expires_on=(TODAY + timedelta(days=45)).isoformat())
    await decide(registry, later, verified=True)
    due = await registry.rows(
        "SELECT kind, (due_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM work "
        "WHERE payload->>'qualification_id' = :id",
        id=later,
    )
    assert {row.kind: row.day for row in due} == {
        "qualification_expiring": TODAY + timedelta(days=15),
        "qualification_expiry": TODAY + timedelta(days=46),
    }
    renewed = await submit(registry, people[2])
    await decide(registry, renewed, verified=True)
    async with registry.worker.transaction() as tx:  # as if its last day were over, and the other's notice due
        await tx.execute(
            text(
                "UPDATE work SET due_at = now() "
                "WHERE kind = 'qualification_expiry' AND payload->>'qualification_id' = :id"
            ),
            {"id": old},
        )

    async def is_over() -> bool:
        return bool((await own(registry, people[2]))[old]["state"] == "expired")

    assert await eventually(is_over)
    [row] = await registry.rows(
        "SELECT data FROM event_log WHERE aggregate_id = :id AND type LIKE '%QualificationExpired%'", id=UUID(old)
    )
    assert row.data["is_renewed"] is True
    assert date.fromisoformat(row.data["expires_on"]) == TODAY


@pytest.mark.row(16)
async def test_the_office_revokes_what_it_finds_wrong_and_another_district_sees_nothing(
    registry: Registry, people: list[dict[str, str]]
) -> None:
    qualification = await submit(registry, people[1], kind="tax", evidence=None)
    path = f"/v1/qualifications/{qualification}/revocation"
    office = registry.admins[DISTRICT]
    early = await registry.http.post(path, json={"reason": "x"}, headers=office)
    assert (early.status_code, early.json()["faults"][0]["code"]) == (409, "not_open")
    await decide(registry, qualification, verified=True)
    assert (await registry.http.post(path, json={"reason": " "}, headers=office)).status_code == 422
    assert (await registry.http.post(path, json={"reason": "证书是伪造的"}, headers=office)).status_code == 200
    assert await events_of(registry, qualification) == ["Submitted", "Verified", "Revoked"]

    other = await registry.open(OTHER, reference=False)
    for path in (f"/v1/qualifications/{qualification}", f"/v1/qualifications/{qualification}/evidence"):
        assert (await registry.http.get(path, headers=other)).status_code == 404
    assert (await registry.http.get("/v1/qualifications?state=revoked", headers=other)).json()["items"] == []
