"""Rows 11, 12 and 13 of domain.md: a station becomes standard and lapses, and the network comes nearer its targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.standard.domain.computed import months_before
from shared.contracts import Provenance, ServiceCorrected, ServiceLogged
from shared.contracts.calendar import CHINA, district_day
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
PDF = b"%PDF-1.7\n" + "值班表".encode() * 20
PEOPLE = [new_id() for _ in range(12)]
JUDGED = ("staff", "office", "rules")
TODAY = district_day(now())


@dataclass
class Office:
    """A district: its centre, a station with its manager, who are volunteers too, and another station."""

    centre: dict[str, str]
    centre_id: str
    manager: dict[str, str]
    manager_id: str
    station: dict[str, Any]
    other: dict[str, Any]


@pytest.fixture(scope="module")
async def office(registry: Registry) -> Office:
    await registry.open(OTHER, reference=False)
    lines = [
        roster_line(serial, district=DISTRICT, id_number=id_number(30_000 + serial), phone=f"172{serial:08d}")
        for serial in range(2)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 2
    headers, ids = [], []
    for serial, (role, units) in enumerate((("district_admin", []), ("station_manager", [f"{DISTRICT}-STA-01"]))):
        number = f"{DISTRICT}{70_000_000 + serial}"
        account = {"volunteer_number": number, "password": PASSWORD, "roles": [role], "units": units}
        opened = await registry.http.post("/v1/accounts", json=account, headers=await registry.operator(DISTRICT))
        assert opened.status_code == 201, opened.text
        headers.append(await registry.log_in(number, PASSWORD))
        [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=number)
        ids.append(str(row.id))
    found = (await registry.http.get("/v1/station-standings", headers=headers[0])).json()["items"]
    by_code = {one["code"]: one for one in found}
    return Office(
        *(headers[0], ids[0], headers[1], ids[1]),
        station=by_code[f"{DISTRICT}-STA-01"],
        other=by_code[f"{DISTRICT}-STA-02"],
    )


async def show(registry: Registry, office: Office, station: dict[str, Any] | None = None) -> dict[str, Any]:
    where = (station or office.station)["station_id"]
    shown = await registry.http.get(f"/v1/station-standings/{where}", headers=office.centre)
    assert shown.status_code == 200, shown.text
    found: dict[str, Any] = shown.json()
    return found | {"criteria": {one["code"]: one for one in found["criteria"]}}


async def post(registry: Registry, who: dict[str, str], path: str, body: object) -> tuple[int, Any]:
    answer = await registry.http.post(path, json=body, headers={**who, "Idempotency-Key": str(uuid4())})
    return answer.status_code, answer.json()


async def judge(
    registry: Registry,
    office: Office,
    criterion: str,
    *,
    holds: bool = True,
    who: dict[str, str] | None = None,
    **more: Any,
) -> tuple[int, Any]:
    path = f"/v1/station-standings/{office.station['station_id']}/judgements"
    return await post(registry, who or office.centre, path, {"criterion": criterion, "holds": holds, **more})


async def show_evidence(
    registry: Registry, who: dict[str, str], station: str, content: bytes, *, key: str = "", **more: str
) -> tuple[int, Any]:
    answer = await registry.http.post(
        f"/v1/station-standings/{station}/evidence",
        params={"criterion": "staff", "title": "十一月值班表", **more},
        content=content,
        headers={**who, "Idempotency-Key": key or str(uuid4())},
    )
    return answer.status_code, answer.json()


def served(station: str, on: date, person: UUID, service: str = "elderly") -> Received[ServiceLogged]:
    """Return an hour of service at a station, as activities tells of it."""
    record_id, begin = new_id(), datetime.combine(on, time(9), CHINA)
    data = ServiceLogged(
        record_id=record_id,
        record_no=f"SR{record_id.hex[-12:]}",
        volunteer_id=person,
        station_id=UUID(station),
        activity_title="陪伴老人",
        service=service,
        started_at=begin,
        ended_at=begin + timedelta(hours=1),
        minutes=60,
        provenance=Provenance.LEADER,
    )
    return Received(Attributes(new_id(), data.event_type(), now(), str(record_id), 1, DISTRICT), data)


def voided(record: Received[ServiceLogged]) -> Received[ServiceCorrected]:
    """Return that a record was wrong altogether."""
    data = ServiceCorrected(
        record_id=record.data.record_id,
        volunteer_id=record.data.volunteer_id,
        minutes=0,
        previous_minutes=60,
        reason="核对",
    )
    return Received(Attributes(new_id(), data.event_type(), now(), record.attributes.subject, 2, DISTRICT), data)


async def hear(registry: Registry, events: Sequence[Received[Any]]) -> None:
    """React to a batch of activities' events, as the consumer hands it over, until the stations are reviewed."""
    async with registry.worker.transaction() as tx:
        await registry.service.reactions.react(tx, events)
    await all_is_reviewed(registry)


