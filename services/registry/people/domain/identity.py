"""The citizen ID number (GB 11643-1999): area, date of birth, sequence with the sex digit, check character."""

import re
from datetime import date

from shared.contracts.faults import Code

LENGTH = 18
OF_AGE = 18
"""Years (Civil Code art. 17); consents of those under it are their guardians'."""
EARLIEST_BIRTH = date(1900, 1, 1)
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_CHECK_CHARACTERS = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DIGITS = {str(digit): digit for digit in range(10)}


def check_character(first_17: str) -> str:
    """Return the check character of seventeen digits (ISO 7064, MOD 11-2)."""
    total = 0
    for digit, weight in zip(first_17, _WEIGHTS, strict=True):
        total += _DIGITS[digit] * weight
    return _CHECK_CHARACTERS[total % 11]


def birth_date(number: str) -> date | None:
    """Return the date of birth in a well-shaped number, or None where it is no date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age(born: date, day: date) -> int:
    """Return how many years old somebody is on a day; who is born on a 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_minor(born: date, day: date) -> bool:
    """Return whether somebody is under 18 on a day."""
    return age(born, day) < OF_AGE


def gender(number: str) -> str:
    """Return the sex that the sequence's last digit says: odd for ``male``, even for ``female``."""
    return "male" if _DIGITS[number[16]] % 2 else "female"


_OTHER_PAPERS = (
    (re.compile(r"[0-9]{15}"), Code.ID_OF_15_DIGITS),
    (re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})"), Code.HONG_KONG_MACAU_PERMIT),
    (re.compile(r"[0-9]{8}|0[0-9]{9}[A-Z]?"), Code.TAIWAN_PERMIT),
    (re.compile(r"[A-Z]{3}[0-9]{12}"), Code.OLD_RESIDENCE_CARD),
    (re.compile(r"(?=.*[0-9])[A-Z]{1,3}[0-9]{4,8}[A-Z]?|[0-9]{9}"), Code.PASSPORT),
)
"""How the numbers of other papers look, beside what they are: the first that fits counts (case C17).

A travel permit of Hong Kong and Macau has a letter and 8 digits (10 with a count of its renewals), one of Taiwan 8 (an
old one 10, from a 0 on, and a letter in brackets), a foreigner's residence card of before 2017 a country and 12 digits.
Passports are of nine characters or fewer as a rule (ICAO 9303).
"""


def _of_another_paper(number: str) -> Code | None:
    return next((code for shape, code in _OTHER_PAPERS if shape.fullmatch(number)), None)


def fault_of(number: str, today: date) -> Code | None:
    """Return the code of what is wrong with a number as ``wording.ungrouped`` writes it, or None."""
    if len(number) != LENGTH:
        return _of_another_paper(number) or Code.LENGTH
    if not _SHAPE.fullmatch(number):
        return Code.FORMAT
    born = birth_date(number)
    if born is None or not EARLIEST_BIRTH <= born <= today:
        return Code.BIRTH_DATE
    if check_character(number[:17]) != number[17]:
        return Code.CHECK_DIGIT
    return None
