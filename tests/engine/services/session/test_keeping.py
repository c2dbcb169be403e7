"""What becomes of songs that are not saved: kept, taken, saved, and lost only in words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import CannotWrite
from engine.formats import song_file
from engine.formats.song_file import Document
from engine.protocol.base import Command, Event, with_request
from engine.protocol.edit import SetTempo, Undo
from engine.protocol.files import (
    AtTheEnd,
    KeepUnsaved,
    LetUnsavedGo,
    OpenSong,
    RecoverSong,
    SaveSong,
)
from engine.protocol.notices import CommandFailed, Notice
from engine.services.session import autosave
from engine.services.session.keeper import Keeper
from tests.support.dispatcher import SONG, DispatcherHarness
from tests.support.events import Listener
from tests.support.waiting import wait_until


def opened(tmp_path: Path, name: str = "other") -> str:
    """Write another song and return the path of its file."""
    return str(song_file.write(tmp_path / name, Document(replace(SONG, title=name))))


def tempos() -> list[float]:
    """Return the tempos of the songs that wait to be taken, the newest first."""
    return [song_file.read(kept.path).song.tempo for kept in autosave.waiting()]


def ended(harness: DispatcherHarness) -> tuple[AtTheEnd, ...]:
    """End an engine as the program does, and return what became of its songs."""
    ends = harness.dispatcher.close(harness.now)
    harness.jobs.close()
    return ends


def answered(harness: DispatcherHarness, command: Command) -> Notice | CommandFailed:
    """Return a command and what answers it."""
    harness.clear()
    harness.do(command := with_request(command))

    def answers() -> list[Notice | CommandFailed]:
        events = [each for each in harness.events if isinstance(each, Notice | CommandFailed)]
        return [each for each in events if each.request == command.request]

    wait_until(answers)
    return answers()[-1]


@pytest.mark.parametrize("rest", [0.0, 0.1, 4.0])
def test_a_song_that_another_is_opened_over_is_kept(tmp_path: Path, rest: float) -> None:
    harness = DispatcherHarness(keep=True)
    for tempo in (90, 91, 92, 93, 94):
        harness.do(SetTempo(tempo))
    harness.advance_to(harness.now + rest)
    harness.do(OpenSong(opened(tmp_path)))
    assert harness.dispatcher.snapshot.saved
    assert harness.dispatcher.snapshot.unsaved == ("Song",)
    harness.advance_to(harness.now + rest)
    (end,) = ended(harness)
    assert (end.title, end.offered) == ("Song", True)
    assert tempos() == [94]


def test_a_song_that_was_taken_is_kept_though_it_is_undone() -> None:
    first = DispatcherHarness(keep=True)
    first.do(SetTempo(94))
    ended(first)
    again = DispatcherHarness(keep=True)
    (kept,) = autosave.claimed()
    again.do(RecoverSong(kept.path), Undo())
    assert again.dispatcher.snapshot.saved
    again.advance_to(again.now + 3)
    assert [end.title for end in ended(again)] == ["Song"]
    assert tempos() == [94]


def test_a_song_is_offered_no_more_when_it_is_said_to_be_back() -> None:
    first = DispatcherHarness(keep=True)
    first.do(SetTempo(94))
    ended(first)
    again = DispatcherHarness(keep=True)
    (kept,) = autosave.waiting()
    offered: list[object] = []

    def publish(event: Event) -> None:
        if isinstance(event, Notice) and event.request:
            offered.append(autosave.waiting())

    session = again.dispatcher.services.session
    session.context = replace(session.context, publish=publish)
    again.do(with_request(RecoverSong(kept.path)))
    assert offered == [()]


def test_of_songs_opened_one_over_the_other_each_is_kept_until_it_is_saved(tmp_path: Path) -> None:
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(91))
    for number, tempo in enumerate((92, 93)):
        harness.do(OpenSong(opened(tmp_path, f"{number}")), SetTempo(tempo))
        harness.advance_to(harness.now + 2)
    # Two steps back lead to the second song, and it is saved.
    harness.do(Undo(), Undo(), SaveSong())
    assert harness.dispatcher.snapshot.song.tempo == 92
    assert harness.dispatcher.snapshot.unsaved == ("Song",)
    harness.advance_to(harness.now + 2)
    ended(harness)
    assert tempos() == [91]


def test_the_step_back_to_what_is_saved_needs_no_keeping() -> None:
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(94))
    harness.advance_to(harness.now + 3)
    harness.do(Undo())
    assert ended(harness) == ()
    assert tempos() == []


def test_a_file_opened_anew_over_its_own_unsaved_song_keeps_that(tmp_path: Path) -> None:
    path = opened(tmp_path)
    harness = DispatcherHarness(keep=True)
    harness.do(OpenSong(path), SetTempo(94), OpenSong(path))
    assert harness.dispatcher.snapshot.saved
    ended(harness)
    (kept,) = autosave.waiting()
    assert (tempos(), kept.belongs_to) == ([94], path)


@pytest.mark.parametrize("pause", [0.1, 0.7, 1.9, 5.0])
def test_what_is_kept_is_at_most_two_seconds_behind(home: Path, pause: float) -> None:
    harness = DispatcherHarness(keep=True)
    written = 0.0
    edits = 0
    while harness.now < 30:
        edits += 1
        harness.do(SetTempo(60 + edits / 10))
        end = harness.now + pause
        while (wake := harness.dispatcher.wake()) is not None and wake <= end:
            harness.now = wake
            harness.dispatcher.tick(wake)
            written = 60 + edits / 10
            wait_until(
                lambda written=written: [  # type: ignore[misc]
                    path
                    for path in (home / "state" / "kept").glob("*.armonica")
                    if song_file.read(path).song.tempo == written
                ]
            )
        harness.now = end
        behind = round((60 + edits / 10 - written) * 10) * pause if written else harness.now
        assert behind <= 2 or pause > 2
    ended(harness)


def test_the_program_that_is_killed_in_the_midst_of_edits_leaves_the_last_but_few(
    home: Path,
) -> None:
    script = """
