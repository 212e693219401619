"""Rosters as people make them (cases C8 to C11 and C14): what is on file afterwards, and what the report says."""

import gzip
from collections.abc import Sequence
from typing import Any

import pytest

from services.registry.people.roster_import import COLUMNS
from tests.files.text_files import joined, written
from tests.files.workbook import DAY, Book, Cell, Sheet, error, formula, number
from tests.integration.registry.conftest import REFERENCE_FILES, Registry, roster, roster_line, sample

HEADER = list(COLUMNS)
FIELDS = list(COLUMNS.values())


def person(serial: int, **changes: str) -> list[str]:
    line = roster_line(serial, **changes)
    return [line[field] for field in FIELDS]


def cells(serial: int, **changes: Cell) -> list[Cell]:
    """Return a person's cells, some of which are others; an empty text is no cell."""
    line = roster_line(serial)
    return [changes.get(field, line[field] or None) for field in FIELDS]


def book(*sheets: Sequence[Sequence[Cell]], states: Sequence[str] = ()) -> bytes:
    names = ("一队", "二队")
    each = zip(sheets, names, [*states, *["visible"] * len(sheets)], strict=False)
    return Book([Sheet(name, (HEADER, *rows), state) for rows, name, state in each]).content()


async def verdicts(registry: Registry, content: bytes, *, dry_run: bool = False) -> list[str]:
    """Take a roster in; return ``line verdict field code`` of each line."""
    status = await registry.take_in("510115", "roster" + ("?dry_run=true" if dry_run else ""), content)
    report = await registry.report("510115", status["location"])
    return [" ".join(filter(None, (row["line"], row["verdict"], row["field"], row["code"]))) for row in report]


async def refusal(registry: Registry, content: bytes) -> dict[str, str]:
    """Take in a roster that is refused as a whole; return why."""
    status = await registry.take_in("510115", "roster", content)
    assert status["state"] == "failed"
    (fault,) = status["faults"]
    (line,) = await registry.report("510115", status["location"])
    assert line == {
        "line": "", "verdict": "failed", "field": fault["field"], "code": fault["code"],
        "message": f"{fault['message_zh']} / {fault['message_en']}", "change": "", "changed_fields": "",
    }  # fmt: skip
    return dict(fault)


