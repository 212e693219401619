"""Row 19: two entries of one person become one, without anything being lost, and two again where it was a mistake."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.consents.texts import TEXTS, ConsentPurpose
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.integration.registry.consents.test_consents import own
from tests.support.eventually import eventually

DISTRICT = "510115"
PASSWORD = "a password of some length"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
REASON = {"reason": "本人到场，核对了身份证"}


@dataclass
class Pair:
    """Two entries: one that is kept, one that is merged into it."""

    registry: Registry
    kept: dict[str, str]
    merged: dict[str, str]

    @property
    def office(self) -> dict[str, str]:
        return self.registry.admins[DISTRICT]

    async def id_of(self, line: dict[str, str]) -> str:
        [row] = await self.registry.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
        return str(row.id)

    async def merge(self, **changes: str) -> Any:
        path = f"/v1/volunteers/{await self.id_of(self.kept)}/merging"
        body = {"merged_number": self.merged["number"], **REASON} | changes
        return await self.registry.http.post(path, json=body, headers=self.office)

    async def undo(self, **changes: str) -> Any:
        path = f"/v1/volunteers/{await self.id_of(self.merged)}/merging/undoing"
        return await self.registry.http.post(path, json={"reason": "是两个人"} | changes, headers=self.office)

    async def account(self, line: dict[str, str]) -> dict[str, str]:
        account = {"volunteer_number": line["number"], "password": PASSWORD}
        opened = await self.registry.http.post("/v1/accounts", json=account, headers=self.office)
        assert opened.status_code == 201, opened.text
        return await self.registry.log_in(line["number"], PASSWORD)

    async def events(self, line: dict[str, str]) -> list[str]:
        rows = await self.registry.rows(
            "SELECT type FROM event_log WHERE aggregate_id = :id ORDER BY position", id=await self.id_of(line)
        )
        return [row.type.split(".")[3] for row in rows]

    async def state(self) -> list[Any]:
        """Return everything of the two entries that other people see or that undoing has to bring back."""
        found: list[Any] = []
        for line in (self.kept, self.merged):
            volunteer_id = await self.id_of(line)
            columns = "merged_into_id, team_id, blind_index, name_index, phone_tail_index, digest, category"
            found += await self.registry.rows(f"SELECT {columns} FROM volunteer WHERE id = :id", id=volunteer_id)
            async with self.registry.api.transaction(DISTRICT) as tx:
                for table, shown in (
                    ("qualification", "id, kind, state"),
                    ("pairing", "id, household_id, ended_on"),
                    ("pairing_visit", "id, pairing_id"),
                    ("training_delivery", "id, material_id, read_at, passed_at"),
                    ("team_invitation", "id, team_id, state"),
                ):
                    rows = await tx.execute(
                        text(f"SELECT {shown} FROM {table} WHERE volunteer_id = :id ORDER BY id"), {"id": volunteer_id}
                    )
                    found.append((line["name"], table, [tuple(row) for row in rows]))
        return found


@pytest.fixture
async def pair(registry: Registry, request: pytest.FixtureRequest) -> Pair:
    """Two entries of a person on the roster."""
    serial = 30_000 + 10 * sorted(_serials | {request.node.name}).index(request.node.name) + len(_serials) * 1000
    _serials.add(request.node.name)
    kept, merged = (
        roster_line(serial + each, id_number=id_number(serial + each), phone=f"173{serial:08d}", name="王大明")
        for each in range(2)
    )
    merged["team"] = f"{DISTRICT}-TEAM-001"
    merged["organisation"] = ""
    assert (await registry.take_in(DISTRICT, "roster", roster([kept, merged])))["accepted"] == 2
    return Pair(registry, kept, merged)


_serials: set[str] = set()


async def submitted(pair: Pair, who: dict[str, str]) -> str:
    paper = {
        "kind": "first_aid",
        "issued_by": "温江区红十字会",
        "number": "JH-2026-00123",
        "issued_on": "2025-03-01",
        "expires_on": (district_day(now()) + timedelta(days=400)).isoformat(),
        "evidence": b64encode(PNG).decode(),
    }
    answer = await pair.registry.http.post("/v1/me/qualifications", json=paper, headers=who)
    assert answer.status_code == 201, answer.text
    verdict = {"verified": True, "reason": ""}
    path = f"/v1/qualifications/{answer.json()['id']}/verdict"
    decided = await pair.registry.http.post(path, json=verdict, headers=pair.office)
    assert decided.status_code == 200, decided.text
    return str(answer.json()["id"])


async def paired(pair: Pair, line: dict[str, str], household: str) -> str:
    """Pair an entry with a household, visited once."""
    pairing = str(uuid4())
    volunteer_id = await pair.id_of(line)
    [station] = await pair.registry.rows("SELECT id FROM station ORDER BY code LIMIT 1")
    values = {"d": DISTRICT, "household": household, "station": station.id, "id": pairing, "v": volunteer_id}
    async with pair.registry.api.transaction(DISTRICT) as tx:
        for statement in (
            "INSERT INTO household (district, id, number, station_id, groups, opened_on, version) "
            "VALUES (:d, :household, (SELECT coalesce(max(number), 0) + 1 FROM household), :station, '{}', "
            "'2026-01-01', 1) ON CONFLICT DO NOTHING",
            "INSERT INTO pairing (district, id, household_id, volunteer_id, rhythm, starts_on, version) "
            "VALUES (:d, :id, :household, :v, 'weekly', '2026-01-01', 1)",
            "INSERT INTO pairing_visit (district, id, pairing_id, volunteer_id, visited_on, minutes, note) "
            "VALUES (:d, gen_random_uuid(), :id, :v, '2026-01-02', 60, '')",
        ):
            await tx.execute(text(statement), values)
    return pairing


@pytest.mark.row(19)
async def test_what_one_entry_has_follows_to_the_other_and_undoing_brings_back_exactly_that(pair: Pair) -> None:
    registry = pair.registry
    kept, merged = await pair.account(pair.kept), await pair.account(pair.merged)
    qualification = await submitted(pair, merged)
    shared_household, own_household = str(uuid4()), str(uuid4())
    await paired(pair, pair.kept, shared_household)
    await paired(pair, pair.merged, shared_household)
    followed = await paired(pair, pair.merged, own_household)
    counted = (await registry.http.get("/v1/volunteers/counts", headers=pair.office)).json()["total"]
    before = await pair.state()

    done = await pair.merge()
    assert done.status_code == 200, done.text
    mine = (await registry.http.get("/v1/me/qualifications", headers=kept)).json()
    assert [one["id"] for one in mine] == [qualification]
    async with registry.api.transaction(DISTRICT) as tx:
        rows = await tx.execute(
            text("SELECT id, household_id FROM pairing WHERE volunteer_id = :id AND ended_on IS NULL"),
            {"id": await pair.id_of(pair.kept)},
        )
        open_pairings = {str(row.household_id): str(row.id) for row in rows}
    assert set(open_pairings) == {shared_household, own_household}
    assert open_pairings[own_household] == followed
    shown = (await registry.http.get(f"/v1/volunteers/{await pair.id_of(pair.kept)}", headers=pair.office)).json()
    assert shown["team"] == f"{DISTRICT}-TEAM-001"
    after = (await registry.http.get("/v1/volunteers/counts", headers=pair.office)).json()["total"]
    assert after == counted - 1
    for number in (pair.kept["number"], pair.merged["number"]):  # the number that is gone finds the person
        found = await registry.http.get("/v1/volunteers", params={"query": number}, headers=pair.office)
        assert [one["number"] for one in found.json()["items"]] == [pair.kept["number"]]
    refused = await registry.http.post("/v1/tokens", json={"user_name": pair.merged["number"], "password": PASSWORD})
    assert refused.json()["faults"][0]["code"] == "locked"

    held = (await registry.http.get("/v1/me/data", headers=kept)).json()["merged_entries"]
    assert [one["number"] for one in held] == [pair.merged["number"]]
    assert pair.merged["id_number"] not in str(held)

    undone = await pair.undo()
    assert undone.status_code == 200, undone.text
    assert await pair.state() == before
    assert (await registry.http.get("/v1/volunteers/counts", headers=pair.office)).json()["total"] == counted
    await registry.log_in(pair.merged["number"], PASSWORD)
    assert await pair.events(pair.merged) == ["VolunteerRegistered", "VolunteersMerged", "VolunteerMergeUndone"]
    told = await registry.rows(
        "SELECT type, data ->> 'volunteer_id' AS volunteer_id FROM event_log WHERE aggregate_id = :id "
        "ORDER BY position DESC LIMIT 2",
        id=qualification,
    )
    assert [(one.type.split(".")[3], one.volunteer_id) for one in told] == [
        ("QualificationMoved", await pair.id_of(pair.merged)),
        ("QualificationMoved", await pair.id_of(pair.kept)),
    ]


@pytest.mark.row(19)
async def test_a_team_that_was_merged_meanwhile_is_left_for_the_one_after_it_when_undone(pair: Pair) -> None:
    registry = pair.registry
    codes = [f"{DISTRICT}-TEAM-{number:03}" for number in (20, 21)]
    pair.merged["team"] = codes[0]
    assert (await registry.take_in(DISTRICT, "roster", roster([pair.merged])))["rejected"] == 0
    assert (await pair.merge()).status_code == 200
    [ending] = await registry.rows("SELECT id FROM team WHERE code = :code", code=codes[0])
    merging = f"/v1/teams/{ending.id}/merging"
    assert (await registry.http.post(merging, json={"into": codes[1]}, headers=pair.office)).status_code == 200

    async def team_of(line: dict[str, str]) -> str | None:
        rows = await registry.rows(
            "SELECT t.code FROM volunteer v LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id "
            "WHERE v.number = :number",
            number=line["number"],
        )
        code: str | None = rows[0].code
        return code

    async def has_followed() -> bool:
        return await team_of(pair.kept) == codes[1]

    assert await eventually(has_followed)
    assert (await pair.undo()).status_code == 200
    assert (await team_of(pair.kept), await team_of(pair.merged)) == (None, codes[1])


@pytest.mark.row(19)
async def test_a_contact_point_ends_with_the_entry_and_is_there_again_when_it_is_undone(pair: Pair) -> None:
    registry = pair.registry

    async def contact() -> bytes | None:
        async def is_published() -> bool:
            return not await registry.rows("SELECT 1 FROM outbox")

        assert await eventually(is_published)
        return (await registry.last_values("registry.contact"))[await pair.id_of(pair.merged)]

    assert await contact() is not None
    assert (await pair.merge()).status_code == 200
    assert await contact() is None
    assert (await pair.undo()).status_code == 200
    assert await contact() is not None


@pytest.mark.row(19)
async def test_what_the_person_has_said_last_holds_under_whatever_number_and_goes_with_undoing(pair: Pair) -> None:
    registry = pair.registry
    kept, merged = await pair.account(pair.kept), await pair.account(pair.merged)
    notices = {"text_version": TEXTS[ConsentPurpose.NOTICES].version}

    async def is_given() -> bool:
        return bool((await own(registry, kept))["notices"]["given"])

    for who, given in ((kept, True), (merged, False)):
        said = await registry.http.put("/v1/me/consents/notices", json=notices | {"given": given}, headers=who)
        assert said.status_code < 300, said.text
    assert await is_given()
    assert (await pair.merge()).status_code == 200
    assert not await is_given()
    assert (await pair.undo()).status_code == 200
    assert await is_given()


async def accepted(pair: Pair, who: dict[str, str], document: str) -> bool:
    """Return whether the person has accepted a document's version in force, as they are shown it."""
    shown = (await pair.registry.http.get("/v1/me/rule-documents", headers=who)).json()
    [one] = [each for each in shown if each["document_id"] == document]
    assert one["is_required"] is (one["accepted_at"] is None)
    return one["accepted_at"] is not None


