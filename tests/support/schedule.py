"""Which tests a worker gets, and in which order.

Invariant: a worker gets a file whole, because its tests share fixtures; and the files of tests/fault in two halves,
because each half shares a system that takes long to start. What takes longest is begun first, so that all workers end
together. They are three, one more than cores: what a test waits for is seldom its own computing.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from tests.support.areas import area_of

_FIRST = (
    "fault",
    "replay",
    "integration/demo",
    "integration/local",
    "integration/assessment",
    "integration/registry",
    "integration/messaging",
    "integration/services",
)
_LAST = ("contract", "unit")
_ON_A_SYSTEM_OF_ITS_OWN = "tests/fault/test_cluster.py"
_SECOND_HALF = "tests/fault/test_l"
"""The files of tests/fault from here on, in order of their names, are the second half."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what belongs together, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if area_of(nodeid) != "fault" or file == _ON_A_SYSTEM_OF_ITS_OWN:
            return file
        return "the second half of tests/fault" if file >= _SECOND_HALF else "the first half of tests/fault"


def scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Return the scheduler of a run that goes by files; others have their own."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which they are handed out."""
    return sorted(items, key=lambda item: _rank(area_of(item.nodeid)))


def _rank(area: str) -> int:
    if area in _FIRST:
        return _FIRST.index(area)
    return len(_FIRST) + (area in _LAST)
