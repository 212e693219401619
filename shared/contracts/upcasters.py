"""Upcasters: how the data of an old event version becomes the next one's.

Invariant: history is never rewritten. Every version ever published can be read for as long as it is kept, because
``upcast`` walks it up, one version at a time, to the one that the code knows.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

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


class UnknownVersionError(Exception):
    """No chain of upcasters leads from the version that was read to the one that the code knows."""


@lru_cache(maxsize=1024)
def split_type(event_type: str) -> tuple[str, int]:
    """Split ``cn.linbang.activities.ServiceLogged.v2`` into name and version. Raises ValueError where it has none."""
    name, _, version = event_type.rpartition(".v")
    if not name or not version.isdecimal():
        raise ValueError(f"not a versioned event type: {event_type!r}")
    return name, int(version)


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
