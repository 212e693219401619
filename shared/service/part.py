"""A part: one family of use cases of a service, with all its layers in one folder, said in one object."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI

from shared.http.short_route import ShortRoute
from shared.imports.job import ImportKind
from shared.messaging.reactions import Reaction
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.key_check import SealingKey
from shared.store.retention import Retention
from shared.work.kind import Ending, WorkKind

Loop = Callable[[Heartbeat], Coroutine[Any, Any, None]]


def _nothing(_settings: Any) -> Mapping[str, Any]:  # noqa: ANN401 - each service has settings of its own
    return {}


def _no_keys(_settings: Any) -> Sequence[SealingKey]:  # noqa: ANN401 - as above
    return ()


def _no_work(_settings: Any) -> Sequence[WorkKind]:  # noqa: ANN401 - as above
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a part gives its service. What needs the service's settings is a function of them."""

    routers: Sequence[APIRouter] = ()
    short_routes: Sequence[ShortRoute] = ()
    """Short ways to routes among those of ``routers``."""
    reactions: Sequence[Reaction] = ()
    follows: Sequence[str] = ()
    """Topics that it reads without reacting to anything, from now on and in no group."""
    imports: Callable[[Any], Mapping[str, ImportKind]] = _nothing
    """The kinds of files it takes in, by the name in ``POST /v1/imports/<kind>``."""
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """How many bytes a body may have where that is more than usual, by the start of the path."""
    work: Callable[[Any], Sequence[WorkKind]] = _no_work
    """The kinds of work that it does later, in the role ``worker``."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """What it notes where work is given up or cancelled, by kind; an operator's command needs it without settings."""
    keys: Callable[[Any], Sequence[SealingKey]] = _no_keys
    """The keys that what it has on file is sealed with: with others the service does not start."""
    retentions: Sequence[Retention] = ()
    """How long rows of its tables are kept that may be forgotten; none of what events alone make."""
    install: Callable[[FastAPI, Any], None] | None = None
    """Adds to the application what is not a route: handlers of errors, middleware; given the service's settings."""
    prepare: Callable[[FastAPI, Store, Any], Awaitable[None]] | None = None
    """Runs before the api takes requests: puts what its routes need into ``app.state``."""
    beside: Callable[[FastAPI, Store, Any], Coroutine[Any, Any, None]] | None = None
    """Runs beside the api, until it is cancelled, while that takes requests."""
    stop: Callable[[FastAPI], None] | None = None
    """Ends requests that would not end by themselves, when the process is told to stop and waits for them."""