async def all_is_reviewed(registry: Registry) -> None:
    async def is_done() -> bool:
        return not await registry.rows("SELECT 1 FROM work WHERE kind = 'station_review' AND state = 'open'")

    assert await eventually(is_done)


async def told(registry: Registry, station: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what was told of a station's standing, in order."""
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, data FROM event_log WHERE topic = 'registry.standing' "
        "AND data ->> 'station_id' = :station ORDER BY position",
        station=station,
    )
    return [(row.name, row.data) for row in rows]


def half_a_year(station: str) -> list[Received[ServiceLogged]]:
    """Return what makes a team stable, activities long-term and two projects fixed."""
    return [
        served(station, month + timedelta(days=9), person, service)
        for month in months_before(TODAY, 6)
        for person in PEOPLE
        for service in ("elderly", "tutoring")
    ]


@pytest.mark.row(10, 11)
async def test_stations_are_listed_with_their_community_and_where_they_are_and_none_is_standard_unjudged(
    registry: Registry, office: Office
) -> None:
    assert office.station["community"]
    assert office.station["longitude"]
    assert (office.station["status"], office.station["met"], office.station["of"]) == ("building", 0, 6)
    first = (await registry.http.get("/v1/station-standings?limit=2", headers=office.centre)).json()
    assert [one["code"] for one in first["items"]] == [f"{DISTRICT}-STA-00", f"{DISTRICT}-STA-01"]
    cursor = first["next_cursor"]
    then = (await registry.http.get(f"/v1/station-standings?limit=2&cursor={cursor}", headers=office.centre)).json()
    assert then["items"][0]["code"] == f"{DISTRICT}-STA-02"
    own = (await registry.http.get("/v1/station-standings", headers=office.manager)).json()
    assert [one["code"] for one in own["items"]] == [f"{DISTRICT}-STA-01"]


@pytest.mark.row(11)
async def test_evidence_is_kept_sealed_handed_out_as_an_attachment_and_destroyed_when_removed(
    registry: Registry, office: Office
) -> None:
    station = office.station["station_id"]
    status, added = await show_evidence(registry, office.manager, station, PDF, key="once")
    assert (status, added["media_type"], added["size"]) == (201, "application/pdf", len(PDF))
    assert await show_evidence(registry, office.manager, station, PDF, key="once") == (201, added)
    [file] = (await show(registry, office))["criteria"]["staff"]["evidence"]
    assert (file["id"], file["title"]) == (added["id"], "十一月值班表")
    assert (await show(registry, office))["waiting"] == 1
    assert PDF[:20] not in await sealed(registry, added["id"])

    opened = await registry.http.get(f"/v1/evidence/{added['id']}", headers=office.centre)
    assert opened.content == PDF
    assert opened.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert (opened.headers["content-type"], opened.headers["x-content-type-options"]) == ("application/pdf", "nosniff")
    stranger = registry.admins[OTHER]
    assert (await registry.http.get(f"/v1/evidence/{added['id']}", headers=stranger)).status_code == 404

    assert (await post(registry, office.manager, f"/v1/evidence/{added['id']}/removal", {}))[0] == 200
    assert (await registry.http.get(f"/v1/evidence/{added['id']}", headers=office.centre)).status_code == 404
    assert (await show(registry, office))["criteria"]["staff"]["evidence"] == []
    assert await sealed(registry, added["id"]) == b""