@pytest.mark.row(17, 19)
async def test_rules_that_were_accepted_under_the_merged_entry_are_accepted_by_the_person(pair: Pair) -> None:
    registry = pair.registry
    kept, merged = await pair.account(pair.kept), await pair.account(pair.merged)
    published = await registry.http.post(
        "/v1/rule-documents", json={"title": "志愿者守则", "text": "按约定的时间参加服务。"}, headers=pair.office
    )
    document = published.json()["document_id"]
    path = f"/v1/me/rule-documents/{document}/acceptance"
    assert (await registry.http.post(path, json={"version": 1}, headers=merged)).status_code == 200

    async def office() -> tuple[int, int, bool]:
        listed = (await registry.http.get(f"/v1/rule-documents/{document}", headers=pair.office)).json()
        one = listed["versions"][0]
        lacking = await registry.http.get(
            f"/v1/rule-documents/{document}/versions/1/missing?limit=200", headers=pair.office
        )
        numbers = [each["volunteer_number"] for each in lacking.json()["items"]]
        return one["accepted"], listed["volunteers"], pair.kept["number"] in numbers

    counted, volunteers, is_missing = await office()
    assert (counted, is_missing, await accepted(pair, kept, document)) == (1, True, False)
    assert (await pair.merge()).status_code == 200
    assert await accepted(pair, kept, document)
    assert await office() == (1, volunteers - 1, False)
    held = (await registry.http.get("/v1/me/data", headers=kept)).json()["rules"]
    assert "志愿者守则" in [one["title"] for one in held]
    assert (await pair.undo()).status_code == 200
    assert not await accepted(pair, kept, document)
    assert await office() == (1, volunteers, True)


