"""Named places where a fault test can kill or stall the process: ``FAILPOINT=relay.after_send:kill9``.

Invariant: without the environment variable a failpoint does nothing. The action is one of ``kill9`` (SIGKILL to itself)
and ``stop`` (SIGSTOP to itself); ``@N`` lets it happen the Nth time that the place is reached:
``relay.after_send:kill9@3``.
"""

import os
import signal
from itertools import count

_ACTIONS = {"kill9": signal.SIGKILL, "stop": signal.SIGSTOP}
_place, _, _action = os.environ.get("FAILPOINT", "").partition(":")
_action, _, _nth = _action.partition("@")
_passes = count(1)


def reach(place: str) -> None:
    """Let the fault happen that the environment asks for at this place."""
    if place == _place and next(_passes) == int(_nth or 1):
        os.kill(os.getpid(), _ACTIONS[_action])