@pytest.mark.row(11)
@pytest.mark.parametrize(
    ("content", "more", "faults"),
    [
        (b"<html>", {"title": ""}, {("title", "missing"), ("file", "not_evidence")}),
        (b"", {}, {("file", "missing")}),
        (PDF, {"title": "x" * 61}, {("title", "too_long")}),
        (PDF, {"criterion": "team"}, {("criterion", "is_computed")}),
        (PDF, {"criterion": "flags"}, {("criterion", "unknown_value")}),
    ],
)
async def test_what_is_no_evidence_is_refused_with_every_fault(
    registry: Registry, office: Office, content: bytes, more: dict[str, str], faults: set[tuple[str, str]]
) -> None:
    status, refused = await show_evidence(registry, office.manager, office.station["station_id"], content, **more)
    assert status == 422
    assert {(one["field"], one["code"]) for one in refused["faults"]} == faults


@pytest.mark.row(11)
async def test_a_manager_shows_evidence_of_the_own_station_alone_and_judges_none(
    registry: Registry, office: Office
) -> None:
    other = office.other["station_id"]
    assert (await show_evidence(registry, office.manager, other, PDF))[0] == 404
    assert (await registry.http.get(f"/v1/station-standings/{other}", headers=office.manager)).status_code == 404
    assert (await judge(registry, office, "staff", who=office.manager))[0] == 403


@pytest.mark.row(11)
@pytest.mark.parametrize(
    ("criterion", "more", "fault"),
    [
        ("team", {}, ("criterion", "is_computed")),
        ("staff", {"expires_on": str(TODAY - timedelta(days=1))}, ("expires_on", "in_past")),
        ("staff", {"expires_on": str(TODAY + timedelta(days=400))}, ("expires_on", "out_of_range")),
        ("staff", {"holds": False}, ("note", "missing")),
    ],
)
async def test_a_judgement_has_a_criterion_that_is_judged_and_a_day_that_is_to_come(
    registry: Registry, office: Office, criterion: str, more: dict[str, Any], fault: tuple[str, str]
) -> None:
    status, refused = await judge(registry, office, criterion, **more)
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (422, *fault)


@pytest.mark.row(11, 12)
async def test_a_station_is_standard_once_all_six_hold_and_lapses_when_a_month_s_service_turns_out_to_be_none(
    registry: Registry, office: Office
) -> None:
    station, until = office.station["station_id"], str(TODAY + timedelta(days=100))
    for criterion in JUDGED:
        status, judged = await judge(registry, office, criterion, expires_on=until, note="现场看过")
        assert (status, judged["status"]) == (201, "building")
    records = half_a_year(station)
    await hear(registry, records)
    shown = await show(registry, office)
    assert (shown["status"], shown["met"], shown["lacking"]) == ("standard", 6, [])
    assert (
        shown["criteria"]["staff"] | {"note": "现场看过", "expires_on": until, "cause": "judged"}
        == (shown["criteria"]["staff"])
    )
    assert shown["criteria"]["staff"]["assessor"]
    assert shown["criteria"]["team"]["facts"] == {"people": len(PEOPLE), "wanted": 10}
    assert shown["criteria"]["projects"]["facts"]["fixed"] == ["elderly", "tutoring"]
    assert (shown["regularity"]["days"], shown["regularity"]["months"]) == (6, 6)
    assert shown["regularity"]["outside_festivals"] is not None

    fourth = months_before(TODAY, 6)[3]
    await hear(registry, [voided(one) for one in records if district_day(one.data.started_at).month == fourth.month])
    shown = await show(registry, office)
    assert (shown["status"], shown["lacking"]) == ("lapsed", ["activities"])
    assert shown["criteria"]["activities"]["facts"] == {"missing": [f"{fourth:%Y-%m}"]}

    events = await told(registry, station)
    assert [data["status"] for name, data in events if name == "StationStatusChanged"] == [
        *("building", "standard", "lapsed")
    ]
    lapsed = next(data for name, data in events if name == "CriterionLapsed")
    assert (lapsed["criterion"], lapsed["cause"], lapsed["status"]) == ("activities", "computed", "lapsed")
    assert set(lapsed["recipient_ids"]) == {office.centre_id, office.manager_id}

    await hear(registry, [served(station, fourth + timedelta(days=2), person) for person in PEOPLE])
    assert (await show(registry, office))["status"] == "standard"
    assert (await told(registry, station))[-1][1]["previous"] == "lapsed"
    before = len(await told(registry, station))
    await hear(registry, [served(station, TODAY, PEOPLE[0])])
    assert len(await told(registry, station)) == before  # nothing has changed, so nothing is told


