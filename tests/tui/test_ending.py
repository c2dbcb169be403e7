"""How the application ends when it is told to, or when its terminal goes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.events import Key, Paste

from engine.protocol.notices import Notice
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.bridge import EngineEvent
from tui.terminal_driver import KeyReader, driver_class

DEADLINE = 30.0

Popen = subprocess.Popen[bytes]

CODE = """
import pathlib, sys
from tests.support.fake_engine import FakeEngine
from tui.run import run

class Marking(FakeEngine):
    def close(self):
        pathlib.Path(sys.argv[1]).write_text("closed")

run(Marking())
"""

PLAYING = """
import pathlib, sys, threading, time
from engine.protocol.transport import Play
from engine.protocol.transport import PlayheadMoved
from tests.support.fake_engine import FakeEngine
from tui.run import run

class Marking(FakeEngine):
    def close(self):
        pathlib.Path(sys.argv[1]).write_text("closed")

engine = Marking()
engine.send(Play())

def play():
    for tick in range(10**9):
        engine.tell(PlayheadMoved(0, tick / 7 % 4))
        time.sleep(0.01)

threading.Thread(target=play, daemon=True).start()
run(engine, rate=60)
"""

FAULTY = """
import pathlib, sys
from textual.widget import Widget
from engine.cli import screens
from engine.cli.main import script
from tests.support.fake_engine import FakeEngine
from tui import app
from tui import terminal_driver as driver
from tui.run import run

mark, what = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.argv = ["armonica"]

class Marking(FakeEngine):
    def close(self):
        mark.write_text("closed")

def fail(*given):
    raise LookupError("lost its place")

async def work():
    fail()

def begin(self):
    if what == "handler":
        app.ArmonicaApp.on_engine_event = fail
        self.engine.tell(self.engine.snapshot)
    elif what == "widget":
        self.screen.mount(type("Failing", (Widget,), {"render": fail})())
    elif what == "timer":
        self.set_timer(0.01, fail)
    elif what == "worker":
        self.run_worker(work())
    elif what == "reader":
        driver.KeyReader.read = fail

app.ArmonicaApp.on_ready = begin
screens.run = lambda options: run(Marking(), keeps=False)
script()
"""

DEAF = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
"""


def shown(code: str, tmp_path: Path, *words: str, controls: bool = False) -> tuple[Popen, int]:
    """Begin the application on a terminal of its own, which may be a controlling one."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "mark"), *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ
        | {
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "LINES": "24",
            "ARMONICA_HOME": str(tmp_path / "home"),
        },
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        preexec_fn=(lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0)) if controls else None,
    )
    os.close(slave)
    return process, master


def painted(master: int, words: bytes) -> bytes:
    """Read until words are painted, and return everything up to them."""
    seen, end = b"", time.monotonic() + DEADLINE
    while words not in seen and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    assert words in seen, seen[-2000:]
    return seen


@pytest.fixture(params=[CODE, PLAYING], ids=["resting", "playing"])
def running(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """Yield the application on a terminal of its own, its first picture drawn."""
    process, master = shown(request.param, tmp_path)
    painted(master, b"Kildare")
    yield process, master, tmp_path / "mark"
    if process.poll() is None:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[bytes], master: int | None) -> int:
    """Wait for the end, reading what is still written."""
    end = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < end:
        if master is not None and select.select([master], [], [], 0.05)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                master = None
        elif master is None:
            time.sleep(0.01)
    assert process.returncode is not None, "The application did not end."
    return process.returncode


def test_what_goes_to_a_file_on_standard_error_is_no_picture(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    log = tmp_path / "log"
    environment = os.environ | {
        "TERM": "xterm-256color",
        "COLUMNS": "80",
        "LINES": "24",
        "ARMONICA_HOME": str(tmp_path / "home"),
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(tmp_path / "mark")],
            stdin=slave,
            stdout=slave,
            stderr=file,
            env=environment,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    os.close(slave)
    try:
        painted(master, b"Kildare")
        process.send_signal(signal.SIGTERM)
        assert ended(process, master) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert log.read_bytes() == b""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_closes_the_engine(
    running: tuple[subprocess.Popen[bytes], int, Path], number: signal.Signals
) -> None:
    process, master, mark = running
    process.send_signal(number)
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"
    os.close(master)


CLOSING = """
import pathlib, sys, time
from tests.support.fake_engine import FakeEngine
from tui.run import run

