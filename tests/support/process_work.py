"""Work for processes, of a module that they can import."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path

from engine.common.process_pool import spread
from engine.errors import UnknownName


def square(number: int) -> int:
    return number * number


def name_a_stranger(number: int) -> int:
    raise UnknownName("part", f"part {number}", ["drums", "bass"])


def end_at_once(number: int) -> int:
    os._exit(8 + number)


def wait(folder: Path, number: int) -> int:
    """Describe who waits, and wait longer than any test."""
    (folder / f"{os.getpid()}").touch()
    time.sleep(600)
    return number


if __name__ == "__main__":
    with spread(partial(wait, Path(sys.argv[1])), [1, 2, 3, 4], 2) as found:
        list(found)
