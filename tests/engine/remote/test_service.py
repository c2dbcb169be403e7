"""The engine as a service: it starts, says how it is, outlives a hang-up, and ends saved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.common.child_process import child_command, child_environment
from engine.protocol.edit import Randomise, SetTempo, SetTitle
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Play
from engine.remote import service, sockets
from engine.remote.client import RemoteEngine
from engine.remote.connect import Address, NoWay
from engine.services.session import autosave
from tests.support.command_line import run_json
from tests.support.events import Listener
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def _no_service(home: Path) -> Iterator[None]:
    yield
    del home
    try:
        whose = service.status().pid
    except NoWay:
        return
    service.stop()
    wait_until(lambda: not alive(whose))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main([*words])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def attach() -> tuple[RemoteEngine, Listener]:
    engine, listener = RemoteEngine(Address()), Listener()
    engine.subscribe(listener)
    engine.start()
    return engine, listener


def test_a_service_starts_says_how_it_is_and_stops(capsys: pytest.CaptureFixture[str]) -> None:
    started = run_json(capsys, "service", "start", "--port", "none")
    assert started["running"]
    assert started["pid"] != os.getpid()
    assert run_json(capsys, "service", "status")["pid"] == started["pid"]
    code, err = refused(capsys, "service", "start")
    assert code == 2
    assert str(started["pid"]) in err
    code, err = refused(capsys, "serve")
    assert code == 2
    assert str(sockets.socket_path()) in err
    engine, listener = attach()
    engine.send(SetTitle("Kept"))
    listener.wait(Snapshot, lambda shown: shown.song.title == "Kept")
    assert not run_json(capsys, "service", "status")["saved"]
    engine.close()
    assert run_json(capsys, "service", "stop") == {"stopped": started["pid"]}
    wait_until(lambda: not alive(started["pid"]))
    kept = autosave.found()
    assert kept is not None
    assert kept.title == "Kept"
    assert not sockets.socket_path().exists()
    assert any("attached" in line for line in run_json(capsys, "service", "log")["lines"])
    code, err = refused(capsys, "service", "status")
    assert code == 1
    assert "no engine" in err


def test_it_outlives_a_hang_up_and_keeps_the_song_on_sigterm(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whose = run_json(capsys, "service", "start", "--port", "none")["pid"]
    os.kill(whose, signal.SIGHUP)
    engine, listener = attach()
    engine.send(SetTitle("After the hang-up"))
    listener.wait(Snapshot, lambda shown: shown.song.title == "After the hang-up")
    engine.send(Play())
    listener.wait(Snapshot, lambda shown: shown.playing)
    os.kill(whose, signal.SIGTERM)
    wait_until(lambda: not alive(whose))
    engine.close()
    kept = autosave.found()
    assert kept is not None
    assert kept.title == "After the hang-up"


def test_what_a_killed_one_leaves_is_in_nobodys_way(capsys: pytest.CaptureFixture[str]) -> None:
    whose = run_json(capsys, "service", "start", "--port", "none")["pid"]
    os.kill(whose, signal.SIGKILL)
    wait_until(lambda: not alive(whose))
    assert refused(capsys, "service", "status")[0] == 1
    again = run_json(capsys, "service", "start", "--port", "none")["pid"]
    assert again != whose


def test_a_song_that_cannot_be_opened_is_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = tmp_path / "none.armonica"
    code, err = refused(capsys, "service", "start", "--song", str(song))
    assert code == 1
    assert "none.armonica" in err


def test_serve_in_a_terminal_ends_with_it(home: Path) -> None:
    process = subprocess.Popen(
        [*child_command("engine"), "serve", "--port", "none", "--json", "--tcp"],
        env=child_environment() | {"ARMONICA_HOME": str(home)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    document = json.loads(process.stdout.readline())
    assert document["socket"] == str(sockets.socket_path())
    assert Path(document["token"]).read_text().strip()
    wait_until(lambda: service.status().tcp == document["tcp"])
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0
    assert not Path(document["token"]).exists()


def test_serve_says_how_many_edits_still_waited_for_the_model(home: Path) -> None:
    code = (
        "import sys, time; from engine.cli import main, remote; "
        "remote.load_model = lambda: time.sleep(600); "
        "sys.exit(main.main(['serve', '--port', 'none', '--json']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=child_environment() | {"ARMONICA_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())
    engine = RemoteEngine(Address("unix"))
    engine.start()
    for slot in range(3):
        engine.send(Randomise(slot, 0.5, 1))
    wait_until(lambda: engine.snapshot.waiting == 3)
    engine.close()
    process.send_signal(signal.SIGTERM)
    _, output = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "3 edits that waited for the model were not made." in output


@pytest.mark.parametrize(
    "words",
    [
        ("attach", "ssh://-oProxyCommand=x"),
        ("attach", "ssh://user@-host"),
        ("midi-bridge", "ssh://us er@host"),
        ("midi-bridge", "tcp://example.org:7000"),
        ("midi-bridge", "tcp://127.0.0.1"),
        ("midi-bridge", "http://127.0.0.1:80"),
        ("midi-bridge", "ssh://user:secret@host"),
        ("midi-bridge", "ssh://host/path"),
        ("midi-bridge", "ssh://host:99999"),
        ("midi-bridge", "tcp://127.0.0.1:7000"),
        ("serve", "--tcp", "70000"),
        ("service", "log", "--lines", "0"),
    ],
)
def test_what_leads_nowhere_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.run.check_terminal", lambda: None)
    code, err = refused(capsys, *words)
    assert code == 2
    assert err.startswith("armonica: ")
    assert err.count("\n") == 1


def serve_in_vain() -> str:
    """Serve where that cannot be; gives the one line that is said of it."""
    done = subprocess.run(
        [*child_command("engine"), "serve", "--tcp", "--port", "none"],
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("armonica: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("in_the_way", ["state", "state/serve"])
def test_a_file_in_the_place_of_a_folder_is_said(home: Path, in_the_way: str) -> None:
    (home / in_the_way).parent.mkdir(parents=True, exist_ok=True)
    (home / in_the_way).touch()
    assert "cannot be written" in serve_in_vain()


def test_a_token_that_cannot_be_kept_is_said_before_anything_is_served(home: Path) -> None:
    (home / "state" / "serve" / "token").mkdir(parents=True)
    assert "token cannot be written" in serve_in_vain()
    assert not sockets.socket_path().exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Nothing here stands for a full disk.")
def test_a_service_whose_words_nothing_takes_goes_on(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "state" / "serve").mkdir(parents=True)
    (home / "state" / "serve" / "start.log").symlink_to("/dev/full")
    started = run_json(capsys, "service", "start", "--tcp", "--port", "none")
    # Attached to it goes on only what has not ended right after its start.
    engine, listener = attach()
    engine.send(SetTempo(123.0))
    listener.wait(Snapshot, lambda shown: shown.song.tempo == 123.0)
    engine.close()
    assert run_json(capsys, "service", "status")["pid"] == started["pid"]