class Slow(FakeEngine):
    def close(self):
        if not (mark := pathlib.Path(sys.argv[1])).exists():
            mark.write_text("closing")
            print("it closes", flush=True)
            time.sleep(1.0)
            mark.write_text("closed")

run(Slow())
"""


def test_ctrl_c_does_not_break_off_the_closing(tmp_path: Path) -> None:
    # The terminal is itself again by then, so that the key is a signal.
    process, master = shown(CLOSING, tmp_path, controls=True)
    try:
        painted(master, b"Kildare")
        process.send_signal(signal.SIGHUP)
        painted(master, b"it closes")
        os.write(master, b"\x03")
        assert ended(process, master) == 0
        assert (tmp_path / "mark").read_text() == "closed"
    finally:
        process.kill()
        process.wait()
        os.close(master)


FLOOD = b"hjkl+-" * 17_000


def flood(master: int, letters: bytes = FLOOD) -> threading.Event:
    """Type letters as a paste that is not said to be one; tells when that is done."""
    typed = threading.Event()

    def run() -> None:
        rest = letters
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(master, rest[:1024]) :]
        typed.set()

    threading.Thread(target=run, daemon=True).start()
    return typed


def test_a_signal_is_met_while_letters_flood_in(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    typed, end = flood(master, FLOOD[:40_000]), time.monotonic() + DEADLINE
    while not typed.is_set() and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            os.read(master, 65536)
    process.send_signal(signal.SIGTERM)
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"


def test_after_a_flood_it_is_said_and_a_key_ends_it(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    typed, seen, end = flood(master), b"", time.monotonic() + DEADLINE
    while not (typed.is_set() and b"left" in seen) and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65536)
    assert b"left" in seen
    os.write(master, b"\x11")
    assert ended(process, master) == 0
    assert mark.read_text() == "closed"


def test_a_terminal_that_goes_closes_the_engine(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    os.close(master)
    # A terminal that is controlled sends this by itself; a session leader without one does not.
    process.send_signal(signal.SIGHUP)
    ended(process, None)
    assert mark.read_text() == "closed"


def test_an_application_whose_terminal_went_unsaid_ends_by_itself(
    running: tuple[subprocess.Popen[bytes], int, Path],
) -> None:
    process, master, mark = running
    os.close(master)
    ended(process, None)
    assert mark.read_text() == "closed"


async def test_what_is_told_while_the_screens_go_is_let_fall() -> None:
    engine = FakeEngine()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.shown.revision == engine.snapshot.revision)
    assert not app.screen_stack
    app.on_engine_event(EngineEvent(Notice("too late", "information")))
    app.on_engine_event(EngineEvent(engine.snapshot))
    app.on_due()


@pytest.mark.parametrize("deaf", [False, True], ids=["told", "deaf"])
def test_a_controlling_terminal_that_goes_ends_the_application(tmp_path: Path, deaf: bool) -> None:
    process, master = shown((DEAF if deaf else "") + CODE, tmp_path, controls=True)
    try:
        painted(master, b"Kildare")
        os.close(master)
        assert ended(process, None) == 0
        assert (tmp_path / "mark").read_text() == "closed"
    finally:
        process.kill()
        process.wait()


def test_one_who_goes_on_unasked_still_reads_keys_and_ends(tmp_path: Path) -> None:
    process, master = shown(CODE, tmp_path)
    try:
        painted(master, b"Kildare")
        for _ in range(3):
            process.send_signal(signal.SIGSTOP)
            process.send_signal(signal.SIGCONT)
            # All is painted again: something else may have been there meanwhile.
            painted(master, b"Kildare")
        os.write(master, b"?")
        painted(master, b"Keys")
        os.close(master)
        assert ended(process, None) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="stops a terminal found there")
def test_a_terminal_that_takes_nothing_keeps_no_signal_from_ending(tmp_path: Path) -> None:
    process, master = shown("from engine import logs; logs.start()" + PLAYING, tmp_path)
    try:
        painted(master, b"Kildare")
        terminal = os.open(f"/proc/{process.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
        termios.tcflow(terminal, termios.TCOOFF)
        os.close(terminal)
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE)
        assert (tmp_path / "mark").read_text() == "closed"
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.parametrize("what", ["handler", "widget", "timer", "worker", "reader"])
def test_a_fault_of_the_screens_is_told_in_one_line(tmp_path: Path, what: str) -> None:
    process, master = shown(FAULTY, tmp_path, what)
    try:
        before = termios.tcgetattr(master)
        seen = painted(master, b"says where.")
        assert ended(process, master) == 1
        assert termios.tcgetattr(master) == before
    finally:
        process.kill()
        process.wait()
        os.close(master)
    log = tmp_path / "home" / "state" / "armonica.log"
    after = seen.split(b"\x1b[?1049l")[-1].decode()
    message = after[after.index("armonica: ") :].rstrip()
    assert message == (
        f"armonica: The screens met a fault (LookupError: lost its place). {log} says where."
    )
    assert b"Traceback" not in seen
    assert (tmp_path / "mark").read_text() == "closed"
    assert "in fail\n" in log.read_text()


async def test_a_fault_is_not_hidden_from_tests() -> None:
    app = ArmonicaApp(FakeEngine())

    def fail() -> None:
        raise LookupError("lost its place")

    async def show() -> None:
        async with app.run_test() as pilot:
            app.call_later(fail)
            await until(pilot, lambda: app.fault)

    with pytest.raises(LookupError):
        await show()


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff", b"\xe9", b"\xe2\x99", b"\xf0\x9f\x8e", b"\x1b[1114112;1u", b"\x1b[57:9:9;9;1114112u"],
)
def test_what_no_terminal_sends_is_no_key(nonsense: bytes) -> None:
    reader = KeyReader()
    # In one piece and byte by byte.
    for parts in ([nonsense + b"Q"], [bytes([each]) for each in nonsense + b"Q"]):
        messages = [message for part in parts for message in reader.read(part)]
        assert [str(getattr(each, "key", each)) for each in messages] == ["Q"]


async def test_a_reader_whose_terminal_has_gone_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    given, other = os.pipe()
    monkeypatch.setattr(sys, "__stdin__", os.fdopen(given))
    os.close(other)
    gone: list[str] = []
    kind = driver_class(lambda: gone.append("gone"), lambda error: gone.append(str(error)))
    assert kind is not None
    before = [(each, signal.getsignal(each)) for each in (signal.SIGTSTP, signal.SIGCONT)]
    reader = threading.Thread(target=kind(ArmonicaApp(FakeEngine())).run_input_thread, daemon=True)  # type: ignore[attr-defined]
    for each, handler in before:
        signal.signal(each, handler)
    reader.start()
    reader.join(DEADLINE)
    assert not reader.is_alive()
    assert gone == ["gone"]


def test_a_character_that_comes_in_two_pieces_is_one_key() -> None:
    reader = KeyReader()
    first, second = "\u266a".encode()[:1], "\u266a".encode()[1:]
    assert list(reader.read(first)) == []
    assert [each.character for each in reader.read(second) if isinstance(each, Key)] == ["\u266a"]


@pytest.mark.parametrize("inside", ["\x1bOQ", "\x1b[31mred\x1b[0m", "Q\x03", "a\r\nb", ""])
def test_what_is_pasted_is_text_and_no_keys(inside: str) -> None:
    data = f"a\x1b[200~{inside}\x1b[201~b".encode()
    for parts in ([data], [bytes([each]) for each in data]):
        reader = KeyReader()
        messages = [message for part in parts for message in reader.read(part)]
        pasted = inside.replace("\x1b", "")
        assert [getattr(each, "key", getattr(each, "text", "")) for each in messages] == [
            "a",
            pasted,
            "b",
        ]


def test_a_paste_whose_end_is_lost_does_not_keep_the_keyboard() -> None:
    now = 0.0
    reader = KeyReader(clock=lambda: now)
    assert list(reader.read(b"\x1b[200~text")) == []
    now = 10.0
    assert [each.text for each in reader.read(b"") if isinstance(each, Paste)] == ["text"]
    assert [each.key for each in reader.read(b"Q") if isinstance(each, Key)] == ["Q"]


def test_a_byte_that_is_no_text_ends_nothing(tmp_path: Path) -> None:
    process, master = shown(CODE, tmp_path)
    try:
        painted(master, b"Kildare")
        os.write(master, b"\xff\xe9?")
        painted(master, b"Keys")
        process.send_signal(signal.SIGTERM)
        assert ended(process, master) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