import itertools, time
from engine.protocol.edit import SetTempo
from engine.runtime.engine import Engine
from engine.music.song import Song
from tests.support.fakes import FakeModel
from tests.support.fake_player import RecordingPlayer
engine = Engine(FakeModel, lambda tell: RecordingPlayer(), song=Song("Killed"))
engine.start()
for number in itertools.count():
    engine.send(SetTempo(60 + number % 2000 / 10))
    time.sleep(0.02)
"""
    process = subprocess.Popen([sys.executable, "-c", script])
    folder = home / "state" / "kept"

    def tempo() -> float | None:
        return next((song_file.read(path).song.tempo for path in folder.glob("*.armonica")), None)

    try:
        # It is kept, and again, though the edits never rest.
        wait_until(lambda: tempo() is not None)
        first = tempo()
        wait_until(lambda: tempo() != first)
        assert autosave.waiting() == ()
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: [kept.title for kept in autosave.waiting()] == ["Killed"])


def test_a_kept_song_is_taken_by_one_of_many_at_once() -> None:
    first = DispatcherHarness(keep=True)
    first.do(SetTempo(94))
    ended(first)
    script = """
import sys
from engine.protocol.files import RecoverSong
from engine.runtime.engine import Engine
from engine.music.song import Song
from engine.services.session import autosave
from tests.support.events import Listener
from engine.protocol.base import with_request
from engine.protocol.notices import Notice, CommandFailed
from tests.support.fakes import FakeModel
from tests.support.fake_player import RecordingPlayer
kept = autosave.waiting()[0]
engine, listener = Engine(FakeModel, lambda tell: RecordingPlayer(), song=Song()), Listener()
engine.subscribe(listener)
engine.start()
print("ready", flush=True)
sys.stdin.readline()
engine.send(with_request(RecoverSong(kept.path)))
answers = lambda: listener.of(Notice) + listener.of(CommandFailed)
listener.until(lambda: any(each.request for each in answers()))
print("taken" if listener.of(Notice) else listener.of(CommandFailed)[0].message, flush=True)
sys.stdin.readline()
engine.close()
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in started:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        line = [each.stdout.readline().strip() for each in started if each.stdout]
    finally:
        for each in started:
            each.communicate("end\n", timeout=60)
    assert sorted(words == "taken" for words in line) == [False, False, True]
    assert all("another Armonica has it" in words for words in line if words != "taken")
    assert tempos() == [94]


def test_a_song_that_cannot_be_taken_is_offered_again() -> None:
    first = DispatcherHarness(keep=True)
    first.do(SetTempo(94))
    ended(first)
    (kept,) = autosave.claimed()
    text = Path(kept.path).read_text()
    Path(kept.path).write_text("{")
    again = DispatcherHarness(keep=True)
    again.do(RecoverSong(kept.path))
    assert len(again.published(CommandFailed)) == 1
    ended(again)
    Path(kept.path).write_text(text)
    assert tempos() == [94]


