"""Home over the user's own ssh, to an sshd on loopback that was started for the test."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.common.child_process import child_environment
from engine.midi import messages as m
from engine.protocol.edit import SetTempo, SetTitle
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Play, PlayheadMoved
from engine.remote import service
from engine.remote.client import RemoteEngine
from engine.remote.connect import NoWay, address
from tests.support.events import Listener
from tests.support.remote import RemotePlayers
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.alone]

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


class Elsewhere:
    """Another machine, which is this one: its sshd, and what Armonica is called there."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.command = folder / "armonica there"
        variables = {"ARMONICA_HOME": str(home), "PYTHONPATH": child_environment()["PYTHONPATH"]}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        self._script(self.command, f'exec env {words} {sys.executable} -P -m engine "$@"')
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
                check=True,
            )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/user.pub\nPidFile {folder}/sshd.pid\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        )
        known = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {known[0]} {known[1]}\n")
        (folder / "ssh_config").write_text(
            f"Host *\n IdentityFile {folder}/user\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {folder}/known\n StrictHostKeyChecking yes\n"
        )
        ssh = shutil.which("ssh")
        self.bin = folder / "bin"
        self.bin.mkdir()
        # The user's own ssh, with a configuration that is not the user's.
        self._script(
            self.bin / "ssh",
            f'echo $$ >> {folder}/dialled; exec {ssh} -F {folder}/ssh_config "$@"',
        )
        self.daemon = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")],
            stderr=(folder / "sshd.log").open("wb"),
        )
        wait_until(self._listens)

    def hang_up(self) -> None:
        """Kill the ssh that was dialled last."""
        os.kill(int((self.folder / "dialled").read_text().split()[-1]), signal.SIGKILL)

    def close(self) -> None:
        """End the daemon."""
        self.daemon.terminate()
        self.daemon.wait(10)

    def _listens(self) -> bool:
        assert self.daemon.poll() is None, (self.folder / "sshd.log").read_text()
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def _script(self, path: Path, words: str) -> None:
        path.write_text(f"#!/bin/sh\n{words}\n")
        path.chmod(0o755)


@pytest.fixture
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Elsewhere]:
    """Yield such a machine, whose user's folder is that of the test."""
    for tool in ("ssh", "ssh-keygen"):
        if shutil.which(tool) is None:
            pytest.skip(f"This needs OpenSSH, and {tool} is missing.")
    if not os.access(SSHD, os.X_OK):
        pytest.skip("This needs an sshd, and there is none.")
    if os.getuid() == 0:
        # Where its packages make it only when a service starts.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    made = Elsewhere(tmp_path_factory.mktemp("elsewhere"), home)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    yield made
    try:
        service.stop()
    except NoWay:
        pass
    finally:
        made.close()


def starts(players: RemotePlayers) -> list[m.TimedNote]:
    return players.player.notes()


def test_the_music_comes_home_over_ssh_and_a_dropped_line_is_taken_up(
    elsewhere: Elsewhere,
) -> None:
    user = getpass.getuser()
    where = address(f"ssh://{user}@127.0.0.1:{elsewhere.port}", str(elsewhere.command), start=True)
    players, seen = RemotePlayers(), Listener()
    engine = RemoteEngine(where, home=players)
    engine.subscribe(seen)
    engine.start()
    whose = service.status().pid
    engine.send(SetTempo(200.0))
    engine.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    wait_until(lambda: len(starts(players)) > 8)
    assert starts(players)[-1].on > time.monotonic() + 1
    elsewhere.hang_up()
    seen.wait(Notice, lambda event: "is down" in event.text)
    held = len(starts(players))
    seen.wait(Notice, lambda event: "is back" in event.text)
    wait_until(lambda: len(starts(players)) > held + 8)
    ons = [note.on for note in starts(players)]
    assert ons == sorted(set(ons))
    assert [
        message
        for message in players.player.messages
        if isinstance(message, m.Flush | m.SilenceAll)
    ] == []
    engine.send(SetTitle("Home"))
    seen.wait(Snapshot, lambda shown: shown.song.title == "Home")
    engine.close()
    assert players.player.closed
    wait_until(lambda: service.status().attached == 0)
    assert service.status().pid == whose
    assert service.status().playing


def test_without_an_engine_there_the_reason_comes_over_ssh(
    elsewhere: Elsewhere, capfd: pytest.CaptureFixture[str]
) -> None:
    where = address(f"ssh://{getpass.getuser()}@127.0.0.1:{elsewhere.port}", str(elsewhere.command))
    with pytest.raises(NoWay, match="ended before"):
        RemoteEngine(where).start()
    assert "There is no engine" in capfd.readouterr().err
