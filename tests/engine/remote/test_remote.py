"""Screens attach to an engine over its socket and see and do what screens beside it do."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.errors import ArmonicaError
from engine.formats import song_file
from engine.formats.song_file import Document
from engine.locations import songs_folder
from engine.music.song import Song
from engine.protocol.analysis import DrawMap, MapComputed
from engine.protocol.base import Command, with_request
from engine.protocol.edit import SelectSlot, SetLatent, SetTempo, SetTitle
from engine.protocol.facts import MarkModel, MarkSaved
from engine.protocol.files import ForgetKept, RecoverSong, SaveSong
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import Nudge
from engine.protocol.transport import Play, PlayheadMoved, SetAudition, Stop
from engine.remote import connection
from engine.remote import protocol as v
from engine.remote.client import RemoteEngine, SentAway
from engine.remote.connect import Address, NoWay
from engine.remote.sockets import folder, socket_path, token_path
from engine.services.session import autosave
from engine.services.session.keeper import Keeper
from tests.support.remote import ServedEngine


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    """Yield a served engine."""
    made = ServedEngine()
    yield made
    made.close()


def test_a_screen_sees_the_song_and_plays_it(served: ServedEngine) -> None:
    guest, seen = served.guest()
    first = seen.wait(Snapshot)
    assert first == served.engine.snapshot
    guest.send(SetTitle("Over a line"))
    seen.wait(Snapshot, lambda shown: shown.song.title == "Over a line")
    assert guest.snapshot == served.engine.snapshot
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.slot == 0 and head.beat > 0)
    guest.send(Stop())
    seen.wait(PlayheadMoved, lambda head: head.slot is None)


def test_two_screens_watch_one_engine(served: ServedEngine) -> None:
    one, seen_by_one = served.guest()
    _, seen_by_other = served.guest()
    one.send(SetLatent(0, 2, 1.5))
    for seen in (seen_by_one, seen_by_other):
        shown = seen.wait(Snapshot, lambda shown: bool(shown.undo))
        assert shown.song == served.engine.snapshot.song


def test_two_screens_that_move_one_value_both_count(served: ServedEngine) -> None:
    (one, _), (other, seen) = served.guest(), served.guest()
    before = served.engine.snapshot.song.tempo
    for who in (one, other, one, other):
        who.send(Nudge("tempo", 1, gesture=1))
    seen.wait(Snapshot, lambda shown: shown.song.tempo == before + 4)


def test_who_asked_is_told_from_another_who_asked_the_same(served: ServedEngine) -> None:
    (one, seen_by_one), (other, seen_by_other) = served.guest(), served.guest()
    path = str(songs_folder() / "same")
    mine, theirs = with_request(SaveSong(path)), with_request(SaveSong(path))
    wrong, too = with_request(SelectSlot(99)), with_request(SelectSlot(99))
    one.send(mine)
    one.send(wrong)
    other.send(theirs)
    other.send(too)
    for seen in (seen_by_one, seen_by_other):
        for met in (mine, theirs):
            seen.accepted(met)
        for not_met in (wrong, too):
            seen.refused(not_met)


def test_maps_and_refusals_come_over_the_line(served: ServedEngine) -> None:
    guest, seen = served.guest()
    guest.send(DrawMap(0, 0, 1, "note_density", 12, 6))
    filled = seen.wait(MapComputed, lambda event: event.done)
    assert len(filled.surface.values) == 6
    wrong = with_request(SelectSlot(99))
    guest.send(wrong)
    assert seen.wait(CommandFailed).request == wrong.request


def test_leaving_leaves_the_engine_alone(served: ServedEngine) -> None:
    guest, seen = served.guest()
    guest.send(Play())
    seen.wait(PlayheadMoved)
    guest.close()
    assert guest.wait(60)
    served.listener.until(lambda: served.engine.snapshot.playing)
    _, again = served.guest()
    assert again.wait(Snapshot).playing


def test_the_socket_is_for_its_user_alone(served: ServedEngine) -> None:
    assert served.guests == []
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700
    assert stat.S_IMODE(socket_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(token_path().stat().st_mode) == 0o600


def test_without_an_engine_there_is_a_reason() -> None:
    with pytest.raises(NoWay, match="no engine"):
        RemoteEngine(Address()).start()


class RawClient:
    """A bare socket that sends what it likes."""

    def __init__(self, port: int | None = None) -> None:
        if port is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(str(socket_path()))
        else:
            self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(20)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> object:
        line = self.file.readline()
        return v.by_engine(*v.parsed(line, v.LONGEST_FROM_ENGINE)) if line else None

    def receive_all(self) -> list[object]:
        received = []
        while (message := self.receive()) is not None:
            received.append(message)
        return received

    def greet(self) -> None:
        self.send(v.to_engine(v.Hello(v.VOCABULARY, watches=False)))
        assert isinstance(self.receive(), v.Welcome)


@pytest.fixture
def stranger(served: ServedEngine) -> Iterator[Callable[..., RawClient]]:
    """Yield what opens bare connections."""
    assert served.door.port is not None
    made: list[RawClient] = []

    def open_one(port: int | None = None) -> RawClient:
        made.append(RawClient(port))
        return made[-1]

    yield open_one
    for each in made:
        each.socket.close()


def still_works(served: ServedEngine) -> None:
    guest, seen = served.guest()
    guest.send(SetTempo(123.0))
    seen.wait(Snapshot, lambda shown: shown.song.tempo == 123.0)


@pytest.mark.parametrize("token", ["", "wrong", "ä" * 40])
def test_a_bad_token_is_shown_out(
    served: ServedEngine,
    stranger: Callable[..., RawClient],
    token: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    who = stranger(served.door.port)
    who.send(v.to_engine(v.Hello(v.VOCABULARY, token=token)))
    (denied,) = who.receive_all()
    assert isinstance(denied, v.Denied)
    assert "token" in denied.message
    assert "token" in caplog.text
    still_works(served)


def test_with_the_token_a_screen_attaches_over_loopback(served: ServedEngine) -> None:
    _, seen = served.guest(port=served.door.port)
    assert seen.wait(Snapshot) == served.engine.snapshot


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"GET / HTTP/1.1\n",
        b"[" * 4000 + b"\n",
        b"\xff\xfe\x00\n",
        b"x" * 10_000,
        b'{"ask": {"is": "Play"}}\n',
        v.to_engine(v.Echo(1.0)),
    ],
)
def test_who_does_not_greet_is_shown_out(
    served: ServedEngine, stranger: Callable[..., RawClient], line: bytes
) -> None:
    who = stranger()
    who.send(line + b"\n")
    received = who.receive_all()
    assert received
    assert all(isinstance(each, v.Denied) for each in received)
    still_works(served)


def test_another_version_is_told_so(
    served: ServedEngine, stranger: Callable[..., RawClient]
) -> None:
    assert served.engine.snapshot is not None
    who = stranger()
    who.send(v.to_engine(v.Hello("other words", "9.9")))
    (denied,) = who.receive_all()
    assert isinstance(denied, v.Denied)
    assert "9.9" in denied.message


def test_bad_lines_are_refused_one_by_one_and_then_together(
    served: ServedEngine, stranger: Callable[..., RawClient], caplog: pytest.LogCaptureFixture
) -> None:
    who = stranger()
    who.greet()
    who.send(b'{"ask": {"is": "SelectSlot", "slot": "first"}}\n')
    denied = who.receive()
    assert isinstance(denied, v.Denied)
    assert "int is wanted" in denied.message
    who.send(v.encode_command(SetTitle("still heard")))
    served.listener.wait(Snapshot, lambda shown: shown.song.title == "still heard")
    who.send(b"".join(b'{"ask": %d}\n' % n for n in range(100)))
    assert len(who.receive_all()) <= 9
    assert "int is wanted" in caplog.text
    still_works(served)


def test_an_oversized_line_is_refused_and_its_rest_passed_over(
    served: ServedEngine, stranger: Callable[..., RawClient]
) -> None:
    who = stranger()
    who.greet()
    title = "x" * (2 * v.LONGEST_TO_ENGINE)
    who.send(json.dumps({"ask": {"is": "SetTitle", "title": title}}).encode() + b"\n")
    who.send(v.encode_command(SetTitle("after it")))
    denied = who.receive()
    assert isinstance(denied, v.Denied)
    assert "longer than" in denied.message
    served.listener.wait(Snapshot, lambda shown: shown.song.title == "after it")


def test_a_flood_is_held_up_and_harms_nobody(
    served: ServedEngine,
    stranger: Callable[..., RawClient],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A rate that any machine exceeds, however busy it is.
    monkeypatch.setattr(connection, "RATE", 100.0)
    monkeypatch.setattr(connection, "BURST", 400.0)
    who = stranger()
    who.greet()
    who.socket.settimeout(0.2)
    flood = v.encode_command(SetAudition(True)) * 1000

    def pour() -> None:
        for _ in range(10_000):
            who.send(flood)

    with pytest.raises(TimeoutError):
        pour()
    still_works(served)
    assert "held up" in caplog.text


def test_strangers_who_say_nothing_do_not_keep_others_out(
    served: ServedEngine, stranger: Callable[..., RawClient]
) -> None:
    silent = [stranger() for _ in range(30)]
    # The first of them are shown out in time, whatever they wait for.
    assert all(isinstance(each, v.Denied) for each in silent[0].receive_all())
    still_works(served)


def test_a_guest_who_reads_nothing_is_passed_over(
    served: ServedEngine, stranger: Callable[..., RawClient]
) -> None:
    who = stranger()
    who.send(v.to_engine(v.Hello(v.VOCABULARY, watches=True)))
    guest, seen = served.guest()
    for tempo in range(100, 400):
        guest.send(SetTempo(float(tempo)))
    seen.wait(Snapshot, lambda shown: shown.song.tempo == 399.0)
    assert isinstance(who.receive(), v.Welcome)


def test_the_engine_says_goodbye_and_its_screens_know(served: ServedEngine) -> None:
    _, seen = served.guest()
    seen.wait(Snapshot)
    served.server.close()
    assert "ended" in seen.wait(CommandFailed).message
    assert "is down" in seen.wait(Notice, lambda event: "down" in event.text).text


def test_commands_are_refused_while_the_line_is_down(served: ServedEngine) -> None:
    guest, seen = served.guest()
    seen.wait(Snapshot)
    served.server.close()
    seen.wait(Notice, lambda event: "down" in event.text)
    guest.send(play := with_request(Play()))
    assert seen.refused(play).message


def test_a_second_token_file_is_read(served: ServedEngine) -> None:
    token_path().write_text("stale")
    with pytest.raises(SentAway, match="token"):
        served.guest(port=served.door.port)
    token_path().write_text("")
    with pytest.raises(ArmonicaError, match="no token"):
        served.guest(port=served.door.port)


@pytest.mark.parametrize("command", [MarkModel(None), MarkSaved("x", Song())])
def test_what_the_loop_alone_may_tell_is_refused(
    served: ServedEngine, stranger: Callable[..., RawClient], command: Command
) -> None:
    who = stranger()
    who.greet()
    who.send(v.encode_command(command))
    denied = who.receive()
    assert isinstance(denied, v.Denied)
    assert "own use" in denied.message
    assert served.engine.snapshot.model.state == "ready"


def test_kept_songs_are_offered_over_the_line_until_one_has_them(served: ServedEngine) -> None:
    gone = Keeper()
    for number, title in enumerate(("First", "Second")):
        gone.note(number, Document(Song(title)))
    gone.finish()
    kept = autosave.waiting()
    served.server._host = replace(served.server._host, recovered=kept)
    guest, seen = served.guest()
    assert guest.welcome is not None
    assert guest.welcome.recovered == kept
    guest.send(recover := with_request(RecoverSong(kept[0].path)))
    seen.accepted(recover)
    other, seen = served.guest()
    assert other.welcome is not None
    assert other.welcome.recovered == kept[1:]
    other.send(ForgetKept(kept[1].path))
    other.send(RecoverSong(kept[1].path))
    assert "not kept any more" in seen.wait(CommandFailed).message
    last, _ = served.guest()
    assert last.welcome is not None
    assert last.welcome.recovered == ()


def test_who_is_attached_is_asked_before_a_file_is_replaced(served: ServedEngine) -> None:
    path = songs_folder() / "there.armonica"
    path.parent.mkdir(parents=True)
    song_file.write(path, song_file.Document(Song("Another")))
    guest, seen = served.guest()
    guest.send(SaveSong(str(path)))
    refused = seen.wait(CommandFailed)
    assert refused.again == SaveSong(str(path), replace=True)
    assert song_file.read(path).song.title == "Another"
