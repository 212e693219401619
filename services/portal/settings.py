"""Settings of portal, from the environment."""

from typing import Annotated

from pydantic import Base64Bytes, Field
from pydantic_settings import SettingsConfigDict

from shared.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """The address that browsers open, the services behind it, and who is responsible for it."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", hide_input_in_errors=True)

    port: int = 8105
    origin: str
    """Scheme, host and port as browsers see them, ``https://linbang.example.org``: forms are taken from there alone."""
    session_key: Annotated[Base64Bytes, Field(min_length=32, max_length=32)] = Field(repr=False)
    """32 bytes, base64: encrypts the tokens of sessions."""
    registry_url: str = Field(validation_alias="REGISTRY_URL")
    activities_url: str = Field(validation_alias="ACTIVITIES_URL")
    assessment_url: str = Field(validation_alias="ASSESSMENT_URL")
    notifications_url: str = Field(validation_alias="NOTIFICATIONS_URL")
    district: str = ""
    """The district that a stranger sees first (GB/T 2260); by default the first that registry lists."""
    organiser: str = ""
    """Who runs the site, as its footer says (GBF 2017 No. 47): 主办单位."""
    contact: str = ""
    icp_number: str = ""

    @property
    def urls(self) -> dict[str, str]:
        """The address of each service that pages are made of."""
        return {
            "registry": self.registry_url,
            "activities": self.activities_url,
            "assessment": self.assessment_url,
            "notifications": self.notifications_url,
        }