@pytest.mark.row(18, 19)
async def test_training_follows_and_what_was_passed_under_either_entry_is_passed(pair: Pair) -> None:
    registry = pair.registry
    kept, merged = await pair.account(pair.kept), await pair.account(pair.merged)
    quiz = [{"question": "住户送您水果，怎么办？", "choices": ["收下", "婉拒"], "right": 1}]
    both, one = [str(uuid4()) for _ in range(2)]
    for subject, numbers in (
        (both, [pair.kept["number"], pair.merged["number"]]),
        (one, [pair.merged["number"]]),
    ):
        text_of = {"subject": subject, "body": "进门前先打电话。", "quiz": quiz, "pass_mark": 1}
        material = (await registry.http.post("/v1/training-materials", json=text_of, headers=pair.office)).json()["id"]
        to = {"audience": "persons", "volunteer_numbers": numbers}
        path = f"/v1/training-materials/{material}/deliveries"
        assert (await registry.http.post(path, json=to, headers=pair.office)).status_code == 202

    async def own_training(who: dict[str, str]) -> dict[str, Any]:
        shown = (await registry.http.get("/v1/me/training", headers=who)).json()
        return {each["subject"]: each for each in shown if each["subject"] in {both, one}}

    async def has_come() -> bool:
        return len(await own_training(merged)) == 2 and len(await own_training(kept)) == 1

    assert await eventually(has_come)
    for delivery in (await own_training(merged)).values():
        assert (await registry.http.get(f"/v1/me/training/{delivery['id']}", headers=merged)).status_code == 200
        tested = await registry.http.post(
            f"/v1/me/training/{delivery['id']}/test", json={"answers": [1]}, headers=merged
        )
        assert tested.json()["passed"] is True, tested.text
    before = await pair.state()

    assert (await pair.merge()).status_code == 200
    shown = await own_training(kept)
    assert set(shown) == {both, one}
    assert all(each["read_at"] and each["passed_at"] for each in shown.values())
    again = await registry.http.post(f"/v1/me/training/{shown[both]['id']}/test", json={"answers": [1]}, headers=kept)
    assert again.json()["faults"][0]["code"] == "not_open"  # passed already
    receipts = await registry.http.get(
        f"/v1/training-materials/{material}/receipts", params={"standing": "passed"}, headers=pair.office
    )
    assert [each["volunteer_number"] for each in receipts.json()["items"]] == [pair.kept["number"]]
    assert (await pair.undo()).status_code == 200
    assert await pair.state() == before


