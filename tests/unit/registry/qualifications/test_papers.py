"""What a qualification must say, and until when it holds (domain.md row 16)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.qualifications.domain import (
    Paper,
    over_at,
    paper_faults,
    reason_fault,
    told_at,
)
from shared.contracts.calendar import district_day
from shared.contracts.codes import QUALIFICATIONS, qualifications_named
from shared.contracts.evidence import LARGEST_EVIDENCE, media_type_of

TODAY = date(2026, 3, 1)
PDF, JPEG, PNG = b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"


def paper(**changes: object) -> Paper:
    said: dict[str, object] = {
        "kind": "first_aid",
        "issued_by": "温江区红十字会",
        "number": "JH-1",
        "issued_on": date(2025, 3, 1),
        "expires_on": date(2028, 2, 29),
    }
    return Paper(**{**said, **changes})  # type: ignore[arg-type]


def faults_of(evidence: bytes | None = None, **changes: Any) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in paper_faults(paper(**changes), evidence, TODAY)}


@pytest.mark.row(16)
@pytest.mark.parametrize("kind", QUALIFICATIONS)
def test_a_paper_with_kind_issuer_number_and_dates_is_taken(kind: str) -> None:
    assert faults_of(kind=kind) == set()
    assert faults_of(kind=kind, expires_on=None) == set()


@pytest.mark.row(16)
def test_every_fault_is_named_at_once_by_its_field() -> None:
    found = faults_of(b"<html>", kind="", issued_by="", number="x" * 101, issued_on=None, expires_on=date(2026, 2, 28))
    assert found == {
        ("kind", "missing"),
        ("issued_by", "missing"),
        ("number", "too_long"),
        ("issued_on", "missing"),
        ("expires_on", "in_past"),
        ("evidence", "file_type"),
    }


@pytest.mark.row(16)
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("kind", "astronaut", "unknown_value"),
        ("issued_by", "红\x07会", "control_character"),
        ("issued_on", TODAY + timedelta(days=1), "in_future"),
        ("issued_on", date(1899, 1, 1), "out_of_range"),
        ("expires_on", date(2126, 1, 1), "out_of_range"),
    ],
)
def test_what_cannot_be_is_refused(field: str, value: object, code: str) -> None:
    assert (field, code) in faults_of(None, **{field: value})


@pytest.mark.row(16)
def test_it_may_expire_today_and_not_before_it_was_issued() -> None:
    assert faults_of(expires_on=TODAY) == set()
    assert faults_of(issued_on=TODAY, expires_on=TODAY) == set()


@pytest.mark.row(16)
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_a_picture_is_told_by_how_it_begins(content: bytes, media_type: str | None) -> None:
    assert media_type_of(content) == media_type
    assert (("evidence", "file_type") in faults_of(content)) == (media_type is None)


@pytest.mark.row(16)
def test_a_picture_has_five_mebibytes_at_most() -> None:
    assert faults_of(PDF.ljust(LARGEST_EVIDENCE, b"x")) == set()
    assert faults_of(PDF.ljust(LARGEST_EVIDENCE + 1, b"x")) == {("evidence", "too_large")}


@pytest.mark.row(16)
def test_a_reason_is_needed_and_short() -> None:
    assert reason_fault("照片看不清\n编号") is None
    missing, long = reason_fault(" "), reason_fault("长" * 201)
    assert missing is not None
    assert long is not None
    assert (missing.code, long.code) == ("missing", "too_long")


@pytest.mark.row(16)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_it_holds_for_all_of_its_last_day_in_china_and_is_told_of_thirty_days_before(last: date) -> None:
    assert district_day(over_at(last) - timedelta(microseconds=1)) == last
    assert district_day(over_at(last)) == last + timedelta(days=1)
    assert district_day(told_at(last)) == last - timedelta(days=30)


@pytest.mark.row(16)
def test_the_last_day_is_over_at_midnight_of_the_district() -> None:
    assert over_at(date(2026, 3, 31)) == datetime(2026, 3, 31, 16, tzinfo=UTC)


@pytest.mark.row(16)
def test_kinds_are_named_in_both_languages() -> None:
    assert qualifications_named(["first_aid", "driver"], "zh-CN") == "急救证\uff08救护员证\uff09、机动车驾驶证"
    assert qualifications_named(["first_aid", "other"], "en") == "first aid certificate, other"
