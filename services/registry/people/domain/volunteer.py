"""The one validator of a volunteer: a line of a roster and an HTTP registration pass the same rules.

Invariant: a ``Volunteer`` exists only if every rule holds, and only in normal form: equal persons are equal values.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.registry.people.domain import identity, papers
from services.registry.people.domain.papers import DOCUMENTS, Document
from services.registry.places.domain import wording
from services.registry.places.domain.codes import CATEGORIES, GENDERS, SKILL_OF
from services.registry.places.domain.fields import Fields
from shared.contracts import VolunteerCategory, text
from shared.contracts.codes import SERVICE_OF
from shared.contracts.faults import Code, Fault, RefusedError

FIELDS = (
    "number",
    "name",
    "gender",
    "document",
    "id_number",
    "born_on",
    "phone",
    "email",
    "category",
    "organisation",
    "team",
    "skills",
    "services",
    "community",
    "registered_on",
)
"""A volunteer's fields, in the order in which their faults are reported."""

NAME_LENGTH = 50
EMAIL_LENGTH = 254
SERIAL_DIGITS = 8
LAST_SERIAL_OF_FILES = 89_999_999
"""What a file brings moves the district's serial on up to here, so ten million numbers are left to be issued whatever
a file says; one of these that a file has used is passed over (``enrolment.check_person``)."""
_NUMBER = re.compile(r"[0-9][0-9A-Z-]{3,31}")
_BEGINS_WITH_CODE = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])[0-9]{4}")
"""GB/T 2260: a division's code is six digits, of which the first two are a province's."""
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[\w](?:[\w-]{0,61}[\w])", re.ASCII)
_COMMUNITY = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class References:
    """What a volunteer may refer to: the district's organisations, teams (code -> id) and community codes."""

    district: str
    organisations: Mapping[str, UUID]
    teams: Mapping[str, UUID]
    communities: Collection[str]
    closed_teams: Collection[str] = ()
    """Codes of teams that were closed: they have no members any more."""
    moved_in: Collection[str] = ()
    """Numbers of other districts whose bearers have moved here."""


@dataclass(frozen=True, slots=True, repr=False)
class Volunteer:
    """A volunteer as registered.

    Personal: name, gender, document, id_number, born_on, phone, email; they never leave registry in clear. It has no
    repr, so that no traceback or log can show it. ``email`` is empty where there is none; organisation, team and
    community are None likewise. ``id_number`` is the ``document``'s; ``born_on`` is None where the number says it.
    """

    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    category: VolunteerCategory
    organisation_id: UUID | None
    team_id: UUID | None
    skills: tuple[str, ...]
    services: tuple[str, ...]
    community: str | None
    registered_on: date
    document: Document = Document.RESIDENT_ID
    born_on: date | None = None

    @property
    def born(self) -> date | None:
        """The day of birth, as the number says it, or as it was stated; None in a number from before it was checked."""
        return self.born_on or identity.birth_date(self.id_number)


def is_minor(volunteer: Volunteer, day: date) -> bool:
    """Return whether a volunteer is under 18 on a day."""
    born = volunteer.born
    return born is not None and identity.is_minor(born, day)


def birthday_said(values: Mapping[str, str], today: date) -> date | None:
    """Return the day of birth in fields as written, or None where it is in none that is right."""
    fields = Fields(values)
    document = _document(fields)
    return _born(fields, document, _id_number(fields, document, None, today), today)


@dataclass(frozen=True, slots=True)
class Checked:
    """The validator's answer: the volunteer, or every fault found in the order of ``FIELDS``.

    ``normalised`` says that something was written differently from how it is kept.
    """

    volunteer: Volunteer | None
    faults: tuple[Fault, ...]
    normalised: bool


def check(values: Mapping[str, str], references: References, today: date) -> Checked:
    """Check one volunteer's fields as written against every rule that needs no other volunteer.

    ``today`` is the present day in the district's zone. Duplicates are for the caller, who knows who is on file.
    """
    fields = Fields(values)
    number = _number(fields, references)
    name = fields.person("name", NAME_LENGTH)
    gender = fields.coded("gender", GENDERS, required=True)
    document = _document(fields)
    id_number = _id_number(fields, document, gender, today)
    born = _born(fields, document, id_number, today)
    phone = fields.matching("phone", wording.phone, _MOBILE, required=True)
    email = _email(fields)
    category = fields.coded("category", CATEGORIES, required=True)
    organisation_id = fields.reference("organisation", references.organisations)
    team_id = _team(fields, references)
    skills = fields.several("skills", SKILL_OF)
    services = fields.several("services", SERVICE_OF)
    community = _community(fields, references)
    registered_on = _registered_on(fields, born, today)
    if fields.faults or not (number and name and gender and id_number and phone and category and registered_on):
        return Checked(None, tuple(fields.faults), fields.normalised)
    volunteer = Volunteer(
        number, name, gender, id_number, phone, email or "", category, organisation_id, team_id, skills, services,
        community, registered_on, document, None if papers.says_birthday(id_number) else born,
    )  # fmt: skip
    return Checked(volunteer, (), fields.normalised)


