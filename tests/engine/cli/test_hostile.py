"""Hostile names on the command line: every word prints text, and nothing that steers a terminal."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest

from engine.cli import main as cli
from engine.cli.main import main, parser
from engine.midi.ports import PortInfo
from engine.protocol.files import AtTheEnd
from engine.text import printable
from tests.support.hostile import EVIL, EVIL_TEXT, leaves

WORDS = sorted(words for words, _ in leaves(parser()) if words)


@pytest.fixture
def plain(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Return a function that runs a command and looks at all that it prints."""

    def run(*words: object) -> tuple[int, str]:
        code = main([*map(str, words)])
        out, err = capsys.readouterr()
        for line in (*out.split("\n"), *err.split("\n")):
            assert printable(line) == line
        return code, out + err

    return run


@pytest.fixture
def evil_ports(monkeypatch: pytest.MonkeyPatch) -> tuple[PortInfo, ...]:
    """Put MIDI ports with hostile names into the machine."""
    ports = (PortInfo(EVIL, "jack", "out"), PortInfo(EVIL, "jack", "in"))
    monkeypatch.setattr("engine.midi.ports.list_ports", lambda: ports)
    return ports


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_every_word_refuses_hostile_arguments_in_one_line(
    words: tuple[str, ...], plain: Callable[..., tuple[int, str]]
) -> None:
    code, output = plain(*words, f"--{EVIL}", EVIL, EVIL)
    assert code == 2
    assert output.startswith("armonica: ")
    assert output.count("\n") == 1


@pytest.mark.parametrize("words", [(), *WORDS], ids=" ".join)
def test_every_word_explains_itself_in_plain_text(
    words: tuple[str, ...], plain: Callable[..., tuple[int, str]]
) -> None:
    code, output = plain(*words, "--help")
    assert code == 0
    assert f"usage: armonica{''.join(f' {word}' for word in words)} " in output


def test_a_word_that_is_not_known_is_told_in_one_line(
    plain: Callable[..., tuple[int, str]],
) -> None:
    for words in ([EVIL], ["probes", EVIL], ["bench", EVIL], ["steer", "--seconds", EVIL]):
        code, output = plain(*words)
        assert (code, output.count("\n")) == (2, 1)


@pytest.mark.usefixtures("evil_ports")
def test_ports_with_hostile_names_are_listed(plain: Callable[..., tuple[int, str]]) -> None:
    code, output = plain("ports")
    assert code == 0
    assert output.count("ev?[31m?]0;pwn?") == 2
    assert output.count("\n") == 2
    code, output = plain("ports", "--json")
    assert [each["name"] for each in json.loads(output)["ports"]] == [EVIL, EVIL]


def test_ports_that_come_and_go_are_told(
    evil_ports: tuple[PortInfo, ...],
    monkeypatch: pytest.MonkeyPatch,
    plain: Callable[..., tuple[int, str]],
) -> None:
    def follow(_: object) -> Iterator[tuple[PortInfo, ...]]:
        yield from (evil_ports, (), evil_ports)

    monkeypatch.setattr("engine.midi.port_changes.follow", follow)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    code, output = plain("ports", "--watch")
    assert code == 0
    assert output.count("ev?[31m") == output.count("\n") == 6


@pytest.mark.usefixtures("evil_ports")
def test_doctor_names_ports_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Callable[..., tuple[int, str]]
) -> None:
    monkeypatch.setenv("ARMONICA_KEYMAP", EVIL_TEXT)
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path / EVIL))
    _, output = plain("doctor")
    assert "ev?[31m" in output
    _, output = plain("doctor", "--json")
    # A slow machine is shown how far it is, on standard error, after the one line of the answer.
    answer, _, _ = output.partition("\n")
    assert any(EVIL in check["detail"] for check in json.loads(answer)["checks"])


@pytest.mark.parametrize("name", ["keymap", "song", "port", "theme", "clock", "soundfont"])
def test_hostile_settings_are_told_in_one_line(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plain: Callable[..., tuple[int, str]],
) -> None:
    monkeypatch.setenv(f"ARMONICA_{name.upper()}", EVIL_TEXT)
    plain("doctor")
    code, _ = plain("render", "-o", tmp_path / "x.wav", "--measures", "1")
    assert code == (2 if name == "soundfont" else 0)


