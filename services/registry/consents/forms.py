"""What people fill in about consents."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry.consents.domain import StatedConsent, StatementSource
from services.registry.consents.texts import NEEDED, TEXTS, ConsentPurpose
from services.registry.people.forms import Text
from shared.http.forms import Paragraphs


class ConsentForm(BaseModel):
    """Whether somebody consents to a version of a text."""

    purpose: ConsentPurpose
    text_version: Text
    given: bool

    def stated(self) -> StatedConsent:
        """Return it for the commands."""
        return StatedConsent(self.purpose, self.text_version, self.given)


CONSENTS_EXAMPLE: list[JsonValue] = [
    {"purpose": purpose.value, "text_version": TEXTS[purpose].version, "given": True} for purpose in NEEDED
]


class OwnStatement(BaseModel):
    """Whether somebody agrees to the text of a version, or takes back what they have agreed to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text_version": "2026-11-1", "given": False}]})

    text_version: Text
    given: bool


class GuardianForm(BaseModel):
    """A minor's guardian, who agrees to a version of the text by a code that went to their own phone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "guardian_name": "张建国",
                    "guardian_phone": "17023828272",
                    "guardian_code": "204817",
                    "guardian_text_version": "2026-11-1",
                }
            ]
        }
    )

    guardian_name: Text = ""
    guardian_phone: Text = ""
    guardian_code: Text = ""
    guardian_text_version: Text = ""


class GuardianTakesBackForm(BaseModel):
    """A guardian takes their consent back: the minor's number, their own phone, and the code that went there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "district": "510115",
                    "volunteer_number": "51011500027301",
                    "guardian_phone": "17023828272",
                    "code": "204817",
                }
            ]
        }
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    volunteer_number: Text
    guardian_phone: Text
    code: Text


class OrganisationForm(BaseModel):
    """What an organisation states of those of a roster, or of one volunteer: that they agreed to be registered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "source": "signed_form",
                    "statement": "已逐人取得书面同意，签字表存校团委。",
                }
            ]
        }
    )

    subject_id: UUID
    source: StatementSource
    statement: Annotated[Paragraphs, Field(max_length=500)]
