"""What is shown of parked records, of every service, and what an operator orders about them.

Invariant: the routes are the kit's and so the same at each service; the portal's own records come from its own
database, as it has no routes for programs.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from shared.http.dead_letters import DeadLetter, Ordered, ShownDeadLetter, State
from shared.http.pages import Page
from shared.http.upstream import Change, Read, Upstream, unless_away

PATH = "/v1/operations/dead-letters"
LIST = Read("registry", PATH, Page[DeadLetter])
ONE = Read("registry", f"{PATH}/{{letter_id}}", ShownDeadLetter)
REDRIVE = Change("POST", "registry", f"{PATH}/{{letter_id}}/redrive", Ordered)
DISCARD = Change("POST", "registry", f"{PATH}/{{letter_id}}/discard", Ordered)
"""As registry has them; ``at`` gives those of another service."""
PORTAL = "portal"
SERVICES = ("registry", "activities", "assessment", "notifications", PORTAL)

_HEX = re.compile(r"0x([0-9a-fA-F]{2})*", re.ASCII)

What = TypeVar("What", Read[Any], Change[Any])


def at(service: str, what: What) -> What:
    """Return a route of the kit's at a service."""
    return replace(what, service=service)


class Wanted(BaseModel):
    """What is looked for; an empty text is anything. ``key`` is text, or hex behind ``0x``."""

    service: str = ""
    state: State = State.PARKED
    topic: str = ""
    key: str = ""
    reason: str = ""

    @property
    def services(self) -> Sequence[str]:
        """The services that are asked."""
        return [self.service] if self.service else SERVICES

    @property
    def has_wrong_key(self) -> bool:
        """Whether the key looks like hex and is none."""
        return self.key.startswith("0x") and not _HEX.fullmatch(self.key)

    def parameters(self) -> dict[str, str | None]:
        """Return what a service is asked for."""
        named = {"topic": self.topic, "key": self.key, "reason": self.reason}
        return {"state": self.state.value, **{name: value or None for name, value in named.items()}}

    def query(self, **more: str) -> str:
        """Return it as the query of an address, with something else."""
        return urlencode({name: str(value) for name, value in {**self.model_dump(), **more}.items() if value})


@dataclass(frozen=True, slots=True)
class Found:
    """What a service has of it; None where it does not answer."""

    service: str
    page: Page[DeadLetter] | None


async def dead_letters(
    calls: Upstream,
    own: Callable[[], Awaitable[Page[DeadLetter]]],
    wanted: Wanted,
    cursor: str | None,
    limit: int,
) -> list[Found]:
    """Ask every service that is wanted at once; ``own`` reads the portal's, ``cursor`` is of the one service."""

    def asked(service: str) -> Awaitable[Page[DeadLetter]]:
        if service == PORTAL:
            return own()
        return calls.read(at(service, LIST), **wanted.parameters(), cursor=cursor, limit=limit)

    pages = await asyncio.gather(*(unless_away(asked(service)) for service in wanted.services))
    return [Found(service, page) for service, page in zip(wanted.services, pages, strict=True)]
