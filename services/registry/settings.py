"""Registry's settings, from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Base64Bytes, BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class IssuerSettings(BaseModel):
    """One outside issuer. ``redirect_uri`` is the portal's page that finishes the log-in, as the issuer knows it.

    That page is ``<the portal's origin>/log-in/with/<name>``; the titles are what its button says.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    title: str = ""
    title_en: str = ""


class Settings(ServiceSettings):
    """``REGISTRY_*`` and what all services share. Keys are 32 bytes, base64."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", env_ignore_empty=True, hide_input_in_errors=True)

    port: int = 8101
    master_key: Annotated[Base64Bytes, Field(repr=False)]
    """Wraps each volunteer's data key and the token signing keys."""
    blind_index_key: Annotated[Base64Bytes, Field(repr=False)]
    contact_public_key: Base64Bytes = Field(validation_alias="CONTACT_PUBLIC_KEY")
    """X25519; contact points are sealed to it."""
    sms_file: Path | None = None
    """Text messages are appended to it, where there is no gateway: for local use, where it is the phone."""
    sms_gateway_url: str = ""
    """Takes text messages by POST (shared/ops/sms.py); it goes before the file."""
    sms_gateway_key: SecretStr = SecretStr("")
    smtp_host: str = Field("", validation_alias="SMTP_HOST")
    smtp_port: int = Field(25, validation_alias="SMTP_PORT")
    smtp_from: str = Field("", validation_alias="SMTP_FROM")
    """The mail server for codes and warnings; without a host none are mailed."""
    operator_password: SecretStr
    """First password of the account ``operator``."""
    second_factor_required: bool = True
    """Whether who administers or audits must log in by two factors. Off for a sample on one machine alone."""
    oidc: Annotated[dict[str, IssuerSettings], Field(default_factory=dict)]
    """Outside issuers that people may log in by, as JSON: name -> its ``IssuerSettings``."""
