"""What somebody fills in to register, for themselves or for an organisation."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry.people.domain.volunteer import FIELDS

Text = Annotated[str, Field(max_length=500)]
_Codes = Annotated[list[Text], Field(max_length=50)]
EXAMPLE: dict[str, JsonValue] = {
    "name": "张晓雨",
    "gender": "female",
    "id_number": "519900200604070186",
    "phone": "17023828271",
    "email": "xiaoyu@example.org",
    "category": "university_student",
    "organisation": "510115-ORG-01",
    "team": "510115-TEAM-001",
    "skills": ["english"],
    "services": ["tutoring", "event"],
    "language": "zh-CN",
}
OWN_EXAMPLE = {field: value for field, value in EXAMPLE.items() if field != "team"}


class PersonForm(BaseModel):
    """What somebody says of themselves. The rules, and the fault codes, are those of a roster's lines."""

    name: Text = ""
    gender: Text = ""
    document: Text = ""
    """The kind of paper that the number is of; a resident ID where nothing is said."""
    id_number: Text = ""
    born_on: Text = ""
    """Where the number does not say it: a resident ID's does."""
    phone: Text = ""
    email: Text = ""
    category: Text = ""
    organisation: Text = ""
    skills: _Codes = []
    services: _Codes = []
    community: Text = ""
    language: Literal["zh-CN", "en"] = "zh-CN"

    def values(self) -> dict[str, str]:
        """Return the fields as a roster's line has them."""
        return {
            field: ";".join(value) if isinstance(value, list) else value
            for field, value in self.model_dump(include=set(type(self).model_fields) & set(FIELDS)).items()
        }


class VolunteerForm(PersonForm):
    """What an organisation fills in for somebody: also their team, and the day, where it is not today."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    team: Text = ""
    registered_on: Text = ""
