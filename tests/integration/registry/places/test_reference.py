from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from httpx import Response

from tests.integration.registry.conftest import REFERENCE_FILES, Registry, sample


async def test_importing_reference_data_again_changes_nothing(registry: Registry) -> None:
    before = await registry.rows("SELECT count(*) FROM event_log")
    for kind in REFERENCE_FILES:
        status = await registry.take_in("510115", kind, sample(f"{kind}.csv"))
        assert (status["accepted"], status["normalised"], status["rejected"]) == (0, 0, 0)
        assert status["unchanged"] == status["total"]
    assert await registry.rows("SELECT count(*) FROM event_log") == before


async def _entry(registry: Registry, district: str, kind: str) -> dict[str, Any]:
    """Return the first one of a kind, by its code."""
    answer = await registry.http.get(f"/v1/{kind}?district={district}&limit=1")
    (entry,) = answer.json()["items"]
    return dict(entry)


async def _close(registry: Registry, district: str, kind: str, entry: str, **body: str) -> Response:
    headers = {**registry.admins[district], "Idempotency-Key": str(uuid4())}
    return await registry.http.post(f"/v1/{kind}/{entry}/closing", json=body, headers=headers)


async def test_what_is_closed_stays_on_the_register_and_a_file_cannot_change_it(registry: Registry) -> None:
    district = "510141"
    await registry.open(district)
    for kind in ("organisations", "stations", "teams"):
        entry = await _entry(registry, district, kind)
        closed = await _close(registry, district, kind, entry["id"])
        assert closed.status_code == 200, closed.text
        told = closed.json()
        assert (told["code"], told["version"]) == (entry["code"], entry["version"] + 1)
        now = await _entry(registry, district, kind)
        assert now == entry | {"closed_on": told["closed_on"], "version": told["version"]}

        (event,) = await registry.rows(
            "SELECT type, data ->> 'name' AS name, data ->> 'closed_on' AS closed_on FROM event_log"
            " WHERE aggregate_id = CAST(:id AS uuid) ORDER BY aggregate_version DESC LIMIT 1",
            id=entry["id"],
        )
        assert event.type.endswith("Closed.v1")
        assert (event.name, event.closed_on) == (entry["name"], told["closed_on"])

        again = await registry.take_in(district, kind, sample(f"{kind}.csv").replace(b"510115", district.encode()))
        assert (again["rejected"], again["unchanged"]) == (1, again["total"] - 1)
        refused = [line for line in await registry.report(district, again["location"]) if line["verdict"] == "rejected"]
        assert [(line["field"], line["code"]) for line in refused] == [("code", "closed")]


async def test_a_closing_that_cannot_be_is_refused_by_name(registry: Registry) -> None:
    district = "510142"
    await registry.open(district)
    station = await _entry(registry, district, "stations")

    async def refusal(entry: str, **body: str) -> tuple[int, str, str]:
        answer = await _close(registry, district, "stations", entry, **body)
        (fault,) = answer.json()["faults"]
        return answer.status_code, fault["field"], fault["code"]

    before_it_opened = (date.fromisoformat(station["opened_on"]) - timedelta(days=1)).isoformat()
    assert await refusal(station["id"], closed_on="2999-01-01") == (422, "closed_on", "in_future")
    assert await refusal(station["id"], closed_on=before_it_opened) == (422, "closed_on", "end_before_start")
    assert await refusal(str(uuid4())) == (404, "station_id", "not_found")
    assert await _entry(registry, district, "stations") == station
    assert (await _close(registry, district, "stations", station["id"])).status_code == 200
    assert await refusal(station["id"]) == (409, "station_id", "closed")


async def test_a_changed_line_is_announced_as_a_change(registry: Registry) -> None:
    district = "510142"
    organisation = await _entry(registry, district, "organisations")
    changed = f"代码,名称,类型,经度,纬度\n{organisation['code']},改名协会,{organisation['kind']},,\n"
    assert (await registry.take_in(district, "organisations", changed.encode()))["accepted"] == 1
    types = await registry.rows(
        "SELECT type FROM event_log WHERE aggregate_id = CAST(:id AS uuid) ORDER BY aggregate_version",
        id=organisation["id"],
    )
    assert [row.type.split(".")[-2] for row in types] == ["OrganisationRegistered", "OrganisationChanged"]
