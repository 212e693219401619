"""What contacts say, once they are opened."""

from pydantic import BaseModel, ConfigDict


class Contact(BaseModel):
    """What registry seals into ``registry.contact``. ``language`` is a BCP 47 tag, empty where none was chosen."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str
    email: str | None = None
    language: str = ""


class GuardianContact(BaseModel):
    """What registry seals into ``registry.contact`` of a minor's guardian who has agreed.

    ``number`` is the minor's volunteer number, ``language`` the one that the minor is written to in.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    phone: str
    number: str
    language: str = ""
