"""The districts of this installation, by name: a stranger looks at one of them.

Invariant: registry is asked once in a while, not for every page; while it is away the last answer holds.
"""

import time

from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.http.connections import Connections, NoAnswerError

_KEPT_SECONDS = 60.0
_TIMEOUT_SECONDS = 2.0


class District(BaseModel):
    """A district: its code (GB/T 2260) and name."""

    code: str
    name: str


class Districts:
    """What registry lists."""

    def __init__(self, connections: Connections, registry_url: str) -> None:
        self._connections = connections
        self._url = f"{registry_url}/v1/districts"
        self._found: list[District] = []
        self._asked = float("-inf")

    async def all(self) -> list[District]:
        """Return every district; none where registry has never answered."""
        if time.monotonic() - self._asked > _KEPT_SECONDS or not self._found:
            self._asked = time.monotonic()
            try:
                answer = await self._connections.send("GET", self._url, seconds=_TIMEOUT_SECONDS)
                self._found = TypeAdapter(list[District]).validate_python(_items(answer.json()))
            except (NoAnswerError, ValidationError, ValueError):
                pass  # the last answer holds
        return self._found

    def ask_again(self) -> None:
        """Ask registry at the next page: this site has just opened one."""
        self._asked = float("-inf")

    async def first(self) -> str:
        """Return the code of the first, or nothing where none is known."""
        return next((district.code for district in await self.all()), "")

    async def name(self, code: str) -> str:
        """Return a district's name, or its code where it is not known."""
        return next((district.name for district in await self.all() if district.code == code), code)


def _items(body: object) -> object:
    return body["items"] if isinstance(body, dict) else body
