import csv
import gzip
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.roster import Decision, Entry, OnFile, decide, public_profile
from services.registry.people.domain.volunteer import (
    FIELDS,
    References,
    check,
    issued_number,
    serial_after_file,
    serial_of,
)
from services.registry.people.roster_import import COLUMNS
from shared.imports.rows import Outcome, Verdict

TODAY = date(2026, 3, 1)
ORGANISATION, TEAM = uuid4(), uuid4()
REFERENCES = References("510115", {"510115-ORG-07": ORGANISATION}, {"510115-TEAM-007": TEAM}, {"510115001040"})
KEYS = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32)
LINE = {
    "number": "51011500000001",
    "name": "张晓雨",
    "gender": "女",
    "id_number": "11010519491231002X",
    "phone": "17023828271",
    "email": "a@example.org",
    "category": "resident",
    "organisation": "510115-ORG-07",
    "team": "510115-TEAM-007",
    "skills": "law;tax",
    "services": "civic",
    "community": "510115001040",
    "registered_on": "2026-03-01",
}


def entry(line: int = 2, **changes: str) -> Entry:
    checked = check(LINE | changes, REFERENCES, TODAY)
    assert checked.volunteer, checked.faults
    return KEYS.entry(line, checked.volunteer, normalised=checked.normalised)


def known(entry: Entry, version: int = 1) -> OnFile:
    profile = public_profile(entry.volunteer)
    return OnFile(uuid4(), entry.volunteer.number, entry.blind_index, entry.digest, version, "zh-CN", TODAY, profile)


def outcomes(decision: Decision) -> list[tuple[str, str, str]]:
    return [(verdict.outcome.value, verdict.field, verdict.code) for verdict in decision.verdicts]


def test_a_faultless_line_is_a_volunteer() -> None:
    checked = check(LINE, REFERENCES, TODAY)
    assert (checked.faults, checked.normalised) == ((), False)
    assert checked.volunteer is not None
    assert checked.volunteer.organisation_id == ORGANISATION
    assert checked.volunteer.team_id == TEAM
    assert checked.volunteer.gender == "female"
    assert checked.volunteer.skills == ("law", "tax")


@pytest.mark.parametrize("field", FIELDS)
def test_what_may_be_empty(field: str) -> None:
    faults = [(fault.field, fault.code) for fault in check(LINE | {field: "  "}, REFERENCES, TODAY).faults]
    optional = {"document", "born_on", "email", "organisation", "team", "skills", "services", "community"}
    assert faults == ([] if field in optional else [(field, "missing")])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("number", "A1", "format"),
        ("number", "51011400000001", "other_district"),
        ("number", "51011600000001", "other_district"),
        ("number", "00000000000001", "other_district"),
        ("registered_on", "1949-12-30", "contradicts_id"),
        ("name", "＝1+1", "formula"),
        ("name", "@SUM", "formula"),
        ("name", "张" * 51, "too_long"),
        ("name", "12345", "not_a_name"),
        ("name", "张3", "not_a_name"),
        ("name", "张**", "not_a_name"),
        ("name", "张?", "garbled"),
        ("name", "锟斤拷", "garbled"),
        ("name", "Аnna", "look_alikes"),
        ("id_number", "E12345678", "passport"),
        ("id_number", "H12345678（00）", "hong_kong_macau_permit"),
        ("name", "张\x07雨", "control_character"),
        ("name", "张\t雨", "control_character"),
        ("phone", "170\x1f23828271", "control_character"),
        ("email", "a@b@c.org", "format"),
        ("email", "a@localhost", "format"),
        ("email", "a b@example.org", "format"),
        ("email", f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 20}.org", "too_long"),
        ("phone", "12023828271", "format"),
        ("category", "astronaut", "unknown_value"),
        ("organisation", "510115-ORG-99", "unknown_reference"),
        ("team", "510115-TEAM-999", "unknown_reference"),
        ("skills", "law;flying_carpets", "unknown_value"),
        ("services", "law;flying_carpets", "unknown_value"),
        ("community", "110101001001", "other_district"),
        ("community", "510115001999", "unknown_reference"),
        ("community", "somewhere", "format"),
        ("registered_on", "2026-02-30", "date"),
        ("registered_on", "2026-03-02", "in_future"),
    ],
)
def test_each_rule_has_its_code(field: str, value: str, code: str) -> None:
    assert [(fault.field, fault.code) for fault in check(LINE | {field: value}, REFERENCES, TODAY).faults] == [
        (field, code)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"gender": "female"},
        {"category": "居民"},
        {"category": "社区居民"},
        {"skills": "法律;税务"},
        {"services": "文明宣传"},
        {"name": "张 晓雨"},
        {"phone": "+86 170-2382-8271"},
        {"id_number": "11010519491231002x"},
        {"registered_on": "2026年3月1日"},
        {"email": "a@EXAMPLE.org"},
        {"organisation": "５１０１１５-ORG-07"},
    ],
)
def test_however_it_is_written_it_is_the_same_volunteer(changes: dict[str, str]) -> None:
    assert check(LINE | changes, REFERENCES, TODAY).volunteer == check(LINE, REFERENCES, TODAY).volunteer


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40)))
def test_any_text_gives_a_volunteer_or_a_fault_of_its_field(changes: dict[str, str]) -> None:
    checked = check(LINE | changes, REFERENCES, TODAY)
    assert (checked.volunteer is None) == bool(checked.faults)
    assert {fault.field for fault in checked.faults} <= changes.keys() | (
        {"gender"} if "id_number" in changes else set()
    )


