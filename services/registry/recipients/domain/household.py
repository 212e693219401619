"""A household that is looked after: who lives there, why they are looked after, and what of it everybody else sees.

Invariant: why somebody is looked after is in a `HouseholdFile` alone, which is stored sealed. What is outside it is the
same for everybody of one `Group`, so neither a list nor a count tells a child of a released prisoner (两劳人员) from
any other young person (domain.md line 34 of the district's report; PIPL art. 28 to 31).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.registry.places.domain import wording
from services.registry.places.domain.fields import Fields
from shared.contracts import text
from shared.contracts.faults import Code, Fault, RefusedError


class Category(StrEnum):
    """Why somebody is looked after: for the case workers of the household alone."""

    EMPTY_NEST_ELDER = "empty_nest_elder"
    DISABLED = "disabled"
    CHILD_OF_RELEASED_PRISONER = "child_of_released_prisoner"
    """A child of 两劳人员: people released from prison, or from what was re-education through labour."""
    YOUTH = "youth"
    OTHER = "other"


class Group(StrEnum):
    """What everybody else sees of a person."""

    ELDER = "elder"
    RESIDENT = "resident"
    YOUTH = "youth"


SHOWN_AS: Mapping[Category, Group] = {
    Category.EMPTY_NEST_ELDER: Group.ELDER,
    Category.DISABLED: Group.RESIDENT,
    Category.CHILD_OF_RELEASED_PRISONER: Group.YOUTH,
    Category.YOUTH: Group.YOUTH,
    Category.OTHER: Group.RESIDENT,
}
SENSITIVE = frozenset({Category.DISABLED, Category.CHILD_OF_RELEASED_PRISONER})
"""Of a group that others are in as well, so that the group says nothing."""


class Reading(StrEnum):
    """Why a file is read: one of a list, as words of one's own could say in the access log what is sealed."""

    VISIT = "visit"
    CONTACT = "contact"
    EMERGENCY = "emergency"
    REVIEW = "review"
    CORRECTION = "correction"


MOST_PEOPLE = 8
NAME_LENGTH, ADDRESS_LENGTH, PERSON_NOTE_LENGTH, NOTE_LENGTH = 50, 200, 200, 500
"""Characters. All of it at its longest fits the size that a file is padded to (``sealing.FILE_BYTES``)."""
_PHONE = re.compile(r"[0-9][0-9-]{4,18}[0-9]")


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Somebody of a household. It has no repr, so that no traceback or log can show it."""

    name: str
    category: Category
    phone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class HouseholdFile:
    """All that is known of a household; it has no repr either."""

    address: str
    phone: str
    note: str
    people: tuple[Person, ...]

    @property
    def groups(self) -> list[str]:
        """What everybody else sees: a group for each person, in an order that says nothing of who is who."""
        return sorted(SHOWN_AS[person.category].value for person in self.people)

    def to_bytes(self) -> bytes:
        """Return it as it is sealed."""
        people = [[each.name, each.category.value, each.phone, each.note] for each in self.people]
        return json.dumps([self.address, self.phone, self.note, people], ensure_ascii=False).encode()

    @classmethod
    def of_bytes(cls, content: bytes) -> "HouseholdFile":
        """Return what ``to_bytes`` wrote."""
        address, phone, note, people = json.loads(content)
        return cls(address, phone, note, tuple(Person(name, Category(of), tel, more) for name, of, tel, more in people))


def checked(values: Mapping[str, str], people: Sequence[Mapping[str, str]]) -> HouseholdFile:
    """Return the file of what was written. Raises RefusedError with every fault, by fields like ``people.0.name``."""
    faults: list[Fault] = []
    of_household = Fields(values)
    address = _line(of_household, "address", ADDRESS_LENGTH, required=True)
    phone = of_household.matching("phone", wording.phone, _PHONE)
    note = _note(of_household, values, NOTE_LENGTH)
    faults += of_household.faults
    if not people:
        faults.append(Fault("people", Code.MISSING))
    if len(people) > MOST_PEOPLE:
        faults.append(Fault("people", Code.TOO_MANY))
    found = []
    for number, written in enumerate(people[:MOST_PEOPLE]):
        fields = Fields(written)
        name = fields.person("name", NAME_LENGTH)
        category = fields.coded("category", {each.value: each for each in Category}, required=True)
        own_phone = fields.matching("phone", wording.phone, _PHONE)
        own_note = _note(fields, written, PERSON_NOTE_LENGTH)
        faults += [Fault(f"people.{number}.{fault.field}", fault.code) for fault in fields.faults]
        if name and category:
            found.append(Person(name, category, own_phone or "", own_note))
    if faults:
        raise RefusedError(*faults)
    return HouseholdFile(address or "", phone or "", note, tuple(found))


def checked_note(written: str, field: str = "note") -> str:
    """Return a note as it is kept. Raises RefusedError."""
    fields = Fields({"note": written})
    value = _note(fields, {"note": written}, NOTE_LENGTH)
    if fields.faults:
        raise RefusedError(*(Fault(field, fault.code) for fault in fields.faults))
    return value


def masked(name: str) -> str:
    """Return a name as its own case workers see it in a list: 张**."""
    return f"{name[:1]}**"


def _line(fields: Fields, field: str, most: int, *, required: bool) -> str | None:
    value = fields.text(field, text.line, required=required)
    if value and len(value) > most:
        fields.fault(field, Code.TOO_LONG)
    return value


def _note(fields: Fields, values: Mapping[str, str], most: int) -> str:
    """Return a text of several lines."""
    value = text.tidy(values.get("note", "").replace("\r\n", "\n"))
    if text.has_control_character(value.replace("\n", "").replace("\t", "")):
        fields.fault("note", Code.CONTROL_CHARACTER)
    if len(value) > most:
        fields.fault("note", Code.TOO_LONG)
    return value
