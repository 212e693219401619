"""Row 20 of domain.md: recipients, whose sensitive categories are read by assigned case workers alone, and pairings."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from services.registry.access_log.repository import Noted, note
from services.registry.recipients.part import PART
from shared.contracts.calendar import district_day
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from shared.store.retention import YEAR, delete_overdue
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually
from tests.support.infrastructure import Infrastructure

DISTRICT = "510115"
STATION, ELSEWHERE, TEAM = "510115-STA-01", "510115-STA-02", "510115-TEAM-001"
PASSWORD = "a password of some length"
TODAY = district_day(now())
"""Or yesterday, where midnight passes meanwhile: no test minds."""
MINOR, YOUNG = 2, TODAY - timedelta(days=16 * 365)
"""A volunteer under 18, without a guardian's consent."""
TELLING = ("child_of_released_prisoner", "disabled", "两劳", "刑满释放", "服刑期满", "残疾")
"""What must come to stand nowhere: codes of sensitive categories, and what is written of them."""
CHILD = {"name": "陈小雨", "category": "child_of_released_prisoner", "phone": "17011112222", "note": "父亲刑满释放"}
DISABLED = {"name": "陈志强", "category": "disabled", "phone": "", "note": "一级残疾"}
FILE: dict[str, Any] = {
    "address": "柳城街道长安路 8 号",
    "phone": "02882700000",
    "note": "两劳人员家庭，服刑期满",
    "people": [CHILD],
}
PLAIN: dict[str, Any] = {"address": "柳城街道", "people": [{"name": "陈小雨", "category": "youth"}]}
Headers = Mapping[str, str]


