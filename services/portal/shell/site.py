"""What this installation's site is told: its address, the services behind it, and who runs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """The site. ``origin`` is its address as browsers see it, ``urls`` each service's."""

    origin: str
    session_key: bytes = field(repr=False)
    address_key: bytes = field(repr=False)
    """Signs what the portal tells the services of a browser's address."""
    urls: Mapping[str, str]
    district: str = ""
    organiser: str = ""
    contact: str = ""
    icp_number: str = ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.origin.startswith("https:")

    @property
    def cookie_name(self) -> str:
        """The name of the session's cookie: the prefix that browsers hold to its rules exists on https alone."""
        return "__Host-linbang" if self.is_secure else "linbang"
