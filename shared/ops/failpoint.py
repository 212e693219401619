"""Named places where a fault test can kill or stall the process: ``FAILPOINT=relay.after_send:kill9``.

Invariant: without the environment variable a failpoint does nothing. The action is one of ``kill9`` (SIGKILL to itself)
and ``stop`` (SIGSTOP to itself); ``@N`` lets it happen the Nth time that the place is reached:
``relay.after_send:kill9@3``. ``FAILPOINT=file:PATH`` takes the same from a file, looked at each time a place is
reached, so that a running process can be armed; its count begins when it is.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

_ACTIONS = {"kill9": signal.SIGKILL, "stop": signal.SIGSTOP}
_FILE = "file:"


@dataclass
class _Armed:
    """What is to happen, where, and how often the place has been passed since."""

    order: str
    passes: int = 0

    def reach(self, place: str) -> None:
        armed_place, _, action = self.order.partition(":")
        if place != armed_place:
            return
        action, _, nth = action.partition("@")
        self.passes += 1
        if self.passes == int(nth or 1):
            os.kill(os.getpid(), _ACTIONS[action])


_source = os.environ.get("FAILPOINT", "")
_file = Path(_source.removeprefix(_FILE)) if _source.startswith(_FILE) else None
_armed = _Armed("" if _file else _source)
_written = 0


def reach(place: str) -> None:
    """Let the fault happen that the environment asks for at this place."""
    if _file:
        _follow(_file)
    if _armed.order:
        _armed.reach(place)


def _follow(file: Path) -> None:
    global _armed, _written
    if not file.exists():
        return
    written = file.stat().st_mtime_ns
    if written != _written:  # the same order once more begins to count anew
        _armed, _written = _Armed(file.read_text()), written
