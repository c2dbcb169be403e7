"""How a process ends: whole where it can be, at once where a thread is inside a library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LEAVING = """
import atexit, sys, threading, time
from engine.common.process_end import leave
atexit.register(print, "taken down")
if "stuck" in sys.argv:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("written", end=" ")
leave(3)
"""


def left(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a process that leaves."""
    return subprocess.run(
        [sys.executable, "-c", LEAVING, *words], capture_output=True, text=True, check=False
    )


def test_the_interpreter_is_taken_down_where_nobody_works() -> None:
    ended = left()
    assert (ended.returncode, ended.stdout) == (3, "written taken down\n")


def test_a_process_with_a_thread_at_work_ends_at_once_with_what_it_wrote() -> None:
    ended = left("stuck")
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "written ", "")


@pytest.mark.real
@pytest.mark.alone
@pytest.mark.parametrize(
    "words",
    [
        "--moment loads --ending quit --trials 4",
        "--moment loads --ending SIGTERM --trials 3",
        "--ending close --trials 10",
    ],
)
def test_the_program_ends_at_any_moment(words: str) -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("this needs Linux")
    # Everything beside this takes its time, too, also the other of two; what hangs hangs longer.
    usual = ["--seed", "7", "--at-once", "2", "--limit", "30"]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.endings", *usual, *words.split()],
        capture_output=True,
        text=True,
        env=os.environ,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