@pytest.mark.row(18, 19)
async def test_an_invitation_follows_is_answered_by_the_person_and_comes_back_where_it_is_not(pair: Pair) -> None:
    registry = pair.registry
    pair.merged["team"] = ""
    assert (await registry.take_in(DISTRICT, "roster", roster([pair.merged])))["rejected"] == 0
    kept = await pair.account(pair.kept)
    answer_by = (now() + timedelta(days=7)).isoformat()
    asked: dict[str, list[str]] = {}
    for line, teams in ((pair.kept, ("017",)), (pair.merged, ("017", "018"))):
        for team in teams:
            sent = await registry.http.post(
                f"/v1/individuals/{await pair.id_of(line)}/invitations",
                json={"team": f"{DISTRICT}-TEAM-{team}", "answer_by": answer_by},
                headers=pair.office,
            )
            assert sent.status_code == 201, sent.text
            asked.setdefault(line["number"], []).append(sent.json()["id"])
    before = await pair.state()
    assert (await pair.merge()).status_code == 200
    shown = (await registry.http.get("/v1/me/team-invitations", headers=kept)).json()
    of_kept, of_merged = asked[pair.kept["number"]], asked[pair.merged["number"]]
    assert {each["id"] for each in shown} == {*of_kept, of_merged[1]}  # asked by both to one team: once
    assert (await pair.undo()).status_code == 200
    assert await pair.state() == before

    assert (await pair.merge()).status_code == 200
    answer = {"accepted": True}
    accepts = await registry.http.post(f"/v1/team-invitations/{of_merged[1]}/answer", json=answer, headers=kept)
    assert accepts.json()["state"] == "accepted", accepts.text


