"""Settings of notifications, from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Base64Bytes, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where mails and text messages go, and the key that opens contacts."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", hide_input_in_errors=True)

    port: int = 8104
    contact_private_key: Annotated[Base64Bytes, Field(min_length=32, max_length=32)] = Field(
        validation_alias="CONTACT_PRIVATE_KEY", repr=False
    )
    """The raw X25519 key, 32 bytes in base64, to whose public half registry seals contacts."""
    smtp_host: str = Field(validation_alias="SMTP_HOST")
    smtp_port: int = Field(validation_alias="SMTP_PORT")
    smtp_from: str = Field(validation_alias="SMTP_FROM")
    """The sender, ``post@example.org`` or ``Name <post@example.org>``."""
    sms_file: Path | None = None
    """Text messages are appended to it, where there is no gateway: for local use, where it is the phone."""
    sms_gateway_url: str = ""
    """Takes text messages by POST (shared/ops/sms.py); it goes before the file."""
    sms_gateway_key: SecretStr = SecretStr("")
