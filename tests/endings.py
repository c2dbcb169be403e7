"""Trials of how the program ends: `python -m tests.endings --trials 200 --seed 1`.

Each starts `armonica` on a pseudo-terminal, lets it come to some moment (it starts, loads its
model, plays, draws, or exits) and closes the terminal, or ends the program as `--ending` says.
It must be gone within five seconds with all its processes, by no fault, its log empty of errors
and an edited song kept. Linux alone.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

MOMENTS = ("starts", "loads", "plays", "draws", "exits")
ENDINGS = ("close", "quit", "SIGTERM", "SIGHUP")
LIMIT = 5.0
"""Seconds in which the program must be gone on a machine with nothing else to do."""

HANGS = 60.0
"""Seconds after which it is killed."""

PAINT = 90.0
"""Seconds that the first picture may take on a busy machine."""

LOADING = 12.0
"""The longest wait while the model loads."""

_KEYS = (
    b"+",
    b"\t",
    b"\x1b[A",
    b"\x1b[B",
    b"\x1b[C",
    b"\x1b[D",
    b"j",
    b"k",
    b"]",
    b"?",
    b"\x1b",
)
_EDITED = re.compile(rb"\x1b\[1;\d+H(?:\x1b\[[\d;]*m)?3\x1b")
"""The last figure of the tempo, one above what the song comes with."""
_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
_PAINTED = re.compile(rb"\x1b\[(\d+);(\d+)H((?:[^\x1b\n\r]|\x1b\[[\d;]*m)*)")


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; ``wait`` is a share of the longest wait at its moment.

    A ``controlling`` terminal sends a hang-up when it goes, which a ``deaf`` program ignores;
    what is painted at a ``blocked`` one is not taken.
    """

    number: int
    moment: str
    ending: str
    wait: float
    controlling: bool
    deaf: bool
    blocked: bool
    limit: float = LIMIT


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended: in how many seconds, with what status, and what was wrong.

    ``forced`` is one whose screens took too long, so that the program ended without them.
    """

    trial: Trial
    seconds: float
    status: int
    forced: bool
    wrong: tuple[str, ...]


def drawn(count: int, seed: int, ending: str) -> list[Trial]:
    """Return trials, every moment as often as the others."""
    draws = random.Random(seed)
    return [
        Trial(
            number,
            MOMENTS[number % len(MOMENTS)],
            ending if ending != "mixed" else draws.choice(ENDINGS),
            draws.random(),
            draws.random() < 0.6,
            draws.random() < 0.3,
            draws.random() < 0.3,
        )
        for number in range(count)
    ]


class Stage:
    """The program on its terminal, and a home folder of its own."""

    def __init__(
        self,
        *,
        controlling: bool = True,
        deaf: bool = False,
        anew: bool = False,
        home: Path | None = None,
        variables: Mapping[str, str] | None = None,
        columns: int = 100,
    ) -> None:
        """Start it, ``anew`` in an interpreter of its own; a ``home`` that is given stays."""
        self.home = home or Path(tempfile.mkdtemp(prefix="armonica-ending-"))
        self._stays = home is not None
        self.seen = b""
        self._top = [" "] * 200
        self._read_to = 0
        self.status: int | None = None
        self._main, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 32, columns, 0, 0))
        self.pid = os.fork()
        if self.pid == 0:
            given = {"ARMONICA_HOME": str(self.home), "TERM": "xterm-256color", **(variables or {})}
            self._be_the_program(side, controlling, deaf, anew, given)
        os.close(side)

    def _be_the_program(
        self, side: int, controlling: bool, deaf: bool, anew: bool, variables: Mapping[str, str]
    ) -> None:
        try:
            os.close(self._main)
            os.setsid()
            if controlling:
                fcntl.ioctl(side, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(side, descriptor)
            os.close(side)
            signal.signal(signal.SIGHUP, signal.SIG_IGN if deaf else signal.SIG_DFL)
            os.environ.update(variables)
            # A relative path that is typed stays at home.
            os.chdir(self.home)
            if anew:
                os.execv(sys.executable, [sys.executable, "-m", "engine"])
            # What is imported already is imported sooner: more trials in an hour.
            sys.argv = ["armonica"]
            # A worker of a pool has closed its own.
            sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
            from engine.cli.main import script

            script()
        finally:
            os._exit(70)

    def press(self, keys: bytes) -> None:
        """Type keys, where the terminal takes any."""
        if self._main >= 0 and select.select([], [self._main], [], 0)[1]:
            with suppress(OSError):
                os.write(self._main, keys)

    def read(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Take what is painted for so long, or until something holds or the program ends."""
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0 or self.gone():
                return False
            if self._main < 0 or not select.select([self._main], [], [], min(left, 0.02))[0]:
                time.sleep(0.005)
                continue
            try:
                self.seen += os.read(self._main, 65_536)
            except OSError:
                time.sleep(0.02)
        return True

    def painted(self, words: bytes) -> bool:
        """Wait for words; tells whether they came."""
        return self.read(PAINT, lambda: words in self.seen)

    def top(self) -> str:
        """Return the first line of the picture as it stands."""
        last = self._read_to
        for move in _PAINTED.finditer(self.seen, self._read_to):
            # What is painted last may still be on its way: it is read again.
            last = move.start()
            if move[1] == b"1":
                at = int(move[2]) - 1
                text = _COLOUR.sub(b"", move[3]).decode(errors="replace")
                self._top[at : at + len(text)] = text
        self._read_to = last
        return "".join(self._top)

    def gone(self) -> bool:
        """Return whether the program has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def hang_up(self) -> None:
        """Close the terminal."""
        if self._main >= 0:
            os.close(self._main)
            self._main = -1

    def processes(self) -> list[int]:
        """Return the processes of this home that live."""
        home = f"ARMONICA_HOME={self.home}".encode()
        found = []
        for each in Path("/proc").iterdir():
            with suppress(OSError):
                if each.name.isdigit() and home in (each / "environ").read_bytes().split(b"\0"):
                    found.append(int(each.name))
        return found

    def close(self) -> None:
        """End whatever still lives and remove the home."""
        if not self.gone():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for pid in self.processes():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.hang_up()
        if not self._stays:
            shutil.rmtree(self.home, ignore_errors=True)


def run(trial: Trial) -> Outcome:
    """Run one trial."""
    stage = Stage(controlling=trial.controlling, deaf=trial.deaf, anew=trial.moment == "starts")
    try:
        wrong: list[str] = []
        edited = _come_to(stage, trial, wrong)
        began = time.monotonic()
        _end(stage, trial)
        stage.read(HANGS, stage.gone)
        seconds = time.monotonic() - began
        status = -signal.SIGKILL if stage.status is None else stage.status
        if seconds > trial.limit:
            wrong.append(f"gone after {seconds:.1f} s")
        # Without handlers yet, a signal ends the program as it ends any other.
        early = trial.moment == "starts" and -status in (signal.SIGHUP, signal.SIGTERM)
        # Before the first picture the terminal may be found to be none.
        early = early or (trial.moment == "starts" and status in (1, 2))
        state = stage.home / "state"
        log = state / "armonica.log"
        text = log.read_text() if log.exists() else ""
        forced = "The screens did not end within" in text
        if status and not early and not (forced and status == 1):
            wrong.append(f"status {status}")
        end = time.monotonic() + LIMIT
        while (left := stage.processes()) and time.monotonic() < end:
            time.sleep(0.02)
        if left:
            wrong.append(f"{len(left)} processes are left")
        if text.count(" ERROR ") + text.count(" CRITICAL ") > forced:
            wrong.append("log: " + text[-2000:])
        if b"Traceback" in stage.seen:
            wrong.append("a traceback on the screen")
        if edited and not list((state / "kept").glob("*.armonica")):
            wrong.append("the edited song is not kept")
        return Outcome(trial, seconds, status, forced, tuple(wrong))
    finally:
        stage.close()


def _come_to(stage: Stage, trial: Trial, wrong: list[str]) -> bool:
    """Bring the program to the moment; tells whether its song was seen to be edited."""
    if trial.moment == "starts":
        stage.read(4.0 * trial.wait)
        return False
    if not stage.painted(b"Londonderry"):
        wrong.append("it painted nothing")
        return False
    if trial.moment == "loads":
        stage.read(LOADING * trial.wait)
        return False
    stage.press(b"+")
    # While the model loads an edit may wait for it, and then is not to be kept.
    edited = stage.read(2.0, lambda: _EDITED.search(stage.seen) is not None)
    if trial.moment == "plays":
        stage.press(b" ")
        stage.read(1.5 * trial.wait)
    if trial.moment == "draws":
        draws = random.Random(trial.number)
        for _ in range(round(60 * trial.wait)):
            stage.press(draws.choice(_KEYS))
            if trial.blocked:
                time.sleep(0.02)
            else:
                stage.read(0.02)
    if trial.moment == "exits" and trial.ending != "quit":
        stage.press(b"Q")
        stage.read(0.8 * trial.wait)
    return edited


def _end(stage: Stage, trial: Trial) -> None:
    if trial.ending == "close":
        stage.hang_up()
    elif trial.ending == "quit":
        # Twice escape closes what lies above.
        stage.press(b"\x1b")
        stage.read(0.3)
        stage.press(b"\x1b")
        stage.read(0.3)
        stage.press(b"Q")
    elif not stage.gone():
        os.kill(stage.pid, signal.Signals[trial.ending])


def start_takes() -> float:
    """Measure how long the program takes to start here and now, in seconds."""
    began = time.monotonic()
    stage = Stage(anew=True)
    try:
        stage.painted(b"Londonderry")
        return time.monotonic() - began
    finally:
        stage.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials; gives 1 where any went wrong."""
    parser = argparse.ArgumentParser(prog="tests.endings", description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ending", choices=[*ENDINGS, "mixed"], default="close")
    parser.add_argument("--moment", choices=MOMENTS, help="this one alone")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="trials at a time")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds; more where busy")
    options = parser.parse_args(arguments)
    trials = drawn(options.trials, options.seed, options.ending)
    if options.moment:
        trials = [replace(each, moment=options.moment) for each in trials]
    # Where nothing ends amid its start, how long that takes is of no account.
    start = start_takes() if any(each.moment == "starts" for each in trials) else None
    trials = [
        # While it is only being read in, it can be told by a signal alone, if that comes at all.
        replace(each, limit=options.limit + (start or 0.0) * (each.moment == "starts"))
        for each in trials
    ]
    outcomes = []
    with ProcessPoolExecutor(options.at_once) as pool:
        for outcome in pool.map(run, trials):
            outcomes.append(outcome)
            if outcome.wrong:
                print(f"WRONG {outcome.trial}: {'; '.join(outcome.wrong)}", flush=True)
    for moment in MOMENTS:
        those = [each for each in outcomes if each.trial.moment == moment]
        if those:
            times = sorted(each.seconds for each in those)
            statuses = sorted({each.status for each in those})
            print(
                f"{moment:7} {len(those):4} trials, {sum(bool(e.wrong) for e in those)} wrong; "
                f"gone in {times[len(times) // 2]:.2f} s, at most {times[-1]:.2f} s; "
                f"status {', '.join(map(str, statuses))}; "
                f"{sum(each.forced for each in those)} forced"
            )
    failed = sum(bool(each.wrong) for each in outcomes)
    if start is not None:
        print(f"A start took {start:.1f} s here.")
    print(f"{len(outcomes) - failed} of {len(outcomes)} ended as they must.")
    return 1 if failed else 0


if __name__ == "__main__":
    import engine.cli.main
    import engine.runtime.engine  # noqa: F401
    import tui.app  # noqa: F401

    sys.exit(main())