@pytest.mark.row(11, 12)
async def test_a_judgement_that_ends_lapses_at_midnight_without_anything_happening(
    registry: Registry, office: Office
) -> None:
    """The turn of the day is brought about: the judgement ended yesterday, and the clock strikes."""
    station = office.station["station_id"]
    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE station_standing SET review_on = :today"), {"today": TODAY})
    async with registry.api.transaction(DISTRICT) as tx:
        ended = text("""
            INSERT INTO judgement SELECT district, :id, station_id, template, criterion, holds, :ended, note, made_by,
                                         clock_timestamp() FROM judgement
            WHERE district = :district AND station_id = :station AND criterion = 'office'
        """)
        values = {"id": new_id(), "ended": TODAY - timedelta(days=1), "district": DISTRICT, "station": station}
        await tx.execute(ended, values)
    await strike_midnight(registry)

    async def has_lapsed() -> bool:
        return bool((await show(registry, office))["status"] == "lapsed")

    assert await eventually(has_lapsed)
    criterion = (await show(registry, office))["criteria"]["office"]
    assert (criterion["holds"], criterion["cause"]) == (False, "expired")
    name, lapsed = (await told(registry, station))[-2]
    assert (name, lapsed["criterion"], lapsed["cause"]) == ("CriterionLapsed", "office", "expired")
    [row] = await registry.rows("SELECT review_on FROM station_standing WHERE station_id = :id", id=station)
    assert row.review_on > TODAY


@pytest.mark.row(11)
async def test_by_the_national_list_of_2024_the_same_stations_are_judged_anew(
    registry: Registry, office: Office
) -> None:
    listed = (await registry.http.get("/v1/station-standards", headers=office.centre)).json()
    assert [(one["code"], one["in_force"]) for one in listed] == [("national-2024.1", False), ("six-haves.1", True)]
    adopt = "/v1/station-standards/adoption"
    assert (await post(registry, office.manager, adopt, {"template": "national-2024.1"}))[0] == 403
    assert (await post(registry, office.centre, adopt, {"template": "none.1"}))[0] == 422
    assert (await post(registry, office.centre, adopt, {"template": "national-2024.1"}))[0] == 200
    shown = await show(registry, office)
    assert list(shown["criteria"]) == ["place", "team", "projects", "facilities", "rules", "signs"]
    assert shown["lacking"] == ["place", "facilities", "rules", "signs"]
    assert (await post(registry, office.centre, adopt, {"template": "six-haves.1"}))[0] == 200
    shown = await show(registry, office)
    assert shown["lacking"] == ["office"]  # what was judged by it before still holds
    assert (await judge(registry, office, "office"))[1]["status"] == "standard"


