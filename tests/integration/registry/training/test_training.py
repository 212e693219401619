"""Row 18: material is delivered to persons or a group, with a receipt a person: sent, read, tested."""

from base64 import b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
TEAM = "510115-TEAM-017"
PDF = b"%PDF-1.7 " + bytes(range(256))
QUIZ = [
    {"question": "住户送您水果，怎么办？", "choices": ["收下", "婉拒"], "right": 1},
    {"question": "老人没有开门？", "choices": ["离开", "报告站点", "破门"], "right": 1},
]
TEXT: dict[str, Any] = {"subject": "上门探访须知", "body": "进门前先打电话。", "quiz": QUIZ, "pass_mark": 2}


@pytest.fixture(scope="module")
async def people(registry: Registry) -> list[dict[str, Any]]:
    """Three individuals, and two of a team; the first of each can log in."""
    office = registry.admins[DISTRICT]
    lines = [
        roster_line(
            serial,
            id_number=id_number(60_000 + serial),
            phone=f"174{serial:08d}",
            name="李小红",
            team=TEAM if serial > 2 else "",
        )
        for serial in range(5)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 5
    found: list[dict[str, Any]] = []
    for line in lines:
        [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
        account = {"volunteer_number": line["number"], "password": PASSWORD}
        opened = await registry.http.post("/v1/accounts", json=account, headers=office)
        assert opened.status_code == 201, opened.text
        found.append({"id": str(row.id), "as": await registry.log_in(line["number"], PASSWORD), **line})
    return found


async def add(registry: Registry, **changes: Any) -> str:
    added = await registry.http.post("/v1/training-materials", json=TEXT | changes, headers=registry.admins[DISTRICT])
    assert added.status_code == 201, added.text
    return str(added.json()["id"])


async def deliver(registry: Registry, material: str, **to: Any) -> Any:
    path = f"/v1/training-materials/{material}/deliveries"
    return await registry.http.post(path, json=to, headers=registry.admins[DISTRICT])


async def delivered(registry: Registry, material: str, people: int, **to: Any) -> None:
    """Deliver material and wait until so many have got it in all."""
    begun = await deliver(registry, material, **to)
    assert begun.status_code == 202, begun.text

    async def all_have_got_it() -> bool:
        return bool((await shown(registry, material))["delivered"] == people)

    assert await eventually(all_have_got_it)


async def shown(registry: Registry, material: str) -> dict[str, Any]:
    answer = await registry.http.get(f"/v1/training-materials/{material}", headers=registry.admins[DISTRICT])
    found: dict[str, Any] = answer.json()
    return found


async def receipts(registry: Registry, material: str, standing: str = "all") -> dict[str, dict[str, Any]]:
    answer = await registry.http.get(
        f"/v1/training-materials/{material}/receipts",
        params={"standing": standing},
        headers=registry.admins[DISTRICT],
    )
    assert answer.status_code == 200, answer.text
    return {one["volunteer_id"]: one for one in answer.json()["items"]}


async def own(registry: Registry, who: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await registry.http.get("/v1/me/training", headers=who["as"])
    return {one["subject"]: one for one in answer.json()}


async def take(registry: Registry, who: dict[str, Any], delivery: str, *answers: int, key: str = "") -> Any:
    headers = who["as"] | {"Idempotency-Key": key or str(uuid4())}
    path = f"/v1/me/training/{delivery}/test"
    return await registry.http.post(path, json={"answers": answers}, headers=headers)


async def events_of(registry: Registry, delivery: str) -> list[str]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name FROM event_log WHERE aggregate_id = :id ORDER BY position",
        id=UUID(delivery),
    )
    return [row.name.removeprefix("Training") for row in rows]


@pytest.mark.row(18)
async def test_from_delivered_to_read_to_passed(registry: Registry, people: list[dict[str, Any]]) -> None:
    material = await add(registry)
    assert (await shown(registry, material))["delivered"] == 0
    await delivered(registry, material, 3, audience="individuals")
    who = people[0]
    mine = (await own(registry, who))["上门探访须知"]
    assert (mine["read_at"], mine["questions"], mine["tries"]) == (None, 2, 0)
    assert set(await receipts(registry, material, "unread")) == {one["id"] for one in people[:3]}

    delivery = mine["id"]
    early = await take(registry, who, delivery, 1, 1)
    assert (early.status_code, early.json()["faults"][0]["code"]) == (409, "not_open")  # it is not read yet
    opened = (await registry.http.get(f"/v1/me/training/{delivery}", headers=who["as"])).json()
    assert opened["body"] == "进门前先打电话。"
    assert all(sorted(question) == ["choices", "question"] for question in opened["quiz"])  # not which one is right
    assert set(await receipts(registry, material, "unread")) == {one["id"] for one in people[1:3]}

    lacking = await take(registry, who, delivery, 1)
    assert (lacking.status_code, lacking.json()["faults"][0]["code"]) == (422, "missing")
    first = (await take(registry, who, delivery, 1, 0)).json()
    assert first == {"right": 1, "questions": 2, "pass_mark": 2, "passed": False, "tries": 1}
    again = await take(registry, who, delivery, 1, 1, key="twice")
    assert again.json() == {"right": 2, "questions": 2, "pass_mark": 2, "passed": True, "tries": 2}
    assert (await take(registry, who, delivery, 1, 1, key="twice")).json() == again.json()  # a second click
    over = await take(registry, who, delivery, 0, 0)
    assert (over.status_code, over.json()["faults"][0]["code"]) == (409, "not_open")

    receipt = (await receipts(registry, material, "passed"))[who["id"]]
    assert (receipt["name_masked"], receipt["tries"], receipt["best"]) == ("李**", 2, 2)
    assert set(await receipts(registry, material, "not_passed")) == {one["id"] for one in people[1:3]}
    counts = await shown(registry, material)
    assert [counts[name] for name in ("delivered", "read", "tested", "passed")] == [3, 1, 1, 1]
    assert await events_of(registry, delivery) == ["Delivered", "Read", "Tested", "Tested"]
    mine_in_all = (await registry.http.get("/v1/me/data", headers=who["as"])).json()["training"]
    assert [each["subject"] for each in mine_in_all] == ["上门探访须知"]


@pytest.mark.row(18)
async def test_to_a_team_to_persons_and_to_all_each_person_gets_it_once(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    material = await add(registry, subject="急救常识")
    await delivered(registry, material, 2, audience="team", team=TEAM)
    assert set(await receipts(registry, material)) == {one["id"] for one in people[3:]}
    numbers = [people[0]["number"], people[3]["number"]]
    await delivered(registry, material, 3, audience="persons", volunteer_numbers=numbers)
    await delivered(registry, material, 5, audience="all")
    nobody = await deliver(registry, material, audience="all")
    assert nobody.json()["people"] == 0
    told = await registry.rows(
        "SELECT count(*) AS how_many FROM event_log "
        "WHERE type LIKE '%TrainingDelivered%' AND data->>'material_id' = :id",
        id=material,
    )
    assert told[0].how_many == 5


@pytest.mark.row(18)
async def test_a_document_is_kept_sealed_handed_out_as_it_was_and_read_by_who_takes_it(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    material = await add(registry, subject="手册", body="", file=b64encode(PDF).decode(), quiz=[], pass_mark=0)
    await delivered(registry, material, 1, audience="persons", volunteer_numbers=[people[1]["number"]])
    who = people[1]
    delivery = (await own(registry, who))["手册"]["id"]
    await registry.http.get(f"/v1/me/training/{delivery}", headers=who["as"])
    assert (await shown(registry, material))["read"] == 0  # whoever has only seen that there is one
    path = f"/v1/me/training/{delivery}/document"
    for _ in range(2):
        file = await registry.http.get(path, headers=who["as"])
        assert (file.content, file.headers["content-type"]) == (PDF, "application/pdf")
        assert file.headers["content-disposition"].startswith("attachment")
    assert (await shown(registry, material))["read"] == 1
    assert await events_of(registry, delivery) == ["Delivered", "Read"]
    for_office = f"/v1/training-materials/{material}/document"
    assert (await registry.http.get(for_office, headers=registry.admins[DISTRICT])).content == PDF
    async with registry.api.transaction(DISTRICT) as tx:
        [stored] = await tx.scalars(
            text("SELECT document FROM training_material WHERE id = :id"), {"id": UUID(material)}
        )
    assert PDF not in stored
    somebody_else = await registry.http.get(path, headers=people[2]["as"])
    assert somebody_else.status_code == 404


@pytest.mark.row(18)
@pytest.mark.parametrize(
    ("to", "fault"),
    [
        ({}, ("audience", "missing")),
        ({"audience": "everybody"}, ("audience", "unknown_value")),
        ({"audience": "team"}, ("team", "missing")),
        ({"audience": "team", "team": "510115-TEAM-999"}, ("team", "unknown_reference")),
        ({"audience": "persons"}, ("volunteer_numbers", "missing")),
        ({"audience": "persons", "volunteer_numbers": ["51011599999999"]}, ("volunteer_numbers", "unknown_reference")),
        ({"audience": "persons", "volunteer_numbers": [str(n) for n in range(101)]}, ("volunteer_numbers", "too_many")),
    ],
)
async def test_what_is_wrong_with_a_delivery_is_named(
    registry: Registry, to: dict[str, Any], fault: tuple[str, str]
) -> None:
    refused = await deliver(registry, await add(registry), **to)
    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["faults"]] == [fault]


@pytest.mark.row(18)
async def test_volunteers_and_other_districts_see_nothing_of_the_library(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    material = await add(registry)
    paths = ["/v1/training-materials", f"/v1/training-materials/{material}"]
    for path in paths:
        assert (await registry.http.get(path, headers=people[0]["as"])).status_code == 403
    other = await registry.open(OTHER, reference=False)
    assert (await registry.http.get(paths[0], headers=other)).json()["items"] == []
    assert (await registry.http.get(paths[1], headers=other)).status_code == 404
    first = (await registry.http.get(paths[0] + "?limit=1", headers=registry.admins[DISTRICT])).json()
    assert first["items"][0]["id"] == material
    assert first["next_cursor"]
