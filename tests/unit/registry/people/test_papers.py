"""Papers other than the resident ID: how their numbers look, what they say, and how they are kept (case C17)."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from services.registry.people.domain.papers import Document
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import Volunteer, check, is_minor
from tests.unit.registry.people.test_volunteer import LINE, REFERENCES, TODAY

KEYS = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32)
BORN = "2001-05-17"


def checked(document: str, number: str, **changes: str) -> Volunteer:
    found = check(LINE | {"document": document, "id_number": number, "born_on": BORN} | changes, REFERENCES, TODAY)
    assert found.faults == ()
    assert found.volunteer is not None
    return found.volunteer


@pytest.mark.row(1)
@pytest.mark.parametrize(
    ("document", "number", "kept"),
    [
        ("passport", "E12345678", "E12345678"),
        ("护照", "ea 123 4567", "EA1234567"),
        ("护照", "123456789", "123456789"),
        ("港澳居民来往内地通行证", "H12345678", "H12345678"),
        ("回乡证", "M12345678（01）", "M12345678"),
        ("台湾居民来往大陆通行证", "01234567", "01234567"),
        ("台胞证", "0123456701（B）", "01234567"),
        ("外国人永久居留身份证", "USA110088010001", "USA110088010001"),
    ],
)
def test_a_paper_is_taken_with_the_birthday_that_its_number_does_not_say(document: str, number: str, kept: str) -> None:
    found = checked(document, number)
    assert (found.id_number, found.born_on, found.born) == (kept, date(2001, 5, 17), date(2001, 5, 17))
    assert found.document is not Document.RESIDENT_ID


@pytest.mark.row(1)
def test_a_foreigner_s_card_of_18_digits_says_the_birthday_itself() -> None:
    found = checked("外国人永久居留身份证", "931840199005171234", born_on="", gender="男")
    assert (found.born_on, found.born) == (None, date(1990, 5, 17))
    wrong = LINE | {"document": "外国人永久居留身份证", "id_number": "931840199005171234", "gender": "男"}
    faults = check(wrong | {"born_on": BORN}, REFERENCES, TODAY).faults
    assert [(fault.field, fault.code) for fault in faults] == [("born_on", "contradicts_id")]


@pytest.mark.row(1)
@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"document": "驾驶证"}, "document", "unknown_value"),
        ({"document": "护照", "id_number": "ABCDEF"}, "id_number", "document_number"),
        ({"document": "护照", "id_number": "E1234567890"}, "id_number", "document_number"),
        ({"document": "回乡证", "id_number": "E12345678"}, "id_number", "document_number"),
        ({"document": "台胞证", "id_number": "1234567"}, "id_number", "document_number"),
        ({"document": "外国人永久居留身份证", "id_number": "519900199001011234"}, "id_number", "document_number"),
        ({"document": "护照", "id_number": "E12345678", "born_on": ""}, "born_on", "missing"),
        ({"document": "护照", "id_number": "E12345678", "born_on": "2026-13-01"}, "born_on", "date"),
        ({"document": "护照", "id_number": "E12345678", "born_on": "1899-12-31"}, "born_on", "birth_date"),
        ({"document": "护照", "id_number": "E12345678", "born_on": "2100-01-01"}, "born_on", "in_future"),
    ],
)
def test_what_is_wrong_with_a_paper_is_said(changes: dict[str, str], field: str, code: str) -> None:
    faults = check(LINE | {"born_on": BORN} | changes, REFERENCES, TODAY).faults
    assert (field, code) in [(fault.field, fault.code) for fault in faults]


@pytest.mark.row(1, 3)
def test_a_paper_is_sealed_opened_masked_and_found_again_by_its_kind_and_number() -> None:
    passport = checked("护照", "E12345678")
    opened = KEYS.open_person(volunteer_id := uuid4(), KEYS.seal_person(volunteer_id, passport))
    assert (opened.document, opened.id_number, opened.born_on) == (Document.PASSPORT, "E12345678", date(2001, 5, 17))
    assert opened.masked().id_number == "E******78"
    assert opened.masked().born_on is None
    assert KEYS.index_of(opened) == KEYS.index_of(passport)
    permit = replace(passport, document=Document.TAIWAN_PERMIT)
    assert KEYS.index_of(permit) != KEYS.index_of(passport)
    assert KEYS.digest(permit) != KEYS.digest(passport) != KEYS.digest(replace(passport, born_on=date(2001, 5, 18)))
    # a number of 18 digits is one person's, whatever it is said to stand on
    card = checked("外国人永久居留身份证", "931840199005171234", born_on="", gender="男")
    assert KEYS.index_of(card) == KEYS.blind_index("931840199005171234")


@pytest.mark.row(1, 5)
def test_whether_somebody_with_a_passport_is_a_minor_is_told_by_the_birthday_they_stated() -> None:
    assert is_minor(checked("护照", "E12345678", born_on="2010-05-17", registered_on="2026-02-01"), TODAY)
    assert not is_minor(checked("护照", "E12345678"), TODAY)
