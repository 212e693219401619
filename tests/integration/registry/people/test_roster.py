"""The district's real roster, once: verdicts, counts, cost, and what is known of a person outside."""

import csv
import io
import json
import time
from typing import Any

import openpyxl
import pytest

from services.registry.people.roster_import import COLUMNS
from shared.http.pages import cursor
from shared.store.sealing import UnsealableError, open_sealed
from tests.integration.registry.conftest import SAMPLE, Registry, id_number, roster, roster_line, sample

EVERYBODY = list(csv.DictReader(io.StringIO(sample("volunteers.csv.gz").decode())))


@pytest.fixture(scope="module")
async def loaded(registry: Registry) -> Registry:
    started = time.perf_counter()
    status = await registry.take_in("510115", "roster", (SAMPLE / "volunteers.csv.gz").read_bytes())
    print(f"roster of {len(EVERYBODY)} imported and published in {time.perf_counter() - started:.1f} s")  # noqa: T201
    assert _counts(status) == (len(EVERYBODY), 0, 0, 0)
    return registry


@pytest.mark.row(4)
async def test_everybody_is_counted_in_their_category(loaded: Registry) -> None:
    counts = (await loaded.http.get("/v1/volunteers/counts", headers=loaded.admins["510115"])).json()
    students, civil_servants = counts["by_category"]["university_student"], counts["by_category"]["civil_servant"]
    assert (counts["total"], students, civil_servants) == (27_300, 24_400, 600)
    assert counts["total"] - students - civil_servants == 2_300


async def test_one_event_each_and_a_contact_point_that_only_notifications_can_open(loaded: Registry) -> None:
    [found] = await loaded.rows("""
        SELECT count(*) AS events, count(DISTINCT aggregate_id) AS volunteers, min(data ->> 'source') AS source,
               count(DISTINCT data ->> 'import_id') AS imports
        FROM event_log WHERE district = '510115' AND type = 'cn.linbang.registry.VolunteerRegistered.v1'
    """)
    assert tuple(found) == (27_300, 27_300, "import", 1)
    contacts = await loaded.last_values("registry.contact")
    by_number = {row.number: str(row.id) for row in await loaded.rows("SELECT number, id FROM volunteer")}
    assert contacts.keys() == set(by_number.values())
    for person in EVERYBODY[::1000]:
        volunteer_id = by_number[person["志愿者编号"]]
        sealed = contacts[volunteer_id]
        assert json.loads(open_sealed(loaded.contact_private_key, volunteer_id, sealed)) == {
            "name": person["姓名"],
            "phone": person["手机号码"],
            "email": person["电子邮箱"],
            "language": "zh-CN",
        }
        with pytest.raises(UnsealableError):
            open_sealed(loaded.contact_private_key, by_number[EVERYBODY[1]["志愿者编号"]], sealed)


@pytest.mark.row(3)
async def test_no_personal_data_outside_the_sealed_columns(loaded: Registry) -> None:
    tables = await loaded.rows("""
        SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')
    """)
    readable = [row.tablename for row in tables]
    assert {"event_log", "import_verdict", "import_job", "volunteer", "roster_line"} <= set(readable)
    for person in EVERYBODY[::9000]:
        for table in readable:
            for secret in (person["身份证号"], person["手机号码"], person["电子邮箱"]):
                found = await loaded.rows(
                    f"SELECT 1 FROM {table} t WHERE strpos(t::text, :plain) > 0 OR strpos(t::text, :raw) > 0",
                    plain=secret,
                    raw=secret.encode().hex(),
                )
                assert not found, (table, secret)
    names = {person["姓名"] for person in EVERYBODY}
    for topic in ("registry.volunteer", "registry.team"):
        for value in (await loaded.last_values(topic)).values():
            assert not names & set(map(str, json.loads(value).values()))


@pytest.mark.row(4)
async def test_a_second_import_changes_nothing(loaded: Registry) -> None:
    before = await _state(loaded)
    started = time.perf_counter()
    status = await loaded.take_in("510115", "roster", (SAMPLE / "volunteers.csv.gz").read_bytes())
    print(f"imported again in {time.perf_counter() - started:.1f} s")  # noqa: T201
    assert _counts(status) == (0, 0, len(EVERYBODY), 0)
    assert await _state(loaded) == before


async def test_the_same_lines_as_a_spreadsheet_change_nothing(loaded: Registry) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(COLUMNS))
    for person in EVERYBODY[:2000]:
        sheet.append(list(person.values()))
    content = io.BytesIO()
    book.save(content)
    status = await loaded.take_in("510115", "roster", content.getvalue())
    assert _counts(status) == (0, 0, 2000, 0)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
async def test_any_encoding_of_the_same_lines_is_the_same(loaded: Registry, encoding: str) -> None:
    lines = [dict(zip(COLUMNS.values(), person.values(), strict=True)) for person in EVERYBODY[:300]]
    status = await loaded.take_in("510115", "roster", roster(lines, chinese=True).decode().encode(encoding))
    assert _counts(status) == (0, 0, 300, 0)


