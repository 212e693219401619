"""One child process: started, waited for by a condition, stopped.

Invariant: a child never outlives the process that started it (the kernel signals it), and what a crash did leave is
recognised by process id and start time together, so a reused id is never signalled.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_LAUNCH = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
_POLL_SECONDS = 0.05
_PORTS = range(20_000, 32_000)
_reserved: set[int] = set()
"""The ports that this process has been given: its own locks do not keep it from a second one."""


class LocalError(Exception):
    """Something the user can act on; the message says what to do."""


class ChildFailedError(LocalError):
    """A child ended by itself or did not become ready."""


@dataclass(frozen=True)
class Account:
    """The operating-system account a child runs as."""

    name: str
    uid: int
    gid: int


class Process(Protocol):
    """What a child needs of its process; as of ``subprocess.Popen``."""

    @property
    def pid(self) -> int: ...  # noqa: D102

    def poll(self) -> int | None: ...  # noqa: D102

    def wait(self, timeout: float | None = None) -> int: ...  # noqa: D102

    def send_signal(self, sig: int) -> None: ...  # noqa: D102

    def kill(self) -> None: ...  # noqa: D102


@dataclass
class Child:
    """A process with its log and its pid file. Start it from a thread that lives as long as the child should."""

    name: str
    command: Sequence[str]
    log: Path
    pid_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    directory: Path | None = None
    _process: Process | None = None

    def start(self) -> None:
        """Clear what an earlier run left, then start. Does not wait until it is ready."""
        clear_stale(self.pid_file)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with self.log.open("wb") as log:
            self._process = self._launch(log, inherited | dict(self.environment))
        self.pid_file.write_text(pid_line(self._process.pid))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    def exit_code(self) -> int | None:
        """Give the exit code, or None while it runs."""
        return self._running().poll()

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return when `ready()` holds; raise ChildFailedError if the child ends or the time is over before that."""
        deadline = time.monotonic() + timeout
        while not ready():
            if (code := self.exit_code()) is not None:
                raise ChildFailedError(f"{self.name} ended with exit code {code} while starting.\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise ChildFailedError(f"{self.name} was not ready after {timeout:.0f} s.\n{self.last_lines()}")
            time.sleep(_POLL_SECONDS)
        if (code := self.exit_code()) is not None:  # something else answered in its place
            raise ChildFailedError(f"{self.name} ended with exit code {code} while starting.\n{self.last_lines()}")

    def stop(self, timeout: float = 30) -> None:
        """Ask it to stop, wait, and kill it only when it does not."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self.pid_file.unlink(missing_ok=True)

    def last_lines(self, count: int = 15) -> str:
        """Give the end of its log, with the place of the whole of it."""
        lines = self.log.read_text(errors="replace").splitlines()[-count:] if self.log.exists() else []
        return "\n".join([*(f"  {line}" for line in lines), f"  (all of it: {self.log})"])

    def _launch(self, log: BinaryIO, environment: Mapping[str, str]) -> Process:
        account = self.account or Account("", 0, 0)
        launched_as = [str(number) for number in (int(self.stop_signal), os.getpid(), account.uid, account.gid)]
        return subprocess.Popen(  # noqa: S603 - our own command, no shell
            [*_LAUNCH, *launched_as, *self.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=self.directory,
            start_new_session=True,  # Ctrl-C reaches the runner alone, which stops its children in order
        )

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process


def clear_stale(pid_file: Path, timeout: float = 20) -> None:
    """End the process a crashed run left behind, if it still is that process, and remove its pid file."""
    try:
        pid, started = pid_file.read_text().split()
        process = psutil.Process(int(pid))
        if abs(process.create_time() - float(started)) < 1 and process.status() != psutil.STATUS_ZOMBIE:
            process.terminate()
            try:
                process.wait(timeout)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(timeout)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        pass
    pid_file.unlink(missing_ok=True)


def pid_line(pid: int) -> str:
    """Give what a pid file holds: the id and the start time."""
    return f"{pid} {psutil.Process(pid).create_time()}\n"


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a free loopback port below the range the kernel hands to outgoing connections, and keep it for this process.

    Until this process ends no other one gets it from here, whether anything listens on it or not: who starts a server
    some time later, or kills one and starts it again, finds its port free.
    """
    for port in random.sample(_PORTS, min(len(_PORTS), 500)):
        if _reserve(port) and port_is_free(port):
            return port
    raise LocalError(f"No free port between {_PORTS.start} and {_PORTS.stop - 1} on 127.0.0.1.")


def _reserve(port: int) -> bool:
    """Lock the byte that stands for a port; the kernel gives it back when this process ends, in whatever way."""
    if port in _reserved:
        return False
    try:
        fcntl.lockf(_reservations(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _reserved.add(port)
    return True


@cache
def _reservations() -> int:
    """Open this user's file of reserved ports. It stays open: closing it would give up every lock of the process."""
    path = Path(tempfile.gettempdir()) / f"linbang-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
