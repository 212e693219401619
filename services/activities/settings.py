"""Settings of activities, from the environment."""

from typing import Annotated

from pydantic import Base64Bytes, Field
from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """``ACTIVITIES_*`` and what all services share."""

    model_config = SettingsConfigDict(env_prefix="ACTIVITIES_", hide_input_in_errors=True)

    port: int = 8102
    attendance_key: Annotated[Base64Bytes, Field(repr=False)]
    """32 bytes, base64: encrypts the secrets that check-in codes are made of, and signs offline lists."""
