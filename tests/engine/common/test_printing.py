"""Printing: what comes from outside cannot steer a terminal, whatever it is called."""

from __future__ import annotations

import ast
import io
import logging
import sys
from pathlib import Path

import pytest

import engine
import tui
from engine.cli.options import ProgressLine, say
from engine.common.printing import put, put_over
from engine.logs import PrintableFormatter
from engine.text import printable
from tests.support.hostile import EVIL


class Terminal(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


class FullDisk(io.StringIO):
    """A file on a disk that takes nothing."""

    def write(self, _: str) -> int:
        """Refuse."""
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "sign",
    [*map(chr, range(32)), "\x7f", *map(chr, range(128, 160)), "\u202e", "\u2066", "\u200b",
     "\u2028", "\ufeff", "\U000e0041", "\ud800", "\ue000"],
)  # fmt: skip
def test_no_sign_that_steers_a_terminal_is_printed(
    sign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(f"a{sign}b", "next")
    assert capsys.readouterr().out == "a?b\nnext\n"


def test_words_of_all_languages_are_printed_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("Áir 曲 עבר ♯")
    assert capsys.readouterr().out == "Áir 曲 עבר ♯\n"


def test_a_line_of_progress_holds_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine(f"steer {EVIL}")
    line.show(0.5, EVIL, EVIL, EVIL)
    say(EVIL)
    err = capsys.readouterr().err
    assert err.count("\n") == 2
    assert all(printable(each) == each for each in err.splitlines())


def test_on_a_terminal_a_line_is_written_over_the_last_and_holds_nothing_else() -> None:
    screen = Terminal()
    line = ProgressLine(EVIL, screen)
    line.show(0.5, EVIL)
    line.show(1.0)
    shown = screen.getvalue().split("\r\x1b[K")
    assert len(shown) == 3
    assert all(printable(each) == each for each in "".join(shown).splitlines())


def test_words_that_the_work_does_not_depend_on_may_be_lost() -> None:
    ProgressLine("steer", FullDisk()).show(0.5)
    put_over("words", FullDisk())
    put_over("words", None)


def test_nothing_is_printed_where_standard_output_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    put("words", flush=True)


def test_an_entry_of_the_log_begins_one_line_whatever_it_names() -> None:
    form = PrintableFormatter("%(levelname)s %(message)s")
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "%s lost\nWARNING x", (EVIL,), None)
    first, *more = form.format(record).split("\n")
    assert first.startswith("WARNING ev?[31m")
    assert more
    assert all(each.startswith("    ") and printable(each) == each for each in more)


def _modules() -> list[Path]:
    return [
        path
        for package in (engine, tui)
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        if path.name != "printing.py"
    ]


def test_nothing_else_prints() -> None:
    """Whoever prints in another way prints names as they are."""
    found = []
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            writes = called.startswith("sys.") and called.rpartition(".")[2] in (
                "write",
                "writelines",
            )
            on_terminal = called == "os.write" and ast.unparse(node.args[0]) in ("1", "2")
            if called in ("print", "pprint", "rich.print") or writes or on_terminal:
                found.append(f"{path}:{node.lineno} {called}")
    assert found == []
