"""Work in several processes: its order, its errors, and that nobody works on alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.common.process_pool import WorkerLost, spread
from engine.errors import UnknownName
from tests.support.process_work import end_at_once, name_a_stranger, square
from tests.support.waiting import wait_until


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    # One that nobody has asked after is dead too.
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_what_comes_back_is_in_order() -> None:
    with spread(square, range(12), 2, chunk=5) as found:
        assert list(found) == [number * number for number in range(12)]


def test_an_error_of_the_user_comes_back_as_it_was_raised() -> None:
    with pytest.raises(UnknownName) as caught, spread(name_a_stranger, [3], 1) as found:
        list(found)
    assert caught.value.message == "There is no part called 'part 3'."
    assert caught.value.remedy == "Known: drums, bass."


def test_a_process_that_the_system_ends_is_told() -> None:
    with pytest.raises(WorkerLost, match="fewer workers"), spread(end_at_once, [1], 1) as found:
        list(found)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nobody_works_on_when_the_caller_is_gone(tmp_path: Path, how: int) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-m", "tests.support.process_work", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    if how == signal.SIGINT:
        # As a terminal does it: to the whole group.
        os.killpg(caller.pid, how)
    else:
        caller.send_signal(how)
    _, output = caller.communicate(timeout=30)
    wait_until(lambda: not any(alive(each) for each in workers))
    if how == signal.SIGINT:
        assert output.rstrip().endswith("KeyboardInterrupt")
        assert output.count("Traceback") == 1, "only the caller is interrupted"
    else:
        assert "Traceback" not in output