@pytest.mark.row(19)
async def test_an_old_roster_changes_nothing_and_a_changed_line_of_the_merged_entry_is_refused(pair: Pair) -> None:
    assert (await pair.merge()).status_code == 200
    kept = pair.kept | {"team": f"{DISTRICT}-TEAM-001"}
    same = await pair.registry.take_in(DISTRICT, "roster", roster([kept, pair.merged]))
    assert (same["accepted"], same["rejected"], same["unchanged"]) == (0, 0, 2)
    changed = await pair.registry.take_in(DISTRICT, "roster", roster([pair.merged | {"name": "王小明"}]))
    assert changed["rejected"] == 1
    [line] = await pair.registry.report(DISTRICT, changed["location"])
    assert "并入" in "".join(line.values())


@pytest.mark.row(19)
async def test_it_is_looked_at_first_masked_with_what_is_the_same_behind_the_masks(pair: Pair) -> None:
    path = f"/v1/volunteers/{await pair.id_of(pair.kept)}/merging"
    shown = await pair.registry.http.get(path, params={"merged_number": pair.merged["number"]}, headers=pair.office)
    assert shown.status_code == 200, shown.text
    seen = shown.json()
    assert (seen["kept"]["number"], seen["merged"]["number"]) == (pair.kept["number"], pair.merged["number"])
    assert [seen[same] for same in ("same_name", "same_phone", "same_gender", "same_birth_date")] == [True] * 4
    for hidden in (pair.kept["name"], pair.kept["phone"], pair.kept["id_number"], pair.merged["id_number"]):
        assert hidden not in shown.text