def test_what_cannot_be_kept_is_answered_and_can_be_copied(home: Path) -> None:
    (home / "state").write_text("in the way")
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(94))
    refused = answered(harness, KeepUnsaved())
    assert isinstance(refused, CommandFailed)
    assert str(home / "state") in refused.message
    answer = answered(harness, KeepUnsaved(copies=True))
    assert isinstance(answer, Notice)
    (copy,) = (home / "data" / "songs").iterdir()
    assert str(copy) in answer.text
    assert song_file.read(copy).song.tempo == 94
    assert isinstance(answered(harness, KeepUnsaved()), Notice)
    assert [end.path for end in ended(harness)] == [copy]


def test_once_the_disk_is_there_again_it_is_kept(home: Path) -> None:
    (home / "state").write_text("in the way")
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(94), OpenSong(opened(home)))
    assert isinstance(answered(harness, KeepUnsaved()), CommandFailed)
    (home / "state").unlink()
    assert isinstance(answered(harness, KeepUnsaved()), Notice)
    ended(harness)
    assert tempos() == [94]


def test_what_may_be_lost_is_lost_only_in_words(home: Path) -> None:
    (home / "state").write_text("in the way")
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(94), LetUnsavedGo())
    assert ended(harness) == ()
    assert not (home / "data").exists()
    other = DispatcherHarness(keep=True)
    other.do(SetTempo(94))
    (end,) = ended(other)
    assert end.path is not None
    assert song_file.read(end.path).song.tempo == 94


def test_an_end_though_the_disk_is_slow_keeps_the_song(monkeypatch: pytest.MonkeyPatch) -> None:
    write, slow, begun = song_file.write, threading.Event(), threading.Event()

    def late(path: str | Path, song: Document) -> Path:
        begun.set()
        slow.wait(30)
        return write(path, song)

    monkeypatch.setattr(song_file, "write", late)
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(93))
    harness.advance_to(harness.now + 2)
    assert begun.wait(30)
    harness.do(SetTempo(94))
    threading.Timer(0.2, slow.set).start()
    ended(harness)
    assert tempos() == [94]


def test_a_fault_while_it_ends_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = DispatcherHarness(keep=True)
    harness.do(SetTempo(94))

    def fault(now: float) -> None:
        del now
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(harness.dispatcher.services.generation, "close", fault)
    with pytest.raises(OSError, match="Input/output"):
        harness.dispatcher.close(harness.now)
    assert tempos() == [94]


def test_what_another_program_saved_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = opened(tmp_path)
    one, two = DispatcherHarness(keep=True), DispatcherHarness(keep=True)
    for harness, tempo in ((one, 91), (two, 92)):
        harness.do(OpenSong(path), SetTempo(tempo))
    one.do(SaveSong())
    assert one.dispatcher.snapshot.saved
    two.do(SaveSong())
    (refused,) = two.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert "another program" in refused.message
    assert refused.again == SaveSong(None, replace=True)
    assert song_file.read(path).song.tempo == 91
    two.do(refused.again)
    assert two.dispatcher.snapshot.saved
    assert song_file.read(path).song.tempo == 92
    # Now the first is behind, and is asked in its turn.
    one.do(SetTempo(93), SaveSong())
    assert len(one.published(CommandFailed)) == 1
    one.do(OpenSong(path), SetTempo(94), SaveSong())
    assert song_file.read(path).song.tempo == 94
    for harness in (one, two):
        ended(harness)


