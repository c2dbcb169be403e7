"""Random runs of the program: `python -m tests.random_runs --runs 300 --seed 1`.

Each has a home of its own and starts `armonica` there once to three times, on a pseudo-terminal,
every fourth run beside a JACK server and a reader of its notes. Random keys of all screens, typed
paths, the mouse and bytes that are no text come in, songs get titles by which they can be told
again, and every start comes to some end: keys, signals, kills, a terminal that goes, or two of
them. It must end as it should, and what was seen on the screen must lie on the disk then, be it
saved or kept. What goes wrong is printed with its steps; `--only N` runs it alone. Linux alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from engine.bench.jack import JackListener, JackServer
from tests.endings import HANGS, LIMIT, Stage, start_takes
from tests.owed import Ledger, hung, songs
from tests.random_steps import DOUBTS, ENDINGS, NAMED, Start, drawn

_USUAL_START = 3.0
"""Seconds that a start takes where nothing else is to be done; all limits grow with it."""

_TITLE = re.compile(r"\bZq\d+")
_TOP = re.compile(r"(?:resting|playing)\s+([\d.]+) bpm .*?\b(Zq\d+)")
_ALLOWED = ("The screens met this while they ended", "The terminal sent what cannot be read")
"""Entries of the log that come with a traceback and say that nothing was wrong."""


@dataclass(slots=True)
class Run:
    """One run, drawn from a seed, and what came of it."""

    number: int
    seed: int
    slow: float
    starts: tuple[Start, ...] = ()
    wrong: list[str] = field(default_factory=list)
    titles: int = 0
    shown: int = 0
    judged: int = 0
    notes: int = 0
    seconds: float = 0.0


class Player:
    """Carries one run out."""

    def __init__(self, run: Run, home: Path, variables: dict[str, str]) -> None:
        self.run = run
        self.home = home
        self.variables = {"HOME": str(home), **variables}
        self.ledger = Ledger()
        self.reader: JackListener | None = None
        self.doubted = False

    def kept(self) -> list[Path]:
        """Return the kept songs, the newest first."""
        paths = (self.home / "state" / "kept").glob("*.armonica")
        return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)

    def start(self, start: Start) -> None:
        """Start the program, does what is to be done, ends it and looks what is there then."""
        self.doubted = False
        self.received = len(self.reader.messages) if self.reader else 0
        stage = Stage(
            controlling=start.controlling, home=self.home, variables=self.variables, columns=160
        )
        try:
            if not stage.read(90.0, lambda: "Londonderry" in stage.top()):
                self.run.wrong.append("it painted nothing")
                return
            if self.kept():
                self._welcome(stage, start.kept)
            for step in start.steps:
                self._do(stage, *step)
            still = bool(start.steps) and start.steps[-1][0] == "rest"
            self._end(stage, start, still)
        finally:
            stage.close()

    def _welcome(self, stage: Stage, answer: str) -> None:
        if not stage.painted(b"Welcome back"):
            self.run.wrong.append("a kept song is not offered")
            return
        stage.read(0.3)
        if answer == "throw":
            self.ledger.thrown_away(songs(self.kept()[:1])[0][0])
        ways = {"take": b"\r", "leave": b"j\r", "throw": b"jj\r", "escape": b"\x1b"}
        stage.press(ways[answer])
        stage.read(0.5)
        stage.press(b"\x1b")
        stage.read(0.3)

    def _do(self, stage: Stage, what: str, keys: bytes, pause: float) -> None:
        if what == "title":
            self._title(stage, keys)
        elif what == "kill the player":
            for pid in stage.processes():
                if b"engine.midi.player.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        elif what in ("open", "file"):
            first, _, rest = keys.partition(b"|")
            self._press(stage, b"\x1b", 0.3)
            self._press(stage, first, 0.3)
            self._press(stage, rest, 0.0)
            self._press(stage, b"\r", 0.3)
            self._press(stage, b"\r", pause)
        else:
            self._press(stage, keys, pause * self.run.slow if what == "rest" else pause)

    def _press(self, stage: Stage, keys: bytes, pause: float) -> None:
        if DOUBTS & {*keys}:
            self.ledger.doubt()
            self.doubted = True
        stage.press(keys)
        stage.read(pause)

    def _title(self, stage: Stage, faster: bytes) -> None:
        for _ in range(3):
            # Each its own: one that is not seen may have been given to a song that is open no more.
            self.run.titles += 1
            title = f"Zq{self.run.titles}"
            for key in (b"\x1b", b"\x1b", NAMED["f2"], b"\x1b"):
                stage.press(key)
                stage.read(0.25)
            # One after the other: text that is typed ahead may overtake keys.
            if not self._answered(stage, b"T", b"mtitle\x1b[0m"):
                # Another dialog took the key, or the machine is too busy to tell.
                continue
            stage.press(b"\x15")
            stage.read(0.5)
            self._answered(stage, title.encode(), title.encode())
            # All keys from before have been handled by now, and what they came to is shown.
            before = _TITLE.search(stage.top())
            stage.press(b"\r")
            if stage.read(3.0 * self.run.slow, partial(self._stands, stage, title)):
                self.ledger.seen(title, before[0] if before else "", time.monotonic())
                self.run.shown += 1
                if self.doubted and "loading" in stage.top():
                    # An undo may wait for the model, and comes after this.
                    self.ledger.doubt()
                break
            if before:
                self.ledger.given(title, before[0])
        stage.press(faster)

    def _stands(self, stage: Stage, title: str) -> bool:
        return f" {title} " in stage.top()

    def _answered(self, stage: Stage, keys: bytes, answer: bytes) -> bool:
        """Press keys, and tell whether their answer was painted."""
        seen = len(stage.seen)
        stage.press(keys)
        return stage.read(5.0 * self.run.slow, lambda: answer in stage.seen[seen:])

    def _end(self, stage: Stage, start: Start, still: bool) -> None:
        wrong, limit = self.run.wrong, LIMIT * self.run.slow
        top = _TOP.search(stage.top()) if still and "loading" not in stage.top() else None
        early, killed, seen = stage.gone(), 0.0, len(stage.seen)
        began = time.monotonic()
        for number, ending in enumerate(start.endings):
            stage.read(start.gap if number else 0.0)
            if not stage.gone():
                killed = time.monotonic() if ending == "SIGKILL" else killed
                began = self._bring(stage, ending, alone=len(start.endings) == 1)
        if start.endings == ("ctrl-c",) and not stage.gone():
            began = self._bring(stage, "quit", alone=True)
        stage.read(HANGS, lambda: stage.gone() or b"still loading" in stage.seen[seen:])
        if not stage.gone():
            # It was told to end and asked what keys that wait should come to; then came the other.
            began = self._leave_unanswered(stage)
            stage.read(HANGS, stage.gone)
        seconds = time.monotonic() - began
        if seconds > limit:
            wrong.append(f"gone after {seconds:.1f} s, {bytes(stage.seen[-2000:])!r}")
        end = time.monotonic() + limit
        while (left := stage.processes()) and time.monotonic() < end:
            time.sleep(0.02)
        for pid in left:
            with suppress(OSError):
                wrong.append(f"left: {Path(f'/proc/{pid}/cmdline').read_bytes()!r} {_used(pid)}")
        if early and not self.doubted:
            wrong.append("it ended by itself")
        self._look(stage, start)
        there = songs(self.home.rglob("*.armonica"))
        self.run.judged += sum(not each.undone for each in self.ledger.works)
        lost = self.ledger.lost(there, top[2] if top else "", killed, self.run.slow)
        wrong += [f"lost: {title} is in none of {there}" for title in lost]
        if top and not early and (top[2], float(top[1])) not in there:
            wrong.append(f"lost: {top[2]} at {top[1]} bpm is not in {there}")
        if self.reader:
            if not self.reader.wait_for(
                lambda messages: not hung(messages[self.received :]), limit
            ):
                wrong.append(f"notes hang: {hung(self.reader.messages[self.received :])}")
            self.run.notes += sum(
                m[0] & 0xF0 == 0x90 for _, m in self.reader.messages[self.received :]
            )

    def _bring(self, stage: Stage, ending: str, alone: bool) -> float:
        """End the program; gives the moment from which it has to go."""
        if ending == "close":
            stage.hang_up()
        elif ending == "ctrl-c":
            stage.press(b"\x03")
            stage.read(0.3)
        elif ending != "quit":
            os.kill(stage.pid, signal.Signals[ending])
        for _ in range(4 if ending == "quit" else 0):
            for _ in range(3):
                stage.press(b"\x1b")
                stage.read(0.3)
            seen = len(stage.seen)
            stage.press(b"Q")
            began = time.monotonic()
            if not alone or stage.read(
                LIMIT * self.run.slow,
                lambda: stage.gone() or b"still loading" in stage.seen[seen:],  # noqa: B023
            ):
                if b"still loading" in stage.seen[seen:]:
                    return self._leave_unanswered(stage)
                return began
        return time.monotonic()

    def _leave_unanswered(self, stage: Stage) -> float:
        """Answer the question what keys that wait for the model should come to: nothing.

        A question may be seen before it takes keys, so an answer that does nothing is repeated.
        """
        began = time.monotonic()
        for _ in range(3):
            stage.read(0.3)
            began = time.monotonic()
            stage.press(b"j\r")
            if stage.read(LIMIT * self.run.slow, stage.gone):
                break
        return began

    def _look(self, stage: Stage, start: Start) -> None:
        wrong = self.run.wrong
        status = -signal.SIGKILL if stage.status is None else stage.status
        text = ""
        for path in (self.home / "state").glob("*.log"):
            text += path.read_text()
            path.unlink()
        forced = "The screens did not end within" in text
        right = {0, *([1] if forced else []), *([-9] if "SIGKILL" in start.endings else [])}
        if status not in right:
            wrong.append(f"status {status}")
        for entry in re.split(r"\n(?=\S)", text):
            bad = " ERROR " in entry or " CRITICAL " in entry or "Traceback" in entry
            if bad and not any(each in entry for each in _ALLOWED) and not forced:
                wrong.append("log: " + entry[-2000:])
        for word in (b"Traceback", b"terminate called", b"Fatal Python", b"fault was met"):
            if word in stage.seen:
                wrong.append(f"on the screen: {stage.seen[stage.seen.index(word) :][:2000]!r}")
        if not {"close", "SIGKILL"} & {*start.endings} and not forced:
            for mode in (b"1049", b"1000", b"1003"):
                if stage.seen.rfind(b"?%sl" % mode) < stage.seen.rfind(b"?%sh" % mode):
                    wrong.append(f"the terminal is left with mode {mode!r}")
            if stage.seen.rfind(b"?25h") < stage.seen.rfind(b"?25l"):
                wrong.append("the cursor is left hidden")


def _used(pid: int) -> str:
    before = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    time.sleep(1.0)
    after = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return f"({sum(map(int, after)) - sum(map(int, before))} % of a core)"


def carry_out(run: Run) -> Run:
    """Carry a run out."""
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="armonica-run-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        variables: dict[str, str] = {}
        reader = None
        if run.number % 4 == 0 and shutil.which("jackd"):
            jack = stack.enter_context(JackServer("armonica-run"))
            reader = stack.enter_context(JackListener("listener", jack))
            variables = {**jack.variables, "ARMONICA_PORT": "listener"}
        player = Player(run, home, variables)
        player.reader = reader
        for start in run.starts:
            if not run.wrong:
                player.start(start)
    run.seconds = time.monotonic() - began
    return run


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry the runs out; gives 1 where any went wrong."""
    parser = argparse.ArgumentParser(prog="tests.random_runs", description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="N", help="this one alone, with its steps")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with this one")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="runs at a time")
    options = parser.parse_args(arguments)
    slow = max(1.0, start_takes() / _USUAL_START)
    print(f"All limits count {slow:.1f} times here.", flush=True)
    numbers = range(options.first, options.runs) if options.only is None else [options.only]
    runs = [Run(number, options.seed, slow, drawn(number, options.seed)) for number in numbers]
    done: list[Run] = []
    with ProcessPoolExecutor(options.at_once) as pool:
        for made in as_completed([pool.submit(carry_out, run) for run in runs]):
            run = made.result()
            done.append(run)
            if len(done) % 10 == 0:
                print(
                    f"{len(done)} runs, {sum(bool(each.wrong) for each in done)} wrong", flush=True
                )
            if run.wrong or options.only is not None:
                print(f"{'WRONG' if run.wrong else 'well'} --seed {run.seed} --only {run.number}")
                print(*run.starts, *run.wrong, sep="\n  ", flush=True)
    wrong = sum(bool(run.wrong) for run in done)
    ends = [ending for run in done for start in run.starts for ending in start.endings]
    print(
        f"{len(ends)} endings of {sum(len(run.starts) for run in done)} starts: "
        + ", ".join(f"{ends.count(each)} {each}" for each in ENDINGS)
    )
    titles, seen, judged, notes = (
        sum(getattr(run, what) for run in done) for what in ("titles", "shown", "judged", "notes")
    )
    print(
        f"{titles} titles given, {seen} seen, {judged} times one looked for; {notes} notes read; "
        f"{sum(run.seconds for run in done) / max(1, len(done)):.0f} s a run."
    )
    print(f"{len(done) - wrong} of {len(done)} runs went well.")
    return 1 if wrong else 0


if __name__ == "__main__":
    import engine.cli.main
    import engine.runtime.engine  # noqa: F401
    import tui.app  # noqa: F401

    sys.exit(main())
