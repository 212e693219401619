"""What `make bench-scale` loads is the sample under other codes, and what it says follows from what it has noted."""

from pathlib import Path

from tests.bench.scale import report
from tests.bench.scale.district import invent
from tests.bench.system import SAMPLE


def lines(directory: Path, kind: str) -> list[str]:
    return (directory / f"{kind}.csv").read_text().splitlines()


def test_an_invented_district_has_its_own_codes_and_everybodys_own_id_numbers(tmp_path: Path) -> None:
    invented = invent(SAMPLE, 7, 0.01, tmp_path / "seventh")
    assert invented.places.district == "519907"
    assert lines(tmp_path / "seventh", "divisions")[1] == "519907,county,温江区,5199"
    assert invented.places.codes("stations")[1] == "519907-STA-01"
    number, _, _, national_id, *_ = lines(tmp_path / "seventh", "volunteers")[1].split(",")
    assert number.startswith("519907")
    assert national_id.startswith("5199002")
    everything = "".join(file.read_text() for file in (tmp_path / "seventh").iterdir())
    assert ",510115" not in everything


def test_a_share_keeps_whoever_is_left_with_all_that_they_did(tmp_path: Path) -> None:
    invented = invent(SAMPLE, 1, 0.01, tmp_path / "first")
    assert invented.volunteers == 273
    people = {line.split(",")[0] for line in lines(tmp_path / "first", "volunteers")[1:]}
    records = [line.split(",")[1] for line in lines(tmp_path / "first", "service_records")[1:]]
    assert len(records) == invented.records
    assert set(records) <= people


def test_the_page_holds_the_last_district_against_the_first() -> None:
    def district(code: str, seconds: float) -> dict[str, object]:
        times = {"roster_seconds": seconds, "records_seconds": seconds}
        return {"code": code, "volunteers": 100, "records": 1000, "statements": [code], **times}

    reads = {"statistics of a district": 25.0, "annual preview": 600.0}
    page = report.render(
        {
            "command": "make bench-scale DISTRICTS=2",
            "machine": "a machine",
            "share": 1,
            "districts": [district("519901", 10), district("519902", 12)],
            "reads": {"alone": reads, "first": reads, "last": reads},
            "empty_bytes": {"activities": 0, "assessment": 500_000},
            "database_bytes": {"activities": 1_000_000, "assessment": 1_300_000},
            "tables": {"activities": [{"name": "event_log", "heap": 600_000, "indexes": 100_000, "each": {}}]},
            "compare_seconds": 12.0,
        }
    )
    assert "| records of district 2, times the first's seconds a row | 1.20 × | ≤ 1.1 × | **no** |" in page
    assert "| bytes a record, activities and assessment | 900.00 B | ≤ 1,000 B | yes |" in page
    assert "| annual preview, district 2 | 600.00 ms | ≤ 500.0 ms | **no** |" in page
    assert "| event_log | 300 | 50 |  |" in page
