"""The doors: private, one engine for each user, and short enough a path everywhere."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from engine.errors import BadFile
from engine.remote import sockets


def test_one_engine_at_a_time_and_the_next_when_it_has_gone() -> None:
    with sockets.claim(), pytest.raises(sockets.AlreadyServed, match=str(os.getpid())):
        sockets.claim()
    sockets.claim().close()


def test_a_home_with_a_long_name_has_a_short_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARMONICA_HOME", str(tmp_path / ("long" * 40)))
    path = sockets.socket_path()
    assert len(os.fsencode(path)) <= 100
    assert path == sockets.socket_path()
    door = sockets.unix_door()
    try:
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            connection, _ = door.accept()
            connection.close()
    finally:
        door.listener.close()
        sockets.clear()
        path.parent.rmdir()


def test_a_folder_that_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir(mode=0o755)
    sockets.private(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_folder_that_is_somebody_elses_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(BadFile):
        sockets.private(tmp_path / "link")
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(BadFile):
        sockets.private(tmp_path)


def test_a_process_of_another_user_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(socket, "SO_PEERCRED"):
        pytest.skip("This system does not say who connects.")
    door = sockets.unix_door()
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(sockets.socket_path()))
            mine = os.getuid()
            monkeypatch.setattr(os, "getuid", lambda: mine + 1)
            with pytest.raises(sockets.NotOurs, match=str(mine)):
                door.accept()
            line.settimeout(5)
            assert line.recv(1) == b""
    finally:
        door.listener.close()


def test_a_token_is_new_each_time_and_for_its_user_alone() -> None:
    tokens = set()
    for _ in range(2):
        door = sockets.tcp_door()
        door.listener.close()
        assert door.listener.fileno() == -1
        tokens.add(sockets.read_token())
        assert stat.S_IMODE(sockets.token_path().stat().st_mode) == 0o600
    assert len(tokens) == 2
    assert all(len(token) > 40 for token in tokens)


def test_tcp_listens_on_loopback_alone() -> None:
    door = sockets.tcp_door()
    assert door.listener.getsockname()[0] == "127.0.0.1"
    door.listener.close()


def test_a_full_disk_is_said_and_leaves_no_door_open(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets.private(sockets.folder())
    made: list[socket.socket] = []
    real = socket.socket

    def listening(*given: int) -> socket.socket:
        made.append(real(*given))
        return made[-1]

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(socket, "socket", listening)
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(sockets.CannotServe, match="Free some space") as refused:
        sockets.tcp_door()
    assert refused.value.exit_code == 1
    assert [each.fileno() for each in made] == [-1]
