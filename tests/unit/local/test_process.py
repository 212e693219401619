"""A child starts by a condition, dies with its parent, and a stale pid file never hits another process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from deploy.local.process import Child, ChildFailedError, _reserve, clear_stale, free_port, pid_line, port_is_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(_SLEEP)
    yield process
    process.kill()
    process.wait()


def _child(directory: Path, *code: str) -> Child:
    return Child("child", [sys.executable, "-c", *code], directory / "child.log", directory / "child.pid")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_child_that_ends_while_starting_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    child = _child(tmp_path, "print('out of luck'); raise SystemExit(3)")
    child.start()
    with pytest.raises(ChildFailedError, match=r"exit code 3(.|\n)*out of luck"):
        child.wait_until(lambda: False, timeout=20)
    child.stop()


def test_a_child_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = _child(tmp_path, code)
    child.start()
    child.wait_until(lambda: "up" in child.log.read_text(), timeout=20)
    child.stop(timeout=0.2)
    assert not child.pid_file.exists()


def test_the_environment_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_ADMIN_URL", "postgresql://secret")
    child = _child(tmp_path, "import os; print(sorted(os.environ), flush=True)")
    child.start()
    assert _within(20, lambda: "]" in child.log.read_text())
    child.stop()
    assert "POSTGRES_ADMIN_URL" not in child.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals children of a dead parent")
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; from deploy.local.process import Child; d = pathlib.Path(sys.argv[1]);"
        "Child('child', [sys.executable, '-c', 'import time; time.sleep(60)'], d / 'log', d / 'pid').start();"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    pid_file = tmp_path / "pid"
    assert _within(20, lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    child = psutil.Process(int(pid_file.read_text().split()[0]))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert _within(20, lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_what_a_crash_left_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(pid_line(sleeper.pid))
    clear_stale(pid_file)
    assert not psutil.pid_exists(sleeper.pid)
    assert not pid_file.exists()


@pytest.mark.parametrize("content", ["{pid} 1.0\n", "999999999 1.0\n", "", "nonsense"])
def test_another_process_with_the_same_id_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], content: str
) -> None:
    pid_file = tmp_path / "pid"
    pid_file.write_text(content.format(pid=sleeper.pid))
    clear_stale(pid_file)
    assert sleeper.poll() is None
    assert not pid_file.exists()


def test_a_port_is_free_until_someone_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        server.listen()
        assert not port_is_free(port)
    assert port_is_free(port)


def test_a_port_that_was_given_out_is_given_to_nobody_else_while_its_process_lives() -> None:
    mine = free_port()
    code = (
        "import sys; from deploy.local import process; process._PORTS = range(int(sys.argv[1]), int(sys.argv[2]));"
        "print(process.free_port(), flush=True); sys.stdin.read()"
    )
    refused = subprocess.run([sys.executable, "-c", code, str(mine), str(mine + 1)], capture_output=True, check=False)
    assert f"No free port between {mine} and {mine}".encode() in refused.stderr

    command = [sys.executable, "-c", code, "20000", "32000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        theirs = int(other.stdout.readline())
        assert not _reserve(theirs)
    assert _reserve(theirs)