@pytest.mark.row(4)
async def test_the_faulty_roster_gets_exactly_the_expected_verdicts(loaded: Registry) -> None:
    expected = list(csv.DictReader(io.StringIO(sample("volunteers_faulty.expected.csv").decode())))
    for accepted in ({"accepted", "normalised"}, {"unchanged"}):  # the first time, and again
        status = await loaded.take_in("510115", "roster", sample("volunteers_faulty.csv"))
        report = await loaded.report("510115", status["location"])
        assert [_as_expected(line, accepted) for line in report] == [
            (line["line"], line["verdict"], line["field"], line["fault"]) for line in expected
        ]
        # the note marks lines that were tampered with harmlessly; some of those are in normal form all the same
        noted = {line["line"] for line in expected if line["note"] == "normalised"}
        assert {line["line"] for line in report if line["verdict"] == "normalised"} <= noted
        assert all(line["message"].count(" / ") == 1 for line in report if line["code"])


@pytest.mark.row(4)
async def test_verdicts_are_read_page_by_page_in_the_order_of_the_file_to_its_last_line(loaded: Registry) -> None:
    faulty = await loaded.take_in("510115", "roster", sample("volunteers_faulty.csv"))
    report = await loaded.report("510115", faulty["location"])
    for only in ("", "rejected"):
        pages = await _verdicts(loaded, faulty["location"], limit="37", **({"only": only} if only else {}))
        told = [line for line in report if only in ("", line["verdict"])]
        assert [(one["line"], one["verdict"], one["field"], one["code"]) for one in pages] == [
            (int(line["line"]), line["verdict"], line["field"], line["code"]) for line in told
        ]
        assert all(one["message"] in line["message"] for one, line in zip(pages, told, strict=True))
    imports = (await loaded.http.get("/v1/imports?limit=1000", headers=loaded.admins["510115"])).json()["items"]
    whole = next(f"/v1/imports/{one['id']}" for one in imports if one["done"] == len(EVERYBODY))
    end = await _verdicts(loaded, whole, limit="1000", cursor=cursor(str(len(EVERYBODY) - 1500)))
    assert [one["line"] for one in end] == list(range(len(EVERYBODY) - 1499, len(EVERYBODY) + 2))
    assert await _verdicts(loaded, whole, only="rejected") == []


async def _verdicts(registry: Registry, location: str, **asked: str) -> list[dict[str, Any]]:
    """Read every page of verdicts from a place on."""
    found: list[dict[str, Any]] = []
    headers = registry.admins["510115"] | {"Accept-Language": "en"}
    while True:
        answer = await registry.http.get(f"{location}/verdicts", params=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        asked = asked | {"cursor": page["next_cursor"]}


async def test_a_changed_line_changes_the_volunteer(loaded: Registry) -> None:
    line = roster_line(1)
    assert _counts(await loaded.take_in("510115", "roster", roster([line]))) == (1, 0, 0, 0)
    phone, category = line | {"phone": "13800138000"}, line | {"category": "居民"}
    contacts = await loaded.last_values("registry.contact")
    assert _counts(await loaded.take_in("510115", "roster", roster([category]))) == (0, 0, 1, 0)
    assert _counts(await loaded.take_in("510115", "roster", roster([phone]))) == (1, 0, 0, 0)
    assert await _history(loaded, line["number"]) == ["VolunteerRegistered"]
    [volunteer] = await loaded.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
    after = await loaded.last_values("registry.contact")
    assert {key for key in after if after[key] != contacts.get(key)} == {str(volunteer.id)}
    assert (
        json.loads(open_sealed(loaded.contact_private_key, str(volunteer.id), after[str(volunteer.id)]))["phone"]
        == "13800138000"
    )

    professional = phone | {"category": "professional"}
    assert _counts(await loaded.take_in("510115", "roster", roster([professional]))) == (1, 0, 0, 0)
    assert await _history(loaded, line["number"]) == ["VolunteerRegistered", "VolunteerProfileChanged"]


async def test_a_number_stays_with_its_person(loaded: Registry) -> None:
    line = roster_line(2)
    await loaded.take_in("510115", "roster", roster([line]))
    other = line | {"id_number": id_number(70_001)}
    status = await loaded.take_in("510115", "roster", roster([other]))
    [verdict] = await loaded.report("510115", status["location"])
    assert (verdict["verdict"], verdict["field"], verdict["code"]) == ("rejected", "number", "number_taken")


def _counts(status: dict[str, Any]) -> tuple[int, int, int, int]:
    assert status["state"] == "completed", status
    return status["accepted"], status["normalised"], status["unchanged"], status["rejected"]


def _as_expected(line: dict[str, str], accepted: set[str]) -> tuple[str, str, str, str]:
    verdict = {"rejected": "reject"} | dict.fromkeys(accepted, "accept")
    return line["line"], verdict[line["verdict"]], line["field"], line["code"]


async def _state(registry: Registry) -> list[Any]:
    return [
        await registry.rows("SELECT count(*), max(position) FROM event_log"),
        await registry.rows("SELECT md5(string_agg(v::text, '' ORDER BY id)) FROM volunteer v"),
    ]


async def _history(registry: Registry, number: str) -> list[str]:
    rows = await registry.rows(
        "SELECT type FROM event_log JOIN volunteer v ON v.id = aggregate_id WHERE number = :number ORDER BY position",
        number=number,
    )
    return [row.type.split(".")[3] for row in rows]
