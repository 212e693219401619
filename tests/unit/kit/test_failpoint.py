import os
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = "from shared.ops.failpoint import reach\nfor line in iter(input, 'end'):\n    reach(line)\n    print(line)"


def test_a_failpoint_strikes_the_nth_time_and_no_other_place() -> None:
    assert passed("here:kill9@2", "there", "here", "there", "here", "end") == (["there", "here", "there"], -9)


def test_without_the_variable_nothing_happens() -> None:
    assert passed("", "here", "end") == (["here"], 0)


def test_a_running_process_is_armed_by_a_file_and_counts_from_then_on(tmp_path: Path) -> None:
    order = tmp_path / "order"
    with start(f"file:{order}") as process:
        assert reach(process, "here") == "here"
        for _ in range(2):  # the same order twice: each begins to count anew
            write(order, "here:kill9@2")
            assert reach(process, "here") == "here"
        assert reach(process, "here") == ""
        assert process.wait(10) == -signal.SIGKILL


def passed(failpoint: str, *places: str) -> tuple[list[str], int]:
    with start(failpoint) as process:
        out, _ = process.communicate("".join(f"{place}\n" for place in places))
        return out.split(), process.returncode


def start(failpoint: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-u", "-c", PROGRAM]
    environment = {**os.environ, "FAILPOINT": failpoint}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def reach(process: "subprocess.Popen[str]", place: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{place}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def write(order: Path, failpoint: str) -> None:
    new = order.with_suffix(".new")
    new.write_text(failpoint)
    new.rename(order)
