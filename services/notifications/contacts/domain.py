"""What a contact says, once it is opened."""

from pydantic import BaseModel, ConfigDict


class Contact(BaseModel):
    """What registry seals into ``registry.contact``. ``language`` is a BCP 47 tag, empty where none was chosen."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str
    email: str | None = None
    language: str = ""
