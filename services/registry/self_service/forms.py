"""What people fill in for themselves."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.registry.codes.domain import GOOD_FOR, Channel, Purpose
from services.registry.consents.forms import CONSENTS_EXAMPLE, ConsentForm
from services.registry.people.forms import OWN_EXAMPLE, PersonForm, Text

PASSWORD_EXAMPLE = "long enough to keep"  # noqa: S105 - an example


class CodeForm(BaseModel):
    """What a code is for, and where it is to go. ``user_name`` is whose password is to be reset."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"purpose": "register", "channel": "sms", "to": "17023828271"}]}
    )

    purpose: Purpose
    channel: Channel
    to: Text
    user_name: Text = ""


class CodeSent(BaseModel):
    """The same whoever asks, and whether or not anything was sent."""

    expires_in: int = int(GOOD_FOR.total_seconds())
    again_in: int = 60


class SelfRegistration(PersonForm):
    """A person registers in a district, with a code that went to their phone, and chooses a password.

    They are registered today and in no team: a team is joined later, and takes whom it knows.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                OWN_EXAMPLE
                | {
                    "district": "510115",
                    "password": PASSWORD_EXAMPLE,
                    "code": "204817",
                    "consents": CONSENTS_EXAMPLE,
                }
            ]
        }
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    password: Text
    code: Text
    guardian_name: Text = ""
    guardian_phone: Text = ""
    guardian_code: Text = ""
    """Of a minor: their guardian agrees by a code to their own phone (purpose ``guardian``)."""
    consents: list[ConsentForm] = Field(default_factory=list, max_length=20)


class SelfRegistrationCheck(PersonForm):
    """A registration that is being filled in; ``fields`` are those to look at now, all where none is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"district": "510115", "name": "张晓雨", "phone": "170", "fields": ["name", "phone"]}]
        }
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
    guardian_name: Text = ""
    guardian_phone: Text = ""
    password: Text = ""
    consents: list[ConsentForm] = Field(default_factory=list, max_length=20)
    fields: list[Text] = Field(default_factory=list, max_length=30)


class PasswordReset(BaseModel):
    """A new password, by a code that was asked for with this user name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_name": "51011500027301", "code": "204817", "new_password": PASSWORD_EXAMPLE}]
        }
    )

    user_name: Text
    code: Text
    new_password: Text


class ContactPoint(BaseModel):
    """One new point of contact, by a code that went there."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "17023828271", "code": "204817"}]})

    phone: Text | None = None
    mail: Text | None = None
    code: Text