@dataclass
class Staff:
    """Who deals with households in the tests, by the headers that they send."""

    registry: Registry
    admin: Headers
    worker: Headers
    colleague: Headers
    colleague_id: str
    elsewhere: Headers
    elsewhere_id: str
    manager: Headers

    async def open(self, file: Mapping[str, Any] = FILE, key: str = "") -> str:
        """Take a household into care and return its id."""
        headers = {**self.worker, **({"Idempotency-Key": key} if key else {})}
        opened = await self.registry.http.post("/v1/households", json={"station": STATION, **file}, headers=headers)
        assert opened.status_code == 201, opened.text
        return str(opened.json()["id"])

    async def read(self, household: str, who: Headers, reason: str = "visit") -> httpx.Response:
        return await self.registry.http.post(f"/v1/households/{household}/reveal", json={"reason": reason}, headers=who)

    async def send(self, who: Headers, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request; return its status and its answer, of a refusal the codes by field."""
        answer = await self.registry.http.request(method, path, json=body, headers=dict(who))
        found = answer.json() if answer.content else {}
        if answer.status_code >= 400:
            return answer.status_code, {fault["field"]: fault["code"] for fault in found["faults"]}
        return answer.status_code, found


@pytest.fixture(scope="module")
async def superuser(registry: Registry, infrastructure: Infrastructure) -> AsyncIterator[asyncpg.Connection]:
    """The service's database, without any row security."""
    database = make_url(registry.urls.owner).database
    url = make_url(infrastructure.admin_url).set(database=database)
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def staff(registry: Registry) -> Staff:
    """The district's office, case workers of two stations, and a manager; two volunteers and a minor are on file."""
    admin = registry.admins[DISTRICT]
    lines = [roster_line(0), roster_line(1), roster_line(MINOR, id_number=id_number(1, born=YOUNG))]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == len(lines)

    async def opened(name: str, role: str, station: str) -> tuple[Headers, str]:
        account = {"user_name": name, "password": PASSWORD, "roles": [role], "units": [station]}
        created = await registry.http.post("/v1/accounts", json=account, headers=admin)
        assert created.status_code == 201, created.text
        return await registry.log_in(name, PASSWORD), created.json()["id"]

    worker, _ = await opened("case.worker", "case_worker", STATION)
    colleague, colleague_id = await opened("case.colleague", "case_worker", STATION)
    elsewhere, elsewhere_id = await opened("case.elsewhere", "case_worker", ELSEWHERE)
    manager, _ = await opened("station.manager", "station_manager", STATION)
    return Staff(registry, admin, worker, colleague, colleague_id, elsewhere, elsewhere_id, manager)


@pytest.mark.row(20)
async def test_who_is_assigned_alone_reads_a_household_and_everybody_else_sees_a_young_person(staff: Staff) -> None:
    household = await staff.open()
    path = f"/v1/households/{household}"
    read = await staff.read(household, staff.worker)
    assert read.json()["people"] == [CHILD]
    assert (read.json()["address"], read.json()["note"]) == (FILE["address"], FILE["note"])
    for who in (staff.admin, staff.manager):
        status, shown = await staff.send(who, "GET", path)
        assert (status, shown["groups"], shown["mine"], shown["name_masked"]) == (200, ["youth"], False, None)
    for who, refusal in ((staff.admin, 403), (staff.manager, 403), (staff.colleague, 404), (staff.elsewhere, 404)):
        assert (await staff.read(household, who)).status_code == refusal
    assert (await staff.send(staff.worker, "GET", path))[1]["name_masked"] == "陈**"
    for who in (staff.colleague, staff.elsewhere):
        assert (await staff.send(who, "GET", path))[0] == 404
    assert (await staff.send(staff.elsewhere, "PUT", path, {"version": 1, **FILE}))[0] == 404


@pytest.mark.row(20)
async def test_the_office_assigns_without_reading_and_takes_the_assignment_back(staff: Staff) -> None:
    household = await staff.open()
    path = f"/v1/households/{household}/assignments"
    assert await staff.send(staff.admin, "POST", path, {"account_id": staff.colleague_id}) == (204, {})
    assert (await staff.read(household, staff.colleague)).status_code == 200
    assert (await staff.read(household, staff.admin)).status_code == 403
    assert await staff.send(staff.admin, "DELETE", f"{path}/{staff.colleague_id}") == (204, {})
    assert (await staff.read(household, staff.colleague)).status_code == 404
    assert (await staff.read(household, staff.worker)).status_code == 200


async def test_a_household_is_assigned_to_case_workers_of_its_station_and_by_nobody_to_themself(staff: Staff) -> None:
    path = f"/v1/households/{await staff.open()}/assignments"
    own = (await staff.registry.http.get("/v1/me", headers=dict(staff.admin))).json()["account_id"]
    assert await staff.send(staff.admin, "POST", path, {"account_id": own}) == (403, {"account_id": "forbidden"})
    for account in (staff.elsewhere_id, str(new_id())):
        found = await staff.send(staff.admin, "POST", path, {"account_id": account})
        assert found == (422, {"account_id": "unknown_value"})


@pytest.mark.row(20)
async def test_every_reading_has_a_reason_of_a_list_and_is_in_the_access_log(staff: Staff) -> None:
    household = await staff.open()
    assert (await staff.read(household, staff.worker, "两劳人员子女")).status_code == 422
    await staff.read(household, staff.worker, "emergency")
    rows = await _as_api(
        staff.registry.api, None, "SELECT action, reason FROM access_log WHERE subject_id = :id ORDER BY id", household
    )
    assert [tuple(row) for row in rows] == [("household_opened", ""), ("household_read", "emergency")]


@pytest.mark.row(20)
async def test_the_database_shows_a_file_to_nobody_but_who_is_assigned(staff: Staff) -> None:
    household = await staff.open()
    [own] = await _as_api(
        staff.registry.api, None, "SELECT account_id FROM household_assignment WHERE household_id = :id", household
    )
    files = "SELECT content FROM household_file WHERE household_id = :id"
    assert len(await _as_api(staff.registry.api, own.account_id, files, household)) == 1
    for nobody in (None, UUID(staff.colleague_id)):
        assert await _as_api(staff.registry.api, nobody, files, household) == []
        changed = "UPDATE household_file SET content = '' WHERE household_id = :id RETURNING household_id"
        assert await _as_api(staff.registry.api, nobody, changed, household) == []
    with pytest.raises(DBAPIError, match="permission denied"):
        await staff.registry.rows("SELECT content FROM household_file")


async def _as_api(store: Store, worker: UUID | None, statement: str, household: str) -> list[Any]:
    async with store.transaction(DISTRICT) as tx:
        if worker:
            await tx.execute(text("SELECT set_config('app.case_worker', :id, true)"), {"id": str(worker)})
        return list((await tx.execute(text(statement), {"id": UUID(household)})).all())


@pytest.mark.row(20)
@pytest.mark.parametrize(("sensitive", "other"), [("child_of_released_prisoner", "youth"), ("disabled", "other")])
async def test_two_households_that_differ_in_the_category_alone_look_the_same_to_everybody_else(
    staff: Staff, superuser: asyncpg.Connection, sensitive: str, other: str
) -> None:
    """The same is done to both: opened, read, changed; then what the office, a manager and a backup see is compared."""
    seen = []
    for category in (sensitive, other):
        file = {**FILE, "people": [{**CHILD, "category": category}]}
        household = await staff.open(file)
        path = f"/v1/households/{household}"
        await staff.read(household, staff.worker)
        assert (await staff.send(staff.worker, "PUT", path, {"version": 1, **file}))[1]["version"] == 2
        shown = [(await staff.send(who, "GET", path))[1] for who in (staff.admin, staff.manager)]
        seen.append(
            ([{**each, "id": "", "number": 0} for each in shown], await _of_household(superuser, UUID(household)))
        )
    assert seen[0] == seen[1]


async def _of_household(superuser: asyncpg.Connection, household: UUID) -> list[tuple[Any, ...]]:
    """Return what a backup holds of a household but its number and its times: of what is sealed, how long it is."""
    statements = (
        "SELECT station_id, groups, opened_on, closed_on, version FROM household WHERE id = $1",
        "SELECT account_id FROM household_assignment WHERE household_id = $1",
        "SELECT octet_length(content), octet_length(wrapped_key), pg_column_size(content) FROM household_file "
        "WHERE household_id = $1",
        "SELECT actor, action, reason FROM access_log WHERE subject_id = $1 ORDER BY id",
    )
    return [tuple(row) for statement in statements for row in await superuser.fetch(statement, household)]


@pytest.mark.row(20)
async def test_a_sensitive_category_stands_in_no_event_list_export_log_metric_error_or_table(
    staff: Staff, superuser: asyncpg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    """All is done that can be done with a household, rightly and wrongly; then what is left of it is searched."""
    registry, before = staff.registry, told_in(await _all_tables(superuser))
    household = await staff.open({**FILE, "people": [CHILD, DISABLED]}, key=str(new_id()))
    said = [(await staff.read(household, staff.elsewhere)).text]
    pairing = await _paired(staff, household)
    await staff.send(staff.worker, "POST", f"/v1/pairings/{pairing}/visits", _visit(note="父亲刑满释放"))
    wrong = {"version": 9, **FILE, "people": [{**CHILD, "phone": "两劳", "category": "残疾"}]}
    for form in (wrong, {**FILE, "version": 9}, {"version": "两劳", **FILE}, {"reason": "两劳"}):
        for method, path in (("PUT", ""), ("POST", "/reveal"), ("POST", "/pairings")):
            answer = await registry.http.request(
                method, f"/v1/households/{household}{path}", json=form, headers=dict(staff.worker)
            )
            said.append(answer.text if answer.status_code >= 400 else "")
    for who in (staff.admin, staff.manager, staff.worker):
        for path in ("/v1/households", f"/v1/households/{household}", f"/v1/pairings/{pairing}/visits"):
            said += [(await registry.http.get(path, headers=dict(who))).text]
    said.append((await registry.http.get("/metrics")).text)
    said += await _topic(registry, "registry.pairing", pairing)
    captured = capfd.readouterr()
    said += [captured.out, captured.err]
    assert told_in(said).total() == 0
    assert any(household in each for each in said), "the search would find nothing of the household at all"
    tables = await _all_tables(superuser)
    assert told_in(tables) == before
    assert any(household in each for each in tables)

    leak = Noted(DISTRICT, "account:x", "household_read", new_id(), "两劳人员子女")
    async with registry.api.transaction(DISTRICT) as tx:  # what is there is found
        await note(tx, leak)
    assert told_in(await _all_tables(superuser)) - before == {"两劳": 1}
    assert told_in(["…\\u4e24\\u52b3…", "两劳".encode().hex()]) == {"两劳": 2}


def told_in(texts: list[str]) -> Counter[str]:
    """Return how often what must not be told stands in texts: as such, as JSON escapes it, or in bytes as hex."""
    whole = "\n".join(texts)
    forms = {word: {word, json.dumps(word)[1:-1], word.encode().hex()} for word in TELLING}
    return +Counter({word: sum(map(whole.count, forms[word])) for word in TELLING})


async def _all_tables(superuser: asyncpg.Connection) -> list[str]:
    """Return all that is in the service's database, as text."""
    tables = await superuser.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    texts = [await superuser.fetchval(f"SELECT string_agg(t::text, ' ') FROM {name} t") for (name,) in tables]
    return [each or "" for each in texts]


async def _topic(registry: Registry, topic: str, key: str) -> list[str]:
    async def is_there() -> bool:
        return key in await registry.last_values(topic)

    assert await eventually(is_there)
    return [value.decode() for value in (await registry.last_values(topic)).values()]


def _visit(**changes: Any) -> dict[str, Any]:
    return {"visited_on": TODAY.isoformat(), "minutes": 60, "note": "一切都好"} | changes


async def _paired(staff: Staff, household: str, **changes: Any) -> str:
    form = {
        "volunteer_number": f"{DISTRICT}70000000",
        "rhythm": "weekly",
        "starts_on": TODAY.isoformat(),
    } | changes
    status, begun = await staff.send(staff.worker, "POST", f"/v1/households/{household}/pairings", form)
    assert status == 201, begun
    return str(begun["id"])


@pytest.mark.row(20)
async def test_a_pairing_is_visited_and_ended_and_its_events_name_no_household(staff: Staff) -> None:
    household = await staff.open()
    pairing = await _paired(staff, household)
    again = {
        "volunteer_number": f"{DISTRICT}70000000",
        "rhythm": "monthly",
        "starts_on": TODAY.isoformat(),
    }
    path = f"/v1/households/{household}/pairings"
    assert await staff.send(staff.worker, "POST", path, again) == (409, {"volunteer_number": "already_paired"})
    assert await staff.send(staff.colleague, "POST", path, again) == (404, {"household_id": "not_found"})
    of_minor = again | {"volunteer_number": f"{DISTRICT}{70_000_000 + MINOR}"}
    assert await staff.send(staff.worker, "POST", path, of_minor) == (422, {"volunteer_number": "guardian_needed"})

    noted = await staff.send(staff.worker, "POST", f"/v1/pairings/{pairing}/visits", _visit())
    assert noted[0] == 201
    to_come = (TODAY + timedelta(days=2)).isoformat()
    refused = await staff.send(
        staff.worker, "POST", f"/v1/pairings/{pairing}/visits", _visit(visited_on=to_come, minutes=0)
    )
    assert refused == (422, {"visited_on": "in_future", "minutes": "out_of_range"})
    listed = (await staff.send(staff.manager, "GET", f"/v1/pairings/{pairing}/visits"))[1]["items"]
    assert [(each["volunteer_number"], each["minutes"]) for each in listed] == [(f"{DISTRICT}70000000", 60)]
    assert (await staff.read(household, staff.worker)).json()["visits"][0]["note"] == "一切都好"
    shown = (await staff.send(staff.manager, "GET", f"/v1/households/{household}"))[1]
    assert shown["visit_due_on"] == (TODAY + timedelta(days=7)).isoformat()

    assert (await staff.send(staff.worker, "POST", f"/v1/pairings/{pairing}/ending", {}))[0] == 200
    ended = await staff.send(staff.worker, "POST", f"/v1/pairings/{pairing}/ending", {})
    assert ended == (409, {"pairing_id": "not_open"})
    events = await staff.registry.rows(
        "SELECT type, data::text AS data FROM event_log WHERE aggregate_id = :id ORDER BY aggregate_version",
        id=UUID(pairing),
    )
    assert [row.type.split(".")[3] for row in events] == ["PairingBegun", "PairingEnded"]
    assert not any(household in row.data for row in events)


async def test_a_team_is_paired_and_who_of_it_was_there_is_said(staff: Staff) -> None:
    leads = {"volunteer_number": f"{DISTRICT}70000000", "password": PASSWORD, "roles": ["team_leader"], "units": [TEAM]}
    assert (await staff.send(staff.admin, "POST", "/v1/accounts", leads))[0] == 201
    pairing = await _paired(staff, await staff.open(), volunteer_number="", team=TEAM)
    [event] = await staff.registry.rows(
        "SELECT data->>'team_name' AS team, data->>'recipient_ids' AS told, v.id::text AS leader "
        "FROM event_log, volunteer v WHERE aggregate_id = :id AND v.number = :number",
        id=UUID(pairing),
        number=leads["volunteer_number"],
    )
    assert (bool(event.team), json.loads(event.told)) == (True, [event.leader])
    path = f"/v1/pairings/{pairing}/visits"
    assert await staff.send(staff.worker, "POST", path, _visit()) == (422, {"volunteer_number": "missing"})
    status, _ = await staff.send(staff.worker, "POST", path, _visit(volunteer_number=f"{DISTRICT}70000001"))
    assert status == 201


async def test_a_volunteer_sees_at_which_station_they_are_paired_and_not_with_whom(staff: Staff) -> None:
    number = f"{DISTRICT}70000001"
    household = await staff.open()
    await _paired(staff, household, volunteer_number=number)
    account = {"volunteer_number": number, "password": PASSWORD}
    assert (await staff.send(staff.admin, "POST", "/v1/accounts", account))[0] == 201
    answer = await staff.registry.http.get("/v1/me/pairings", headers=await staff.registry.log_in(number, PASSWORD))
    [own] = answer.json()
    assert (own["rhythm"], own["visits"], own["ended_on"]) == ("weekly", 0, None)
    assert household not in answer.text


@pytest.mark.row(20)
async def test_a_closed_household_s_pairings_end_and_erased_it_can_be_read_by_nobody(staff: Staff) -> None:
    household = await staff.open()
    pairing = await _paired(staff, household)
    path = f"/v1/households/{household}"
    assert await staff.send(staff.worker, "POST", f"{path}/erasure") == (409, {"household_id": "not_open"})
    assert (await staff.send(staff.worker, "POST", f"{path}/closing"))[0] == 200
    assert await staff.send(staff.worker, "PUT", path, {"version": 2, **FILE}) == (409, {"household_id": "closed"})
    [row] = await staff.registry.rows(
        "SELECT count(*) AS ended FROM event_log WHERE aggregate_id = :id", id=UUID(pairing)
    )
    assert row.ended == 2
    assert await staff.send(staff.worker, "POST", f"{path}/erasure") == (204, {})
    assert (await staff.read(household, staff.worker)).status_code == 404
    again = {"account_id": staff.colleague_id}
    assert (await staff.send(staff.admin, "POST", f"{path}/assignments", again))[0] == 204
    assert (await staff.read(household, staff.colleague)).status_code == 404
    assert (await staff.send(staff.admin, "GET", path))[1]["closed_on"] is not None


async def test_three_years_after_its_end_a_household_s_file_is_deleted_by_itself(staff: Staff) -> None:
    household = await staff.open()
    await staff.send(staff.worker, "POST", f"/v1/households/{household}/closing")
    [retention] = PART.retentions
    async with staff.registry.worker.transaction() as tx:
        assert await delete_overdue(tx, retention, now() + 3 * YEAR - timedelta(days=2), 1000) == 0
        assert await delete_overdue(tx, retention, now() + 3 * YEAR + timedelta(days=2), 1000) >= 1
    assert (await staff.read(household, staff.worker)).status_code == 404


async def test_what_is_wrong_is_told_by_field_and_opening_twice_with_one_key_is_one_household(staff: Staff) -> None:
    form: dict[str, Any] = {"station": STATION, "address": "", "people": [{"name": "", "category": "两劳"}]}
    found = await staff.send(staff.worker, "POST", "/v1/households", form)
    assert found == (
        422,
        {"address": "missing", "people.0.name": "missing", "people.0.category": "unknown_value"},
    )
    for station, fault in ((ELSEWHERE, "forbidden"), ("nowhere", "unknown_reference")):
        refused = await staff.send(staff.worker, "POST", "/v1/households", {**PLAIN, "station": station})
        assert refused[1] == {"station": fault}
    key = str(new_id())
    assert await staff.open(key=key) == await staff.open(key=key)
    stale = await staff.send(staff.worker, "PUT", f"/v1/households/{await staff.open()}", {"version": 7, **PLAIN})
    assert stale == (409, {"version": "changed_meanwhile"})


async def test_households_are_listed_by_number_page_by_page(staff: Staff) -> None:
    mine = [await staff.open(PLAIN) for _ in range(3)]
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = "/v1/households?limit=2&mine=true" + (f"&cursor={cursor}" if cursor else "")
        page = (await staff.send(staff.worker, "GET", path))[1]
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    numbers = [each["number"] for each in found]
    assert numbers == sorted(set(numbers))
    assert {each["id"] for each in found} >= set(mine)
    assert (await staff.send(staff.elsewhere, "GET", "/v1/households"))[1]["items"] == []
    one = (await staff.send(staff.manager, "GET", f"/v1/households?number={numbers[-1]}"))[1]["items"]
    assert [each["number"] for each in one] == [numbers[-1]]
