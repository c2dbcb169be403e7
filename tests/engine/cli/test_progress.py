"""How far commands are: told on standard error where they take their time, and ended by Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import influence, measures, options, system
from engine.cli.main import main
from engine.cli.options import CountLine, ProgressLine
from tests.support.long_tunes import write_long


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("time.monotonic", found)
    return found


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


def test_quick_work_shows_nothing(clock: Clock) -> None:
    stream = io.StringIO()
    line = ProgressLine("read", stream, after=2)
    for done in (0.0, 0.5, 1.0):
        clock.now += 0.5
        line.show(done)
    assert stream.getvalue() == ""


def test_long_work_shows_its_rate_and_the_time_left_without_control_codes(clock: Clock) -> None:
    stream = io.StringIO()
    line = CountLine("encode", 4000, "measures", stream)
    for done in (0.1, 0.25, 0.5, 1.0):
        clock.now += 2
        line.show(done)
    first, last = stream.getvalue().splitlines()
    assert first == (
        "encode [##                      ]  10%  400 of 4000 measures, 200 measures/s, 18 s left"
    )
    assert "4000 of 4000 measures, 500 measures/s, 8 s" in last
    assert "\x1b" not in stream.getvalue()


def test_on_a_terminal_the_line_is_written_over(clock: Clock) -> None:
    stream = Terminal()
    line = CountLine("encode", 100, "measures", stream)
    for done in (0.2, 0.4, 0.6, 1.0):
        clock.now += 1.5
        line.show(done)
    assert stream.getvalue().count("\r\x1b[K") == 3
    assert stream.getvalue().count("\n") == 1


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show how far everything is from its beginning."""
    for module in (options, measures, influence, system):
        monkeypatch.setattr(module, "SLOW", 0.0)


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    return write_long(tmp_path / "tune.mid", 6)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("encode {tune}", "6 measures"),
        ("sweep note_density --base {tune} --steps 5", "5 values"),
        ("map --base {tune} --width 8 --height 4", "32 cells"),
        ("render --base {tune} --set note_density=1 -o {out}.mid", "6 measures"),
        ("render --base {tune} -o {out}.wav", "s/s"),
        ("influence {tune}", "measures/s"),
    ],
)
def test_work_shows_how_far_it_is_beside_its_answer(
    words: str, shown: str, tune: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = words.format(tune=tune, out=tmp_path / "out").split()
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)
    assert shown in err
    assert "100%" in err
    assert "\x1b" not in err


@pytest.mark.usefixtures("at_once")
def test_the_doctor_says_what_it_looks_at(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    assert "doctor [" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    ["influence {tune}", "render --base {tune} --set note_range=1 --candidates 512 -o {out}"],
)
def test_ctrl_c_ends_long_work_with_one_line(words: str, tmp_path: Path) -> None:
    tune, out = write_long(tmp_path / "long.mid", 2000), tmp_path / "out.mid"
    arguments = words.format(tune=tune, out=out).split()
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        name = arguments[0]
        assert any(line.startswith(name) for line in process.stderr)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read().splitlines()
        assert process.wait(60) == 130
        assert rest[-1] == "armonica: interrupted"
        assert all(line.startswith(name) for line in rest[:-1])
        assert process.stdout.read() == ""
    assert not out.exists()


def test_ctrl_c_amid_an_import_ends_the_command_at_once_with_one_line(tmp_path: Path) -> None:
    # A module that waits while it is imported, and lives through what interrupts it.
    (tmp_path / "slow.py").write_text(
        "import time\nfor _ in range(2):\n    try:\n        print('there', flush=True)\n"
        "        time.sleep(60)\n    except KeyboardInterrupt:\n        pass\n"
    )
    words = (
        "import sys; from engine.cli import main, system;"
        "system._doctor = lambda _: __import__('slow');"
        "sys.argv = ['armonica', 'doctor']; main.script()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == "armonica: interrupted\n"
