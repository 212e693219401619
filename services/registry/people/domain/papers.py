"""Papers by which somebody is told from everybody else, and how their numbers look (case C17).

Invariant: a number is kept without the count of renewals that some permits end in, so a new card is the same person. A
number of 18 digits is one scheme, whatever it stands on (GB 11643-1999): it says birthday and sex, others say neither.
"""

import re
from datetime import date
from enum import StrEnum

from services.registry.people.domain import identity
from shared.contracts.faults import Code


class Document(StrEnum):
    """A kind of paper."""

    RESIDENT_ID = "resident_id"
    """Also the residence permit of 18 digits for people from Hong Kong, Macau and Taiwan."""
    PASSPORT = "passport"
    HONG_KONG_MACAU_PERMIT = "hong_kong_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_RESIDENCE_CARD = "foreign_residence_card"


DOCUMENTS = {document.value: document for document in Document} | {
    "居民身份证": Document.RESIDENT_ID,
    "身份证": Document.RESIDENT_ID,
    "居住证": Document.RESIDENT_ID,
    "护照": Document.PASSPORT,
    "港澳居民来往内地通行证": Document.HONG_KONG_MACAU_PERMIT,
    "回乡证": Document.HONG_KONG_MACAU_PERMIT,
    "台湾居民来往大陆通行证": Document.TAIWAN_PERMIT,
    "台胞证": Document.TAIWAN_PERMIT,
    "外国人永久居留身份证": Document.FOREIGN_RESIDENCE_CARD,
    "外国人永久居留证": Document.FOREIGN_RESIDENCE_CARD,
}
"""A kind as it may be written, code or Chinese word -> the kind."""

_SHAPES = {
    Document.PASSPORT: re.compile(r"(?=.*[0-9])[0-9A-Z]{5,9}"),
    Document.HONG_KONG_MACAU_PERMIT: re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?"),
    Document.TAIWAN_PERMIT: re.compile(r"([0-9]{8})(?:[0-9]{2}[A-Z]?)?"),
    Document.FOREIGN_RESIDENCE_CARD: re.compile(r"[A-Z]{3}[0-9]{12}"),
}
"""Passports: ICAO 9303. Permits: a number for life, and on older ones a count of renewals. The card of before 2017: a
country and 12 digits; the new one has 18, from a 9 on."""
_OF_FOREIGNERS = "9"


def fault_of(document: Document, number: str, today: date) -> Code | None:
    """Return the code of what is wrong with a number as ``wording.ungrouped`` writes it, or None."""
    if document is Document.RESIDENT_ID:
        return identity.fault_of(number, today)
    if document is Document.FOREIGN_RESIDENCE_CARD and says_birthday(number):
        return identity.fault_of(number, today) if number.startswith(_OF_FOREIGNERS) else Code.DOCUMENT_NUMBER
    return None if _SHAPES[document].fullmatch(number) else Code.DOCUMENT_NUMBER


def without_renewals(document: Document, number: str) -> str:
    """Return a right number as it stays when the paper is renewed."""
    shape = _SHAPES.get(document)
    match = shape.fullmatch(number) if shape else None
    return match[1] if match and match.groups() else number


def says_birthday(number: str) -> bool:
    """Return whether a right number is one of 18 digits, and so says when its bearer was born."""
    return len(number) == identity.LENGTH


def of_18_digits(number: str) -> Document:
    """Return the paper that a right number of 18 digits stands on."""
    return Document.FOREIGN_RESIDENCE_CARD if number.startswith(_OF_FOREIGNERS) else Document.RESIDENT_ID
