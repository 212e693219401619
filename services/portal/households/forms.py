"""The forms of households, as they are filled in.

Invariant: people stand in a form in rows without gaps, so that registry's ``people.0.name`` is the first row's.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.portal.households.domain import Person
from services.portal.shell.forms import LongText, ShortText

MOST_PEOPLE = 8
_Texts = Annotated[list[ShortText], Field(max_length=50)]


class FileForm(BaseModel):
    """What is known of a household; of the people one list for each of their fields."""

    station: ShortText = ""
    version: ShortText = ""
    address: ShortText = ""
    phone: ShortText = ""
    note: LongText = ""
    person_name: _Texts = []
    person_category: _Texts = []
    person_phone: _Texts = []
    person_note: _Texts = []
    key: ShortText = ""

    @property
    def people(self) -> list[Person]:
        """Whoever was filled in: a row without a name, a phone number and a note is none."""
        columns = (self.person_name, self.person_category, self.person_phone, self.person_note)
        rows = [
            Person(**dict(zip(("name", "category", "phone", "note"), values, strict=True)))
            for values in zip(*columns, strict=False)
        ]
        return [row for row in rows if row.name or row.phone or row.note]

    @property
    def rows(self) -> list[Person]:
        """The rows that are shown: everybody, and one that is free."""
        return [*self.people, Person()][:MOST_PEOPLE]

    def body(self, *fields: str) -> dict[str, Any]:
        """Return what registry is sent, with more of the form's fields."""
        file = {"address": self.address, "phone": self.phone, "note": self.note}
        return {
            **file,
            "people": [one.model_dump() for one in self.people],
            **{name: getattr(self, name) for name in fields},
        }


class PairingForm(BaseModel):
    """A pairing: with whom, how often, from when, until when."""

    volunteer_number: ShortText = ""
    team: ShortText = ""
    rhythm: ShortText = ""
    starts_on: ShortText = ""
    ends_on: ShortText = ""
    key: ShortText = ""

    def body(self) -> dict[str, Any]:
        """Return what registry is sent; a day that was left empty is none."""
        return {**self.model_dump(exclude={"key"}), "ends_on": self.ends_on or None}


class VisitForm(BaseModel):
    """A visit that is over."""

    visited_on: ShortText = ""
    minutes: ShortText = ""
    volunteer_number: ShortText = ""
    note: LongText = ""
    key: ShortText = ""

    def body(self) -> dict[str, Any]:
        """Return what registry is sent."""
        return self.model_dump(exclude={"key"})