def test_the_first_line_of_a_person_or_a_number_counts() -> None:
    first, same_person = entry(2), entry(3, number="51011500000002")
    same_number = KEYS.entry(4, entry(id_number="440524198001010013", gender="男").volunteer, normalised=False)
    decision = decide([first, same_person, same_number], [], [])
    assert outcomes(decision) == [
        ("accepted", "", ""),
        ("rejected", "id_number", "duplicate_in_file"),
        ("rejected", "number", "duplicate_in_file"),
    ]
    later_chunk = decide([same_person], [known(first)], [(first.blind_index, first.volunteer.number)])
    assert outcomes(later_chunk) == [("rejected", "id_number", "duplicate_in_file")]


def test_a_rejected_line_does_not_stand_in_the_way_of_a_later_one() -> None:
    other = entry(id_number="440524198001010013", gender="男")
    on_file = known(other)  # has the number 51011500000001
    decision = decide([entry(2), entry(3, number="51011500000009")], [on_file], [])
    assert outcomes(decision) == [("rejected", "number", "number_taken"), ("accepted", "", "")]


def test_who_is_on_file_is_unchanged_changed_or_refused() -> None:
    on_file = known(entry())
    assert outcomes(decide([entry()], [on_file], [])) == [("unchanged", "", "")]
    changed = decide([entry(phone="１３８００１３８０００")], [on_file], [])
    assert outcomes(changed) == [("normalised", "", "")]
    assert [known.id for known, _ in changed.changed] == [on_file.id]
    refused = decide([entry(number="51011500000009")], [on_file], [])
    assert outcomes(refused) == [("rejected", "id_number", "already_registered")]


@given(st.integers(0, 10**8 - 1))
@pytest.mark.row(2)
def test_issued_numbers_give_their_serial_back(serial: int) -> None:
    assert serial_of("510115", issued_number("510115", serial)) == serial
    assert serial_of("510116", issued_number("510115", serial)) == 0


def test_numbers_of_another_form_have_no_serial() -> None:
    assert serial_of("510115", "5101150000000A") == serial_of("510115", "77000001") == 0


def test_the_faulty_sample_is_judged_as_expected_whatever_the_chunks() -> None:
    sample = Path(__file__).resolve().parents[4] / "deploy" / "sample" / "510115"
    references = References(
        "510115",
        {row["code"]: uuid4() for row in _read(sample / "organisations.csv")},
        {row["code"]: uuid4() for row in _read(sample / "teams.csv")},
        {row["code"] for row in _read(sample / "divisions.csv") if row["level"] == "community"},
    )
    with gzip.open(sample / "volunteers.csv.gz", "rt") as file:
        registered = {row[3] for row in csv.reader(file)}
    with (sample / "volunteers_faulty.csv").open(newline="") as file:
        lines = [
            (number, dict(zip(COLUMNS.values(), cells, strict=True)))
            for number, cells in enumerate(csv.reader(file), start=1)
            if number > 1 and len(cells) == len(COLUMNS)
        ]
    entries: list[Entry | Verdict] = []
    on_file: list[OnFile] = []
    for number, values in lines:
        checked = check(values, references, TODAY)
        if checked.volunteer is None:
            entries.append(Verdict.rejected(number, checked.faults[0]))
            continue
        entries.append(KEYS.entry(number, checked.volunteer, normalised=checked.normalised))
        if checked.volunteer.id_number in registered:
            on_file.append(known(KEYS.entry(0, entry(number="510115-1").volunteer, normalised=False)))
            on_file[-1] = OnFile(
                uuid4(), "0" * 5, KEYS.blind_index(checked.volunteer.id_number), b"", 1, "zh-CN", TODAY, ()
            )
    expected = {
        int(row["line"]): (row["verdict"], row["field"], row["fault"])
        for row in _read(sample / "volunteers_faulty.expected.csv")
        if row["fault"] != "column_count"
    }
    for size in (len(entries), 7):
        found: dict[int, tuple[str, str, str]] = {}
        seen: list[tuple[bytes, str]] = []
        for start in range(0, len(entries), size):
            decision = decide(entries[start : start + size], on_file, seen)
            seen += [(taken.blind_index, taken.volunteer.number) for taken in decision.taken]
            for verdict in decision.verdicts:
                word = "reject" if verdict.outcome is Outcome.REJECTED else "accept"
                found[verdict.line] = (word, verdict.field, verdict.code)
        assert found == expected


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_moves_the_serial_on_but_leaves_numbers_to_be_issued() -> None:
    assert serial_after_file("510115", ["51011500000007", "51011500000003", "510115-V-9"], 5) == 7
    assert serial_after_file("510115", ["51011500000003", "51011499999999"], 5) == 5
    assert serial_after_file("510115", ["51011599999999"], 5) == 5
    assert serial_after_file("510115", ["51011589999999", "51011590000000"], 5) == 89_999_999
    assert serial_after_file("510115", ["51011500000003"], 95_000_000) == 95_000_000