@pytest.mark.usefixtures("evil_ports")
def test_maps_of_controllers_are_listed_checked_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Callable[..., tuple[int, str]]
) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    own = tmp_path / "config" / "controllers"
    own.mkdir(parents=True)
    fine, wrong = own / f"{EVIL}.toml", own / f"wrong {EVIL}.toml"
    fine.write_text('device = ""\n')
    wrong.write_text('device = "x"\nodd = "\\u001b[31m"\n')
    code, output = plain("controllers", "list")
    assert code == 0
    assert output.count("ev?[31m") == 2
    assert plain("controllers", "list", "--json")[0] == 0
    code, output = plain("controllers", "check", fine)
    assert code == 0
    assert "0 bindings" in output
    code, output = plain("controllers", "check", wrong)
    assert (code, output.count("\n")) == (2, 1)
    code, output = plain("controllers", "use", fine, "--device", EVIL_TEXT)
    assert code in (0, 2)
    assert output.count("\n") == 1


@pytest.fixture
def evil_tune(tmp_path: Path) -> Path:
    """Write a MIDI file with a hostile name, and hostile names and words in it."""
    path = tmp_path / f"{EVIL}.mid"
    file = mido.MidiFile()
    words = EVIL_TEXT.encode().decode("latin-1")
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=words)])
    track += [mido.MetaMessage(kind, text=words) for kind in ("text", "lyrics", "marker")]
    for pitch in (60, 64, 67, 30):
        track += [
            mido.Message("note_on", note=pitch, velocity=90, time=7),
            mido.Message("note_off", note=pitch, time=473),
        ]
    file.tracks.append(track)
    file.save(str(path))
    return path


def test_the_words_about_measures_print_text(
    evil_tune: Path, tmp_path: Path, plain: Callable[..., tuple[int, str]]
) -> None:
    assert plain("encode", evil_tune)[0] == 0
    assert plain("encode", evil_tune, "--track", 9)[0] == 2
    assert plain("sweep", "note_density", "--base", evil_tune, "--steps", 2)[0] == 0
    assert plain("map", "--base", evil_tune, "--width", 5, "--height", 3)[0] == 0
    assert plain("map", "--x", EVIL)[0] == 2
    for kind in ("mid", "wav"):
        out = tmp_path / f"out {EVIL}.{kind}"
        code, output = plain("render", "--base", evil_tune, "-o", out)
        assert code == 0
        assert output.count("ev?[31m") == output.count("\n") == 1
        assert out.is_file()
    code, output = plain("render", "--base", evil_tune, "--json", "-o", out)
    assert json.loads(output)["file"] == str(out)


def test_the_nearest_tunes_are_told(evil_tune: Path, plain: Callable[..., tuple[int, str]]) -> None:
    assert plain("influence", evil_tune, "--top", 2)[0] == 0
    assert plain("influence", evil_tune, "--measure", 99)[0] == 2
    assert plain("influence", evil_tune.with_suffix(".wav"))[0] == 2


def test_a_log_with_hostile_names_is_printed_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Callable[..., tuple[int, str]]
) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "armonica.log").write_bytes(os.fsencode(EVIL) + b"\xff\n")
    code, output = plain("service", "log")
    assert code == 0
    assert "ev?[31m" in output
    assert plain("service", "log", "--json")[0] == 0


def test_a_fault_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    plain: Callable[..., tuple[int, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(kind: type[Exception]) -> Callable[..., None]:
        def fail(*_: object) -> None:
            raise kind(EVIL)

        return fail

    monkeypatch.setattr(cli, "abandon_output", lambda: None)
    for kind in (ValueError, OSError, RuntimeError):
        monkeypatch.setattr("engine.midi.ports.list_ports", fails(kind))
        with caplog.at_level(logging.CRITICAL):
            code, output = plain("ports")
        assert (code, output.count("\n")) == (1, 1)


def test_a_song_that_is_kept_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.fake_engine import FakeEngine
    from tui.run import report_ends

    class Ended(FakeEngine):
        @property
        def ends(self) -> tuple[AtTheEnd, ...]:
            return (AtTheEnd(EVIL, tmp_path / EVIL, offered=True),)

    assert report_ends(Ended()) == ""
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert printable(err.removesuffix("\n")) == err.removesuffix("\n")