def test_a_song_does_not_replace_what_is_there_unasked(tmp_path: Path) -> None:
    path = opened(tmp_path)
    harness = DispatcherHarness()
    harness.do(SaveSong(path))
    (refused,) = harness.published(CommandFailed)
    assert isinstance(refused, CommandFailed)
    assert refused.again == SaveSong(path, replace=True)
    harness.do(SaveSong(str(tmp_path / "new")), SetTempo(91), SaveSong())
    assert song_file.read(tmp_path / "new").song.tempo == 91
    Path(tmp_path / "new.armonica").unlink()
    harness.do(SaveSong())
    assert len(harness.published(CommandFailed)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_song_that_was_kept_knows_what_its_file_held(tmp_path: Path, known: bool) -> None:
    path = opened(tmp_path)
    first = DispatcherHarness(keep=True)
    first.do(OpenSong(path), SetTempo(91))
    ended(first)
    (kept,) = autosave.waiting()
    if not known:
        # As an older program wrote it.
        song_file.write(kept.path, replace(song_file.read(kept.path), base=None))
        os.utime(path, (1, 1))
    unchanged = DispatcherHarness(keep=True)
    unchanged.do(RecoverSong(kept.path), SaveSong())
    assert not unchanged.published(CommandFailed)
    ended(unchanged)
    second = DispatcherHarness(keep=True)
    second.do(OpenSong(path), SetTempo(92))
    ended(second)
    (kept,) = autosave.waiting()
    if not known:
        song_file.write(kept.path, replace(song_file.read(kept.path), base=None))
    song_file.write(path, Document(replace(SONG, tempo=99.0)))
    if not known:
        os.utime(path, (time.time() + 10, time.time() + 10))
    changed = DispatcherHarness(keep=True)
    changed.do(RecoverSong(kept.path), SaveSong())
    assert len(changed.published(CommandFailed)) == 1
    assert song_file.read(path).song.tempo == 99
    ended(changed)


def test_of_two_who_save_at_once_one_is_asked(tmp_path: Path) -> None:
    path = opened(tmp_path)
    script = """
import sys
from engine.protocol.edit import SetTempo
from engine.protocol.files import SaveSong
from engine.protocol.base import with_request
from engine.protocol.notices import Notice, CommandFailed
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fakes import FakeModel
from tests.support.fake_player import RecordingPlayer
path, tempo = sys.argv[1:]
engine, listener = Engine(FakeModel, lambda tell: RecordingPlayer(), song=path), Listener()
engine.subscribe(listener)
engine.start()
engine.send(SetTempo(float(tempo)))
listener.until(lambda: engine.snapshot.song.tempo == float(tempo))
print("ready", flush=True)
sys.stdin.readline()
engine.send(with_request(SaveSong()))
answers = lambda: listener.of(Notice) + listener.of(CommandFailed)
listener.until(lambda: any(each.request for each in answers()))
print("saved" if any(each.request for each in listener.of(Notice)) else "asked", flush=True)
engine.close()
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, path, str(91 + number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    output = [each.communicate("go\n", timeout=60)[0].strip() for each in _going(started)]
    assert sorted(output) == ["asked", "asked", "saved"]
    assert song_file.read(path).song.tempo == 91 + output.index("saved")


def _going(started: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    # All are told before one is waited for.
    for each in started:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return started


def test_what_became_of_songs_is_known_once_the_engine_is_closed(home: Path) -> None:
    from engine.music.song import Song
    from engine.runtime.engine import Engine
    from tests.support.fake_player import RecordingPlayer
    from tests.support.fakes import FakeModel

    (home / "state").write_text("in the way")
    engine = Engine(FakeModel, lambda _: RecordingPlayer(), song=Song("Ends"))
    listener = Listener()
    engine.subscribe(listener)
    engine.start()
    engine.send(SetTempo(94))
    listener.until(lambda: not engine.snapshot.saved)
    engine.close()
    (end,) = engine.ends
    assert end.path is not None
    assert end.path.parent == home / "data" / "songs"


def test_a_disk_that_does_not_answer_is_said_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.music.song import Song
    from engine.runtime import engine as loop
    from tests.support.fake_player import RecordingPlayer
    from tests.support.fakes import FakeModel

    answers = threading.Event()

    def stuck(*_: object) -> Path:
        answers.wait(60)
        raise CannotWrite("The disk is gone.")

    monkeypatch.setattr(song_file, "write", stuck)
    monkeypatch.setattr(loop, "CLOSING", 0.1)
    engine = loop.Engine(FakeModel, lambda _: RecordingPlayer(), song=Song("Stuck"))
    listener = Listener()
    engine.subscribe(listener)
    engine.start()
    engine.send(SetTempo(94))
    listener.until(lambda: not engine.snapshot.saved)
    engine.close()
    assert [(end.title, end.path) for end in engine.ends] == [("Stuck", None)]
    answers.set()


def test_keeping_goes_on_when_the_owner_dies_in_the_midst(home: Path) -> None:
    keeper = Keeper()
    keeper.note(1, Document(SONG))
    keeper.write()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from engine.services.session.keeper import Keeper;"
            "from engine.formats.song_file import Document; from engine.music.song import Song;"
            "keeper = Keeper(); keeper.note(1, Document(Song('Dies'))); keeper.write();"
            "print('kept', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "kept\n"
    assert autosave.waiting() == ()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert [kept.title for kept in autosave.claimed()] == ["Dies"]
    assert len(list((home / "state" / "kept").glob("*.armonica"))) == 2
    keeper.finish()
