"""Settings that every service has, from the environment."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import Base64Bytes, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.messaging.group_client import MAX_POLL_INTERVAL_MS, SESSION_TIMEOUT_MS
from shared.messaging.servers import KafkaServers

LEAST_KEY_BYTES = 16


class ServiceSettings(BaseSettings):
    """What every service is told. A subclass sets ``env_prefix`` to the service's name, and its port."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # among what was read are secrets

    api_database_url: str
    worker_database_url: str
    host: str = "127.0.0.1"
    port: int
    kafka_bootstrap_servers: str = Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    kafka_ca_file: str = Field("", validation_alias="KAFKA_CA_FILE")
    """PEM: the authorities of the brokers' certificates. Empty: no TLS (docs/how-to/secure-the-transport.md)."""
    kafka_user: str = ""
    kafka_password: str = Field("", repr=False)
    topic_prefix: str = Field("", validation_alias="TOPIC_PREFIX")
    consumer_session_timeout_ms: int = SESSION_TIMEOUT_MS
    """A consumer silent for as long loses its partitions to the others of its group."""
    consumer_max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS
    """So does one that is this long at one batch."""
    dead_letter_limit: bool = True
    """Off while an operator lets everything bad be parked (deploy/runbooks/dead-letter-limit.md)."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), validation_alias="TRUSTED_PROXIES"
    )
    """Addresses or networks, separated by commas, whose ``X-Forwarded-For`` is believed (ADR 0030)."""
    portal_address_key: Annotated[Base64Bytes, Field(repr=False)] = Field(b"", validation_alias="PORTAL_ADDRESS_KEY")
    """At least 16 bytes, base64: the portal signs with it whose requests it passes on. Empty: nobody's are believed."""
    jwks_url: str = Field("", validation_alias="JWKS_URL")
    file_key: str = Field("", validation_alias="FILE_KEY")
    """32 bytes, base64: encrypts uploaded files while they wait. Needed by services with imports."""

    @property
    def kafka_servers(self) -> KafkaServers:
        """The brokers, and as whom this service comes to them."""
        return KafkaServers(self.kafka_bootstrap_servers, self.kafka_ca_file, self.kafka_user, self.kafka_password)

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        _ = self.kafka_servers
        return self

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("portal_address_key")
    @classmethod
    def _long_enough(cls, value: bytes) -> bytes:
        if 0 < len(value) < LEAST_KEY_BYTES:
            raise ValueError(f"has fewer than {LEAST_KEY_BYTES} bytes")
        return value