async def on_file(registry: Registry, serial: int) -> dict[str, Any]:
    """Return what registry says of a person, with the masked contact points."""
    found = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=roster_line(serial)["number"])
    assert found, f"person {serial} is not on file"
    answer = await registry.http.get(f"/v1/volunteers/{found[0].id}", headers=registry.admins["510115"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def events(registry: Registry) -> int:
    (row,) = await registry.rows("SELECT count(*) AS events FROM event_log")
    return int(row.events)


async def test_c8_a_stray_quote_refuses_the_file_and_names_the_line(registry: Registry) -> None:
    before = await events(registry)
    stray = joined([HEADER, person(1, name='"张三'), person(2, name='"李四')]).encode()
    fault = await refusal(registry, stray)
    assert fault["code"] == "open_quote"
    assert "第 2 行的引号" in fault["message_zh"]
    assert "line 2" in fault["message_en"]
    assert await events(registry) == before


async def test_c8_a_quote_that_stands_wrong_rejects_its_line_alone(registry: Registry) -> None:
    content = joined([HEADER, person(3, name='"张"三'), person(4)]).encode()
    assert await verdicts(registry, content) == ["2 rejected quotes", "3 accepted"]


async def test_c8_a_line_break_in_a_name_rejects_both_of_its_lines(registry: Registry) -> None:
    content = written([HEADER, person(5, name="张\n三"), person(6)]).encode()
    assert await verdicts(registry, content) == [
        "2 rejected name line_break",
        "3 rejected name line_break",
        "4 accepted",
    ]


async def test_c9_a_hidden_sheet_is_not_read(registry: Registry) -> None:
    last_year, this_year = [cells(10, phone="17190099991")], [cells(10), cells(11)]
    content = book(last_year, this_year, states=["hidden"])
    assert await verdicts(registry, content) == ["2 accepted", "3 accepted"]
    assert (await on_file(registry, 10))["phone"].endswith(roster_line(10)["phone"][-4:])


async def test_c9_two_filled_sheets_are_refused_by_name(registry: Registry) -> None:
    fault = await refusal(registry, book([cells(12)], [cells(13)]))
    assert fault["code"] == "several_sheets"
    assert "一队、二队" in fault["message_zh"]
    assert "一队、二队" in fault["message_en"]


async def test_c10_an_id_number_that_was_typed_as_a_number_is_never_accepted(registry: Registry) -> None:
    people = [
        cells(serial, id_number=number(float(roster_line(serial)["id_number"][:17] + "0"), 0))
        for serial in range(14, 38)
    ]
    found = await verdicts(registry, book(people))
    assert found == [f"{line} rejected id_number number_cell" for line in range(2, 26)]


async def test_c10_a_phone_number_that_was_typed_as_a_number_is_as_good_as_text(registry: Registry) -> None:
    people = [cells(38, phone=13800000038, registered_on=number(45352, DAY))]
    assert await verdicts(registry, book(people)) == ["2 accepted"]
    assert (await on_file(registry, 38))["registered_on"] == "2024-03-01"


async def test_c11_a_cell_in_error_erases_nothing_that_is_on_file(registry: Registry) -> None:
    team = "510115-TEAM-001"
    assert await verdicts(registry, book([cells(40, team=team), cells(41, team=team)])) == ["2 accepted", "3 accepted"]
    before, told = [await on_file(registry, serial) for serial in (40, 41)], await events(registry)
    lookup = "VLOOKUP(A2,[teams.xlsx]S!A:B,2,0)"
    content = book([cells(40, team=formula(lookup, "#N/A", "e")), cells(41, team=formula(lookup))])
    assert await verdicts(registry, content) == ["2 rejected team broken_cell", "3 rejected team broken_cell"]
    content = book([cells(40, team=team, email=error("#REF!")), cells(41, team="#N/A")])
    assert await verdicts(registry, content) == ["2 rejected email broken_cell", "3 rejected team broken_cell"]
    assert [await on_file(registry, serial) for serial in (40, 41)] == before
    assert await events(registry) == told


@pytest.mark.parametrize(
    ("serial", "content", "line"),
    [
        (50, joined([[*row, "", "", ""] for row in (HEADER, person(50))]).encode(), 2),
        (51, joined([HEADER, [" ", *[""] * 12], person(51)]).encode("gbk"), 3),
        (52, ("2025年名册\r\n" + joined([HEADER, person(52)])).encode(), 3),
        (53, joined([["序号", *HEADER], ["1", *person(53)]]).encode(), 2),
        (54, ("\ufeff" + joined([HEADER, person(54)], "\t")).encode("utf-16-le"), 2),
        (55, joined([HEADER, person(55, skills="")], ";").encode(), 2),
        (56, gzip.compress(joined([HEADER, person(56)]).encode()), 2),
    ],
    ids=["trailing commas", "a row of blanks", "a title", "running numbers", "UTF-16", "semicolons", "gzip"],
)
async def test_c14_a_shape_that_is_certain_is_understood(
    registry: Registry, serial: int, content: bytes, line: int
) -> None:
    assert await verdicts(registry, content) == [f"{line} accepted"]
    await on_file(registry, serial)


async def test_c14_marks_of_text_are_taken_off(registry: Registry) -> None:
    marked = person(57, id_number=f"'{roster_line(57)['id_number']}", phone='="17000000057"')
    assert await verdicts(registry, written([HEADER, marked]).encode()) == ["2 normalised"]
    assert await verdicts(registry, joined([HEADER, person(57)]).encode()) == ["2 unchanged"]


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (joined([person(60)]).encode(), "no_header_line", "第 1 行应是表头"),
        (joined([[*HEADER, "备注"], [*person(60), ""]]).encode(), "unknown_column", "“备注”"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web_page", "另存为 xlsx"),
        (joined([HEADER, person(60)]).encode("utf-16-le"), "encoding", "CSV UTF-8"),
        (joined([HEADER, person(60)], "，").encode(), "separator", "半角逗号"),
    ],
)
async def test_c14_what_is_not_certain_is_refused_with_what_to_do(
    registry: Registry, content: bytes, code: str, sentence: str
) -> None:
    fault = await refusal(registry, content)
    assert fault["code"] == code
    assert sentence in fault["message_zh"]
    assert fault["message"] == fault["message_zh"]
    assert fault["message_en"].isprintable()


async def test_what_a_refusal_quotes_is_not_kept_in_clear(registry: Registry) -> None:
    fault = await refusal(registry, "张三的名册\n李四,王五\n".encode())
    assert "张三的名册" in fault["message_zh"]
    found = await registry.rows("SELECT fault FROM import_job WHERE fault IS NOT NULL")
    assert not any("张三" in row.fault or "\\u5f20" in row.fault for row in found)


async def test_a_refusal_is_in_the_language_that_is_asked_for(registry: Registry) -> None:
    status = await registry.take_in("510115", "roster", b"<html>")
    english = await registry.http.get(
        status["location"], headers={**registry.admins["510115"], "Accept-Language": "en"}
    )
    (fault,) = english.json()["faults"]
    assert fault["message"] == fault["message_en"] != fault["message_zh"]


async def test_a_dry_run_says_what_would_change_and_changes_nothing(registry: Registry) -> None:
    team = "510115-TEAM-001"
    assert await verdicts(registry, roster([roster_line(70, team=team), roster_line(71)])) == [
        "2 accepted",
        "3 accepted",
    ]
    before, told = await on_file(registry, 70), await events(registry)
    file = roster([
        roster_line(70, phone="13800000070"), roster_line(71), roster_line(72), roster_line(73, phone="12"),
        roster_line(72),
    ])  # fmt: skip
    status = await registry.take_in("510115", "roster?dry_run=true", file)
    counts = [status[name] for name in ("state", "dry_run", "accepted", "changed", "unchanged", "rejected", "total")]
    assert counts == ["completed", True, 2, 1, 1, 2, 5]
    report = await registry.report("510115", status["location"])
    assert [(row["line"], row["verdict"], row["change"], row["changed_fields"], row["code"]) for row in report] == [
        ("2", "accepted", "changed", "phone team", ""),
        ("3", "unchanged", "", "", ""),
        ("4", "accepted", "new", "", ""),
        ("5", "rejected", "", "", "format"),
        ("6", "rejected", "", "", "duplicate_in_file"),
    ]
    assert not any("13800000070" in value for row in report for value in row.values())
    assert await on_file(registry, 70) == before
    assert await events(registry) == told
    [left] = await registry.rows(
        "SELECT (SELECT count(*) FROM roster_line) + (SELECT count(*) FROM import_file) AS rows"
    )
    assert left.rows == 0

    really = await registry.take_in("510115", "roster", file)
    assert [really[name] for name in ("dry_run", "accepted", "changed", "unchanged", "rejected")] == [False, 2, 1, 1, 2]


async def test_a_dry_run_of_places_says_what_would_change_and_changes_nothing(registry: Registry) -> None:
    told = await events(registry)
    for kind in REFERENCE_FILES:
        rows = sample(f"{kind}.csv").decode("utf-8-sig").splitlines()
        columns = rows[0].split(",")
        place = columns.index("name") if "name" in columns else columns.index("名称")
        first = rows[1].split(",")
        first[place] += "改"
        status = await registry.take_in(
            "510115", f"{kind}?dry_run=true", "\n".join([rows[0], ",".join(first), *rows[2:]]).encode()
        )
        assert (status["accepted"], status["changed"], status["unchanged"]) == (1, 1, status["total"] - 1), kind
        report = await registry.report("510115", status["location"])
        assert (report[0]["change"], report[0]["changed_fields"]) == ("changed", "name")
        again = await registry.take_in("510115", kind, sample(f"{kind}.csv"))
        assert again["unchanged"] == again["total"]
    assert await events(registry) == told


async def test_a_file_of_several_pieces_is_taken_in_whole(registry: Registry) -> None:
    lines = [roster_line(serial, name="张测试") for serial in range(1000, 1010)]
    padded = roster(lines) + ("," * 12 + "\r\n").encode() * 250_000  # 3.5 MB, most of it blank rows
    status = await registry.take_in("510115", "roster", padded)
    assert (status["accepted"], status["rejected"]) == (10, 0)


async def test_an_upload_by_form_is_the_same(registry: Registry) -> None:
    content = roster([roster_line(80)])
    for expected in ("accepted", "unchanged"):
        answer = await registry.http.post(
            "/v1/imports/roster",
            files={"note": (None, "x"), "file": ("r.csv", content)},
            headers=registry.admins["510115"],
        )
        assert answer.status_code == 202, answer.text
        location = answer.headers["Location"]
        status = await registry.follow("510115", location)
        assert status[expected] == 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"x"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nab',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nab\r\n--b--\r\n',
        ),
        ("text/csv", b""),
    ],
)
async def test_a_broken_upload_is_refused_and_leaves_nothing(
    registry: Registry, content_type: str, body: bytes
) -> None:
    answer = await registry.http.post(
        "/v1/imports/roster", content=body, headers={**registry.admins["510115"], "Content-Type": content_type}
    )
    assert answer.status_code == 422, answer.text
    [left] = await registry.rows("SELECT count(*) AS pieces FROM import_file")
    assert left.pieces == 0
