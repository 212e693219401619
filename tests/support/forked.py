"""Python programs that start at once: forked by a process that has imported the services before.

Invariant: a program is a process of its own as ``python …`` makes it, with its own session, environment, memory and
exit code; it can be stalled and killed, and it ends when what started it does. Only its imports were done beforehand,
which is what most of a start is. That a service and ``linbang`` start without this is seen in tests/integration/local
and tests/integration/services.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module, reload
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Self

from deploy.local.process import Child
from deploy.services import SERVICES

ROOT = Path(__file__).parents[2]
_PR_SET_PDEATHSIG = 1
_LONGEST_REQUEST = 1 << 17
_NUMBER = struct.Struct("i")
_starting = Lock()


class Program:
    """A running ``python *arguments``, where these begin with ``-m MODULE`` or ``-c CODE``; used as Popen is.

    ``output`` is the file descriptor that it writes to, errors too: this process's own unless another is named.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], *, output: int = 1) -> None:
        self._status, theirs = socket.socketpair()
        request = json.dumps([list(arguments), dict(environment)]).encode()
        with theirs:
            socket.send_fds(_server(), [request], [theirs.fileno(), output])
        self.pid = self._number(None)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = self._number(timeout)
            except (BlockingIOError, TimeoutError):
                return None
            self._status.close()
        return self.returncode

    def _number(self, timeout: float | None) -> int:
        self._status.settimeout(timeout)
        number: int
        (number,) = _NUMBER.unpack(self._status.recv(_NUMBER.size))
        return number


class ForkedChild(Child):
    """A child whose command is a Python program: ``[sys.executable, *arguments]``."""

    def _launch(self, log: BinaryIO, environment: Mapping[str, str]) -> Program:
        return Program(self.command[1:], environment, output=log.fileno())


def output_of(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a program to its end; return its exit code and all that it printed."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as printed:
        program = Program(arguments, environment, output=writing)
        os.close(writing)
        output = printed.read().decode()
    return program.wait(), output


def _server() -> socket.socket:
    with _starting:
        return _started()


@cache
def _started() -> socket.socket:
    """Start the process that forks; it ends when this one has, however that ends: nobody else has the socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    atexit.register(_end, ours, server)
    return ours


def _end(requests: socket.socket, server: subprocess.Popen[bytes]) -> None:
    requests.close()
    server.wait()


def _import_services() -> None:
    for service in SERVICES:
        import_module(f"services.{service}.app")
        import_module(f"services.{service}.cli")
    import_module("services.cli")
    import_module("deploy.status")
    import_module("shared.service.run")


def _serve(requests: socket.socket) -> Callable[[], None] | None:
    """Fork a program for each request. Returns in the new process what it is to do; None when no more is asked for."""
    while True:
        message, descriptors, *_ = socket.recv_fds(requests, _LONGEST_REQUEST, 2)
        if not message:
            return None
        if not os.fork():
            status, output = descriptors
            _keep(socket.socket(fileno=status))
            requests.close()
            arguments, environment = json.loads(message)
            return _become(arguments, environment, output)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(*_: object) -> None:
    """Take note of programs that have ended, so that their time counts as this process's and so as the tests'."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(status: socket.socket) -> None:
    """Fork once more: return in the new process; in this one tell of its id and its end, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _die_with_parent(signal.SIGKILL)
    keeper = os.getpid()
    program = os.fork()
    if program:
        status.sendall(_NUMBER.pack(program))
        _, ended = os.waitpid(program, 0)
        status.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(ended)))
        os._exit(0)
    _die_with_parent(signal.SIGTERM)
    if os.getppid() != keeper:
        os._exit(1)
    status.close()


def _die_with_parent(number: signal.Signals) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _become(arguments: Sequence[str], environment: Mapping[str, str], output: int) -> Callable[[], None]:
    """Take on what a process is given when it starts; return what is to be run."""
    os.setsid()
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    reload(import_module("shared.ops.failpoint"))  # it has looked at the environment when it was imported
    option, program, *rest = arguments
    sys.argv = [program, *rest]
    if option == "-m":
        return lambda: _run_module(program)
    return lambda: exec(program, {"__name__": "__main__"})


def _run_module(module: str) -> None:
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _main() -> None:
    _import_services()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    program = _serve(socket.socket(fileno=int(sys.argv[1])))
    if program:
        program()


if __name__ == "__main__":
    _main()
