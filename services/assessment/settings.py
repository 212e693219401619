"""Settings of assessment, from the environment."""

from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own: what every service has, under ``ASSESSMENT_``."""

    model_config = SettingsConfigDict(env_prefix="ASSESSMENT_", hide_input_in_errors=True)

    port: int = 8103
