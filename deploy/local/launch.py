"""Become another program that dies with its starter: `launch.py SIGNAL PARENT UID GID PROGRAM ARGUMENT…`.

Invariant: rights are given up first, because the kernel forgets the parent-death signal when they change. It is a
program because code between fork and exec (`preexec_fn`) is unsafe, and warned about, where there are threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(number: int, parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Replace this process by `command`; a uid of 0 keeps the account."""
    if uid:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606 - our own command, no shell wanted


if __name__ == "__main__":
    _number, _parent, _uid, _gid = (int(word) for word in sys.argv[1:5])
    main(_number, _parent, _uid, _gid, sys.argv[5:])