@pytest.mark.row(19)
async def test_what_cannot_be_merged_is_refused_by_field_and_nothing_changes(pair: Pair) -> None:
    async def fault(answer: Any) -> tuple[int, str, str]:
        first = answer.json()["faults"][0]
        return answer.status_code, first["field"], first["code"]

    assert await fault(await pair.merge(reason="")) == (422, "reason", "missing")
    assert await fault(await pair.merge(merged_number="")) == (422, "merged_number", "missing")
    assert await fault(await pair.merge(merged_number="51011599999999")) == (404, "merged_number", "not_found")
    assert await fault(await pair.merge(merged_number=pair.kept["number"])) == (422, "merged_number", "same_entry")
    assert await fault(await pair.undo()) == (409, "volunteer_id", "not_open")
    assert (await pair.merge()).status_code == 200
    assert await fault(await pair.merge()) == (409, "merged_number", "merged")
    other_way = Pair(pair.registry, pair.merged, pair.kept)
    assert await fault(await other_way.merge()) == (409, "volunteer_id", "merged")
    third = roster_line(39_999, id_number=id_number(39_999), phone="17300039999")
    await pair.registry.take_in(DISTRICT, "roster", roster([third]))
    assert await fault(await Pair(pair.registry, third, pair.kept).merge()) == (409, "merged_number", "has_merged")
    assert await fault(await pair.undo(reason=" ")) == (422, "reason", "missing")


@pytest.mark.row(19)
async def test_two_numbers_that_the_office_has_checked_are_two_people(pair: Pair) -> None:
    registry = pair.registry
    for line, serial in ((pair.kept, 38_001), (pair.merged, 38_002)):
        who = await pair.account(line)
        form = {"field": "id_number", "value": id_number(serial), "reason": "登记时写错了"}
        asked = await registry.http.post("/v1/me/corrections", json=form, headers=who)
        assert asked.status_code == 201, asked.text
        if line is pair.merged:
            refused = await pair.merge()
            assert [one["code"] for one in refused.json()["faults"]] == ["open_correction"]
        path = f"/v1/corrections/{asked.json()['id']}/answer"
        answered = await registry.http.post(path, json={"accepted": True, "answer": "已核对"}, headers=pair.office)
        assert answered.status_code == 200, answered.text
    refused = await pair.merge()
    assert [one["code"] for one in refused.json()["faults"]] == ["other_person"]


@pytest.mark.row(19)
async def test_who_leaves_leaves_with_every_entry_that_is_theirs(pair: Pair) -> None:
    who = await pair.account(pair.kept)
    assert (await pair.merge()).status_code == 200
    assert (await pair.registry.http.post("/v1/me/closing", headers=who)).status_code == 200
    assert (await pair.events(pair.merged))[-1] == "VolunteerRestricted"
    refused = await pair.undo()
    assert refused.json()["faults"][0]["code"] == "closed"


@pytest.mark.row(19)
async def test_who_merged_what_and_why_is_in_the_access_log_and_on_the_entry_s_list(pair: Pair) -> None:
    assert (await pair.merge()).status_code == 200
    for line in (pair.kept, pair.merged):
        volunteer_id = await pair.id_of(line)
        logged = await pair.registry.rows(
            "SELECT action, reason FROM access_log WHERE subject_id = :id ORDER BY id", id=volunteer_id
        )
        assert [tuple(row) for row in logged][-1] == ("volunteers_merged", REASON["reason"])
        listed = await pair.registry.http.get(f"/v1/volunteers/{volunteer_id}/mergers", headers=pair.office)
        [one] = listed.json()["items"]
        assert (one["kept_number"], one["merged_number"]) == (pair.kept["number"], pair.merged["number"])
        assert one["undone_at"] is None
