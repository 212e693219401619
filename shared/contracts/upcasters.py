"""Upcasters: how an event of an old version, or of an old name, is read as the one that the code knows.

Invariant: history is never rewritten. Every version ever published can be read for as long as it is kept, because
``type_of`` gives the present name of its type, and ``upcast`` walks its data up, one version at a time.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from shared.contracts.event import Event

Json = dict[str, Any]
Upcaster = Callable[[Json], Json]


def _activity_published_2(data: Json) -> Json:
    """Version 1 told of no public text: whoever shows it has to ask for it."""
    return {**data, "place": "", "person_in_charge": "", "risk_text": "", "description": ""}


UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("cn.linbang.activities.ActivityPublished", 1): _activity_published_2,
}
"""``(event type without its version, old version)`` -> the step to the next version."""


class Renamed(NamedTuple):
    """What an old type is called now: an aggregate's first event, and every later one."""

    first: str
    later: str


RENAMED: Mapping[str, Renamed] = {
    f"cn.linbang.registry.{old}": Renamed(f"cn.linbang.registry.{first}", f"cn.linbang.registry.{later}")
    for old, first, later in (
        ("OrganisationRegistered", "OrganisationRegistered", "OrganisationChanged"),
        ("StationOpened", "StationRegistered", "StationChanged"),
        ("TeamFormed", "TeamRegistered", "TeamChanged"),
    )
}
"""Types, without versions, that said "entered or changed" -> the two that say which. The versions go on counting."""


class UnknownVersionError(Exception):
    """No chain of upcasters leads from the version that was read to the one that the code knows."""


@lru_cache(maxsize=1024)
def split_type(event_type: str) -> tuple[str, int]:
    """Split ``cn.linbang.activities.ServiceLogged.v2`` into name and version. Raises ValueError where it has none."""
    name, _, version = event_type.rpartition(".v")
    if not name or not version.isdecimal():
        raise ValueError(f"not a versioned event type: {event_type!r}")
    return name, int(version)


def type_of(event_type: str, sequence: int) -> tuple[str, int]:
    """Return the present name and the version of an event's type; ``sequence`` is its aggregate's version.

    Raises ValueError where the type has no version.
    """
    name, version = split_type(event_type)
    renamed = RENAMED.get(name)
    if renamed is None:
        return name, version
    return (renamed.first if sequence == 1 else renamed.later), version


def upcast(
    event: type[Event], version: int, data: Json, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS
) -> Json:
    """Return ``data`` as the event's current version has it. Raises UnknownVersionError where a step is missing."""
    name, current = split_type(event.event_type())
    if version > current:
        raise UnknownVersionError(f"{name}.v{version} is newer than v{current}")
    for step in range(version, current):
        try:
            data = upcasters[name, step](data)
        except KeyError:
            raise UnknownVersionError(f"{name}.v{step} has no upcaster") from None
    return data
