"""A service: its parts and its settings, and what follows from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fastapi import APIRouter

from shared.contracts.topics import REVOCATION
from shared.http.auth import FetchKeys
from shared.http.short_route import ShortRoute
from shared.imports.importer import ENDINGS
from shared.imports.job import ImportKind, file_key
from shared.messaging.reactions import Reaction, Reactions
from shared.service.part import Part
from shared.service.settings import ServiceSettings
from shared.store.engine import Store
from shared.store.key_check import SealingKey
from shared.store.retention import OF_EVERY_SERVICE
from shared.store.revocations import REVOCATIONS
from shared.work.janitor import janitor
from shared.work.kind import Ending, WorkKind


@dataclass(frozen=True)
class Service:
    """A service as its ``app.py`` puts it together."""

    name: str
    title: str
    settings: ServiceSettings
    parts: Sequence[Part]
    fetch_keys: Callable[[Store], FetchKeys] | None = None
    """Where the issuer's keys come from; by default its JWKS over HTTP."""
    serves_pages: bool = False
    """Its routes are pages for people, and none is for programs."""

    @cached_property
    def routers(self) -> list[APIRouter]:
        """The routes of every part."""
        return [router for part in self.parts for router in part.routers]

    @cached_property
    def short_routes(self) -> list[ShortRoute]:
        """The short ways of every part."""
        return [route for part in self.parts for route in part.short_routes]

    @cached_property
    def reactions(self) -> Reactions:
        """What the service does about events."""
        return reactions_of(self.name, self.parts)

    @cached_property
    def imports(self) -> Mapping[str, ImportKind]:
        """The kinds of files that the service takes in."""
        return {name: kind for part in self.parts for name, kind in part.imports(self.settings).items()}

    @cached_property
    def larger_bodies(self) -> Mapping[str, int]:
        """How many bytes a body may have where that is more than usual, by the start of the path."""
        return {start: size for part in self.parts for start, size in part.larger_bodies.items()}

    @cached_property
    def work(self) -> Sequence[WorkKind]:
        """The kinds of work that its parts do later, and the janitor's."""
        retentions = [*OF_EVERY_SERVICE, *(each for part in self.parts for each in part.retentions)]
        return [*(kind for part in self.parts for kind in part.work(self.settings)), janitor(retentions)]

    @cached_property
    def keys(self) -> Sequence[SealingKey]:
        """The keys that what is on file is sealed with; with imports there are files that wait."""
        of_parts = [key for part in self.parts for key in part.keys(self.settings)]
        return [*of_parts, file_key(self.name, self.settings.file_key)] if self.imports else of_parts


def reactions_of(service: str, parts: Sequence[Part]) -> Reactions:
    """Return the table of reactions that parts make up; operators' commands need no settings for it.

    Every service keeps the revoked tokens that registry, which has them itself, tells of.
    """
    of_all = [] if service == REVOCATION.owner else [Reaction(REVOCATION, projects=REVOCATIONS)]
    return Reactions(service, [*(reaction for part in parts for reaction in part.reactions), *of_all])


def endings_of(parts: Sequence[Part]) -> Mapping[str, Ending]:
    """Return what is noted where work is given up or cancelled, by kind; that needs no settings."""
    return {**ENDINGS, **{kind: ending for part in parts for kind, ending in part.endings.items()}}
