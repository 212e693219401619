"""A forked program is a process like any other: its exit code, output, environment and end are its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.forked import Program, output_of

SLEEP = ("-c", "import time; print('up', flush=True); time.sleep(60)")


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("pass", 0), ("raise SystemExit(3)", 3), ("raise ValueError", 1), ("import os; os.kill(os.getpid(), 9)", -9)],
)
def test_its_exit_code_is_told(code: str, exit_code: int) -> None:
    assert output_of(["-c", code], os.environ)[0] == exit_code


def test_it_has_the_arguments_and_the_environment_it_was_given_and_no_others() -> None:
    code = "import os, sys; print(sys.argv[1:], dict(os.environ), flush=True)"
    assert output_of(["-c", code, "one", "two"], {"NAME": "value"}) == (0, "['one', 'two'] {'NAME': 'value'}\n")


def test_it_runs_until_it_is_killed() -> None:
    program = Program(SLEEP, os.environ)
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    program.kill()
    assert program.wait() == program.poll() == -signal.SIGKILL
    assert not psutil.pid_exists(program.pid)


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from tests.support.forked import Program;"
        f"print(Program({SLEEP!r}, os.environ, output=2).pid, flush=True); time.sleep(60)"
    )
    with (tmp_path / "output").open("wb") as output:
        starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=output)
        assert starter.stdout
        with starter.stdout:
            program = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
        starter.wait()
    program.wait(30)