@pytest.mark.row(13)
async def test_a_plan_shows_how_far_it_has_come_and_the_centre_is_told_when_its_day_has_passed(
    registry: Registry, office: Office
) -> None:
    plan = {
        "title": "一中心十站点",
        "due_on": str(TODAY + timedelta(days=200)),
        "centres": 1,
        "stations": 10,
        "teams": 84,
    }
    status, made = await post(registry, office.centre, "/v1/network/plans", plan)
    assert status == 201, made
    every = {"title": "社区全覆盖", "due_on": str(TODAY + timedelta(days=700)), "every_community": True}
    assert (await post(registry, office.centre, "/v1/network/plans", every))[0] == 201
    network = (await registry.http.get("/v1/network", headers=office.centre)).json()
    first, second = network["plans"]
    targets = {one["kind"]: one for one in first["targets"]}
    assert (targets["centres"]["there"], targets["stations"]["there"], targets["teams"]["there"]) == (0, 1, 84)
    assert (targets["stations"]["at_start"], targets["stations"]["outlook"]) == (1, "too_early")
    assert targets["teams"]["outlook"] == "reached"
    [communities] = second["targets"]
    assert (communities["wanted"], communities["there"]) == (network["every_community"], 1)
    assert sum(network["by_status"].values()) == 11

    async with registry.worker.transaction() as tx:
        past = text("UPDATE network_plan SET due_on = :due_on, starts_on = :starts_on WHERE id = :id")
        days = {"due_on": TODAY - timedelta(days=1), "starts_on": TODAY - timedelta(days=60)}
        await tx.execute(past, {**days, "id": made["id"]})
    await strike_midnight(registry)

    async def is_told() -> bool:
        return bool(await missed_targets(registry))

    assert await eventually(is_told)
    await strike_midnight(registry)
    await all_is_struck(registry)
    [missed] = await missed_targets(registry)
    assert (missed.data["kinds"], missed.data["recipient_ids"]) == (["centres", "stations"], [office.centre_id])
    network = (await registry.http.get("/v1/network", headers=office.centre)).json()
    assert [one["overdue"] for one in network["plans"]] == [True, False]

    assert (await post(registry, office.centre, f"/v1/network/plans/{made['id']}/ending", {}))[0] == 200
    assert (await post(registry, office.centre, f"/v1/network/plans/{made['id']}/ending", {}))[0] == 409
    assert len((await registry.http.get("/v1/network", headers=office.centre)).json()["plans"]) == 1


@pytest.mark.row(13)
async def test_a_plan_that_wants_nothing_or_is_due_in_the_past_is_refused_with_every_fault(
    registry: Registry, office: Office
) -> None:
    status, refused = await post(registry, office.centre, "/v1/network/plans", {"title": " ", "due_on": str(TODAY)})
    assert status == 422
    assert [(one["field"], one["code"]) for one in refused["faults"]] == [
        ("title", "missing"),
        ("due_on", "in_past"),
        ("stations", "missing"),
    ]


async def test_another_district_sees_nothing_of_it(registry: Registry, office: Office) -> None:
    stranger = registry.admins[OTHER]
    station = office.station["station_id"]
    assert (await registry.http.get(f"/v1/station-standings/{station}", headers=stranger)).status_code == 404
    assert (await registry.http.get("/v1/network", headers=stranger)).json()["plans"] == []
    for path, body in (("judgements", {"criterion": "staff", "holds": True}),):
        assert (await post(registry, stranger, f"/v1/station-standings/{station}/{path}", body))[0] == 404


async def missed_targets(registry: Registry) -> Sequence[Any]:
    return await registry.rows("SELECT data FROM event_log WHERE type LIKE '%.NetworkTargetMissed.v1'")


async def strike_midnight(registry: Registry) -> None:
    """Let the clock strike now."""
    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE work SET due_at = :at WHERE kind = 'station_reviews_at_midnight'"), {"at": now()})


async def all_is_struck(registry: Registry) -> None:
    async def is_done() -> bool:
        return not await registry.rows(
            "SELECT 1 FROM work WHERE kind = 'station_reviews_at_midnight' AND due_at <= clock_timestamp()"
        )

    assert await eventually(is_done)


async def sealed(registry: Registry, evidence_id: str) -> bytes:
    """Return what is stored of a file's content."""
    async with registry.api.transaction(DISTRICT) as tx:
        return bytes(await tx.scalar(text("SELECT sealed FROM evidence WHERE id = :id"), {"id": evidence_id}) or b"")
