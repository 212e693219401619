"""Settings that every service has, from the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.group_client import MAX_POLL_INTERVAL_MS, SESSION_TIMEOUT_MS


class ServiceSettings(BaseSettings):
    """What every service is told. A subclass sets ``env_prefix`` to the service's name, and its port."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # among what was read are secrets

    api_database_url: str
    worker_database_url: str
    host: str = "127.0.0.1"
    port: int
    kafka_bootstrap_servers: str = Field(validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    topic_prefix: str = Field("", validation_alias="TOPIC_PREFIX")
    consumer_session_timeout_ms: int = SESSION_TIMEOUT_MS
    """A consumer silent for as long loses its partitions to the others of its group."""
    consumer_max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS
    """So does one that is this long at one batch."""
    dead_letter_limit: bool = True
    """Off while an operator lets everything bad be parked (deploy/runbooks/dead-letter-limit.md)."""
    jwks_url: str = Field("", validation_alias="JWKS_URL")
    file_key: str = Field("", validation_alias="FILE_KEY")
    """32 bytes, base64: encrypts uploaded files while they wait. Needed by services with imports."""