def _team(fields: Fields, references: References) -> UUID | None:
    code = fields.text("team", text.code)
    if code is not None and code not in references.teams:
        fields.fault("team", Code.CLOSED if code in references.closed_teams else Code.UNKNOWN_REFERENCE)
    return references.teams.get(code or "")


def belongs_to(district: str, number: str) -> bool:
    """Return whether a volunteer number is a district's: the one whose code it begins with, and no other (case C27)."""
    return number.startswith(district)


def is_of_another(district: str, number: str) -> bool:
    """Return whether a number is another district's: it begins with a code, or has the form that all districts issue.

    One with no code in it was given before there was a system; it stays its bearer's, and is no name to log in by.
    """
    issued = len(number) == len(district) + SERIAL_DIGITS and number.isdecimal()
    return not belongs_to(district, number) and (issued or bool(_BEGINS_WITH_CODE.match(number)))


def _number(fields: Fields, references: References) -> str | None:
    value = fields.matching("number", text.number, _NUMBER, required=True)
    if value is None or value in references.moved_in or not is_of_another(references.district, value):
        return value
    fields.fault("number", Code.OTHER_DISTRICT)
    return None


def _registered_on(fields: Fields, born: date | None, today: date) -> date | None:
    value = fields.day("registered_on", today, required=True)
    if value is not None and born is not None and value < born:
        fields.fault("registered_on", Code.CONTRADICTS_ID)
    return value


def contact_point(kind: Literal["phone", "email"], written: str, field: str) -> str:
    """Return a phone number or e-mail address in its normal form. Raises RefusedError, ``field`` at fault."""
    fields = Fields({kind: written})
    value = fields.matching("phone", wording.phone, _MOBILE) if kind == "phone" else _email(fields)
    if value is None:
        raise RefusedError(Fault(field, fields.faults[0].code if fields.faults else Code.MISSING))
    return value


def person_name(written: str, field: str) -> str:
    """Return a person's name in its normal form. Raises RefusedError, ``field`` at fault."""
    fields = Fields({"name": written})
    value = fields.person("name", NAME_LENGTH)
    if value is None:
        raise RefusedError(Fault(field, fields.faults[0].code))
    return value


def _document(fields: Fields) -> Document:
    """Return the kind of paper: where nothing is said of it, the resident ID."""
    return fields.coded("document", DOCUMENTS) or Document.RESIDENT_ID


def _id_number(fields: Fields, document: Document, gender: str | None, today: date) -> str | None:
    value = fields.text("id_number", wording.ungrouped, required=True)
    if value is None:
        return None
    code = papers.fault_of(document, value, today)
    if code is not None:
        fields.fault("id_number", code)
        return None
    if papers.says_birthday(value) and gender is not None and identity.gender(value) != gender:
        fields.fault("gender", Code.CONTRADICTS_ID)
    kept = papers.without_renewals(document, value)
    fields.normalised |= kept != value
    return kept


def _born(fields: Fields, document: Document, id_number: str | None, today: date) -> date | None:
    """Return the day of birth: a number of 18 digits says it, with any other it is asked for."""
    in_number = identity.birth_date(id_number) if id_number and papers.says_birthday(id_number) else None
    is_asked_for = document is not Document.RESIDENT_ID and in_number is None
    stated = fields.day("born_on", today, required=is_asked_for)
    if stated is not None and stated < identity.EARLIEST_BIRTH:
        fields.fault("born_on", Code.BIRTH_DATE)
        return None
    if in_number is not None and stated not in (None, in_number):
        fields.fault("born_on", Code.CONTRADICTS_ID)
    return in_number or stated


def _email(fields: Fields) -> str | None:
    value = fields.matching("email", wording.email, _EMAIL)
    if value is not None and len(value) > EMAIL_LENGTH:
        fields.fault("email", Code.TOO_LONG)
        return None
    return value


def _community(fields: Fields, references: References) -> str | None:
    value = fields.matching("community", text.code, _COMMUNITY)
    if value is None or value in references.communities:
        return value
    own = value.startswith(references.district)
    fields.fault("community", Code.UNKNOWN_REFERENCE if own else Code.OTHER_DISTRICT)
    return None


def issued_number(district: str, serial: int) -> str:
    """Return the volunteer number of a serial: the district's code and eight digits, never part of an ID number."""
    return f"{district}{serial:0{SERIAL_DIGITS}d}"


def serial_of(district: str, number: str) -> int:
    """Return the serial in a number of the form that ``issued_number`` gives, or 0 for any other number."""
    serial = number.removeprefix(district)
    ours = len(number) == len(district) + SERIAL_DIGITS and len(serial) == SERIAL_DIGITS and serial.isdecimal()
    return int(serial) if ours else 0


def serial_after_file(district: str, numbers: Iterable[str], last: int) -> int:
    """Return the last serial in use once a file has brought these numbers; ``last`` is that of before."""
    brought = (serial_of(district, number) for number in numbers)
    return max((serial for serial in brought if last < serial <= LAST_SERIAL_OF_FILES), default=last)
