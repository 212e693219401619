"""Registry's settings, from the environment."""

from typing import Annotated

from pydantic import Base64Bytes, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """``REGISTRY_*`` and what all services share. Keys are 32 bytes, base64."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_")

    port: int = 8101
    master_key: Annotated[Base64Bytes, Field(repr=False)]
    """Wraps each volunteer's data key and the token signing keys."""
    blind_index_key: Annotated[Base64Bytes, Field(repr=False)]
    contact_public_key: Base64Bytes = Field(validation_alias="CONTACT_PUBLIC_KEY")
    """X25519; contact points are sealed to it."""
    operator_password: SecretStr
    """First password of the account ``operator``."""
