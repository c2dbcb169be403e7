"""Notes travel ahead of their time, sound beside the player, and outlive a broken line."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine.bench.lossy_proxy import SlowLine
from engine.midi import messages as m
from engine.music.routes import Route
from engine.protocol.devices import OpenPort
from engine.protocol.edit import SetLatents, SetTempo
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import SetRoutes
from engine.protocol.transport import KeysPlayed, LatenessMeasured, Play, PlayheadMoved, Stop
from engine.remote import client
from engine.remote.client import RemoteEngine
from engine.remote.connect import Address
from tests.support.events import Listener
from tests.support.remote import RemotePlayers, ServedEngine, SilentPlayer
from tests.support.waiting import wait_until

AHEAD = 5000.0
"""How much later the engine's machine says it is, in seconds."""


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    """Yield an engine on a machine with another time."""
    made = ServedEngine(AHEAD)
    yield made
    made.close()


@pytest.fixture
def slow(served: ServedEngine) -> Iterator[SlowLine]:
    """Yield a slow line to it, 50 ms each way."""
    assert served.door.port is not None
    with SlowLine(served.door.port, 0.05) as line:
        yield line


def attached(served: ServedEngine, slow: SlowLine) -> tuple[RemoteEngine, Listener, SilentPlayer]:
    players = RemotePlayers()
    guest, seen = served.guest(players, slow.port)
    wait_until(lambda: served.switchboard.playing and served.switchboard.far)
    return guest, seen, players.player


def starts(player: SilentPlayer) -> list[m.TimedNote]:
    """Return the notes that the player holds in the end, by their time."""
    held: dict[float, m.TimedNote] = {}
    for message in list(player.messages):
        if isinstance(message, m.Notes):
            held |= {note.on: note for note in message.notes}
        elif isinstance(message, m.Flush):
            held = {on: note for on, note in held.items() if on < message.at}
    return [held[on] for on in sorted(held)]


def test_the_song_sounds_there_note_by_note_and_on_time(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(SetTempo(240.0))
    begun = time.monotonic()
    guest.send(Play())
    pitches = [p for each in served.engine.snapshot.song.measures() for p in each.pitches]
    wait_until(lambda: len(starts(player)) >= len(pitches))
    notes = starts(player)
    assert [note.pitch for note in notes][: len(pitches)] == pitches
    # The first sounds soon after the key, on the clock of this machine.
    assert 0.05 < notes[0].on - begun < 5.0
    # All come well before their time.
    known = zip(list(player.times), list(player.messages), strict=False)
    ahead = [
        message.notes[0].on - at
        for at, message in known
        if isinstance(message, m.Notes) and message.notes[0].on > notes[0].on + 4
    ]
    assert all(each > 0.5 for each in ahead)
    seen.wait(PlayheadMoved, lambda head: head.slot == 1)
    assert any(isinstance(message, m.ClockRun) for message in player.messages)


def test_times_agree_with_the_engines_to_the_millisecond(
    served: ServedEngine, slow: SlowLine
) -> None:
    _, _, player = attached(served, slow)
    note = m.TimedNote(served.clock() + 1, served.clock() + 2, 0, 60, 90)
    served.switchboard.send(m.Notes((note,)))
    wait_until(lambda: starts(player))
    assert starts(player)[0].on == pytest.approx(note.on - AHEAD, abs=0.02)


def test_the_engines_own_player_rests_meanwhile_and_goes_on_after(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, _ = attached(served, slow)
    own = served.own[0]
    assert any(isinstance(message, m.SilenceAll) for message in own.messages)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 0.5)
    assert own.notes() == []
    guest.close()
    wait_until(lambda: own.notes())
    assert own.notes()[0].on > served.clock() - 5
    assert any(isinstance(message, m.ClockRun) and message.resume for message in own.messages)


def test_ports_are_those_of_the_machine_where_it_sounds(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    shown = seen.wait(Snapshot, lambda shown: shown.port.state == "open")
    assert shown.port.name == "far synth"
    assert shown.port.known == ("far synth",)
    player.say(m.PortsSeen(("far synth", "drums")))
    guest.send(OpenPort("drums"))
    seen.wait(Snapshot, lambda shown: shown.port.name == "drums")
    assert player.messages[-1] == m.UsePort("drums", hush=True) or m.UsePort(
        "drums", hush=True
    ) in list(player.messages)
    player.say(m.Lateness(0.1, 0.2, 0.3, 10))
    assert seen.wait(LatenessMeasured).p99 == 0.2
    assert m.UsePort("drums", hush=True) not in served.own[0].messages


def test_the_ports_of_routes_are_opened_where_it_sounds_and_told_of_apart(
    served: ServedEngine, slow: SlowLine
) -> None:
    served.switchboard.send(m.UsePort("bass", True, 1, False))
    guest, seen, player = attached(served, slow)
    wait_until(lambda: m.UsePort("bass", True, 1, False) in player.messages)
    guest.send(SetRoutes((Route("strings", 3, None, 12),)))
    wait_until(lambda: any(getattr(each, "name", "") == "strings" for each in player.messages))
    guest.send(Play())
    wait_until(
        lambda: any(m.outlet_of(each) for each in player.messages if isinstance(each, m.Notes))
    )
    far = [each for each in player.messages if isinstance(each, m.Notes) and each.outlet]
    song = [each for each in player.messages if isinstance(each, m.Notes) and not each.outlet]
    ours, theirs = song[0].notes[0], far[0].notes[0]
    assert (theirs.channel, theirs.pitch, theirs.on) == (3, ours.pitch + 12, ours.on)
    outlet = far[0].outlet
    player.say(m.PortOpened("alsa:strings", outlet))
    shown = seen.wait(
        Snapshot, lambda snapshot: "open" in [each.state for _, each in snapshot.routed]
    )
    # The song's own port is still what it was.
    assert (shown.port.name, shown.port.state) == ("far synth", "open")


def test_an_edit_is_heard_after_the_way_of_the_line(served: ServedEngine, slow: SlowLine) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    count = len(player.messages)
    pressed = time.monotonic()
    guest.send(SetLatents(0, ((0, 2.0), (2, 3.0), (3, 3.0))))
    guest.send(SetLatents(1, ((0, 2.0), (2, 3.0), (3, 3.0))))
    wait_until(lambda: any(isinstance(each, m.Flush) for each in list(player.messages)[count:]))
    flush = next(each for each in list(player.messages)[count:] if isinstance(each, m.Flush))
    # It counts from a moment on that the way of the line allows, and that is not far away.
    assert pressed + 0.05 < flush.at < pressed + 5.0


def test_a_line_that_breaks_takes_no_note_that_was_sent(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    slow.cut()
    seen.wait(Notice, lambda event: "down" in event.text)
    held, count = starts(player), len(player.messages)
    assert held[-1].on > time.monotonic() + 1
    slow.mend()
    seen.wait(Notice, lambda event: "back" in event.text)
    wait_until(lambda: len(starts(player)) > len(held) + 4)
    # Nothing of what was held was flushed or struck again, and nothing is missing between.
    again = list(player.messages)[count:]
    assert not [each for each in again if isinstance(each, m.Flush | m.SilenceAll | m.ClockRun)]
    assert starts(player)[: len(held)] == held
    pitches = [p for each in served.engine.snapshot.song.measures() for p in each.pitches]
    played = [note.pitch for note in starts(player)]
    assert played == (pitches * 9)[: len(played)]
    served.engine.send(Stop())
    wait_until(lambda: any(isinstance(each, m.ClockStop) for each in list(player.messages)[count:]))


def goes_on(served: ServedEngine, player: SilentPlayer) -> None:
    """Wait until the engine's own player plays, and looks when it begins."""
    own = served.own[0]
    wait_until(lambda: own.notes())
    # It begins about where what was sent to the other ends.
    assert own.notes()[0].on - AHEAD < max(note.off for note in starts(player)) + 1
    # Clock, keyboards and ports are its own, too.
    clocks = [each for each in own.messages if isinstance(each, m.ClockRun | m.ClockStop)]
    assert isinstance(clocks[-1], m.ClockRun)
    assert [each for each in own.messages if isinstance(each, m.Listen)][-1] != m.Listen()
    wait_until(lambda: served.engine.snapshot.port.name is None)
    assert served.engine.snapshot.port.known == ("synth",)


def test_the_engines_own_port_goes_on_at_once_when_a_guest_vanishes(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    assert served.own[0].notes() == []
    slow.cut()
    goes_on(served, player)
    # Whoever comes back is played to again, and the engine's own port rests again.
    count = len(player.messages)
    slow.mend()
    seen.wait(Notice, lambda event: "back" in event.text)
    wait_until(lambda: isinstance(served.own[0].messages[-1], m.ClockStop))
    wait_until(lambda: served.engine.snapshot.port.name == "far synth")
    wait_until(lambda: any(isinstance(each, m.Notes) for each in list(player.messages)[count:]))


def test_the_engines_own_port_goes_on_when_a_guest_falls_silent(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    # The line stays open, but nothing comes over it any more: a cable that was pulled.
    slow.delay = 3600.0
    goes_on(served, player)
    assert served.switchboard.playing == 1


def test_a_line_that_stays_down_ends_in_silence(served: ServedEngine, slow: SlowLine) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    slow.cut()
    seen.wait(Notice, lambda event: "down" in event.text)
    last = max(note.off for note in starts(player))
    wait_until(lambda: isinstance(player.messages[-1], m.SilenceAll))
    silent = time.monotonic()
    assert last <= silent < last + 5
    assert any(isinstance(each, m.ClockStop) for each in player.messages)
    # Meanwhile the music went on where the engine is, on the engine's own player.
    wait_until(lambda: served.own[0].notes())
    count = len(player.messages)
    slow.mend()
    seen.wait(Notice, lambda event: "back" in event.text)
    wait_until(lambda: any(isinstance(each, m.ClockRun) for each in list(player.messages)[count:]))
    wait_until(lambda: starts(player)[-1].on > time.monotonic() + 1)


def test_an_edit_made_while_the_line_was_down_is_heard_after_it(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    slow.cut()
    seen.wait(Notice, lambda event: "down" in event.text)
    served.engine.send(SetLatents(0, ((2, 3.0), (3, 3.0))))
    served.engine.send(SetLatents(1, ((2, 3.0), (3, 3.0))))
    time.sleep(0.3)
    slow.mend()
    seen.wait(Notice, lambda event: "back" in event.text)
    wait_until(lambda: served.switchboard.playing)
    time.sleep(0.6)
    wanted = served.switchboard._mirror.notes(served.clock() + 0.6)
    there = [note for note in starts(player) if note.on > wanted[0].on - AHEAD - 0.01]
    for ours, theirs in zip(wanted, there, strict=False):
        assert ours.pitch == theirs.pitch
        assert theirs.on == pytest.approx(ours.on - AHEAD, abs=0.02)


def test_lost_packets_lose_no_note(served: ServedEngine, slow: SlowLine) -> None:
    slow.loss, slow.jitter = 0.1, 0.01
    guest, seen, player = attached(served, slow)
    guest.send(SetTempo(300.0))
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.slot == 2)
    late = [
        note
        for at, message in zip(list(player.times), list(player.messages), strict=False)
        if isinstance(message, m.Notes)
        for note in message.notes
        if note.on < at
    ]
    assert late == []
    pitches = [p for each in served.engine.snapshot.song.measures() for p in each.pitches]
    played = [note.pitch for note in starts(player)]
    assert len(played) > 8
    assert played == (pitches * 9)[: len(played)]


def test_that_a_player_was_killed_is_said(served: ServedEngine, slow: SlowLine) -> None:
    _, seen, player = attached(served, slow)
    player.say(m.PlayerLost("it was killed", restarted=True))
    player.say(m.Ready(2, False))
    assert "another goes on" in seen.wait(Notice, lambda event: "player" in event.text).text


def test_a_silent_line_is_found_to_be_broken(
    served: ServedEngine, slow: SlowLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE", 0.5)
    _, seen, _ = attached(served, slow)
    slow.delay = 3600.0
    seen.wait(Notice, lambda event: "down" in event.text)


def test_a_keyboard_beside_the_screen_is_heard_by_the_engine(
    served: ServedEngine, slow: SlowLine
) -> None:
    _, seen, player = attached(served, slow)
    wait_until(lambda: any(isinstance(each, m.Listen) for each in list(player.messages)))
    # Beside it the engine's own player would hear the same keyboard twice.
    own = [each for each in served.own[0].messages if isinstance(each, m.Listen)]
    assert own[-1] == m.Listen()
    reports: list[m.FromPlayer] = []
    on_report = served.switchboard._report

    def note(report: m.FromPlayer) -> None:
        reports.append(report)
        on_report(report)

    served.switchboard._report = note
    pressed = time.monotonic()
    player.say(m.MidiReceived(pressed, "keys", b"\x90\x3c\x40"))
    assert 60 in seen.wait(KeysPlayed, lambda keys: bool(keys.held)).held
    (received,) = [each for each in reports if isinstance(each, m.MidiReceived)]
    assert received.at == pytest.approx(pressed + AHEAD, abs=0.02)
    served.own[0].say(m.MidiReceived(served.clock(), "keys", b"\x90\x40\x40"))
    player.say(m.MidiReceived(time.monotonic(), "keys", b"\x80\x3c\x40"))
    seen.wait(KeysPlayed, lambda keys: keys == KeysPlayed())
    assert not any(64 in keys.held for keys in seen.of(KeysPlayed))


def test_a_bridge_plays_and_watches_nothing(served: ServedEngine) -> None:
    players = RemotePlayers()
    bridge = RemoteEngine(Address(), watches=False, home=players)
    bridge.start()
    wait_until(lambda: served.switchboard.far)
    served.engine.send(Play())
    wait_until(lambda: starts(players.player))
    assert bridge.snapshot == Snapshot()
    bridge.close()
    wait_until(lambda: not served.switchboard.far)


def test_the_newest_screen_leads_and_the_other_when_it_has_gone(
    served: ServedEngine, slow: SlowLine
) -> None:
    _, seen, first = attached(served, slow)
    players = RemotePlayers(("other synth",))
    other, _ = served.guest(players)
    seen.wait(Snapshot, lambda shown: shown.port.name == "other synth")
    served.engine.send(Play())
    wait_until(lambda: starts(players.player) and starts(first))
    assert starts(players.player)[0].pitch == starts(first)[0].pitch
    assert [each for each in first.messages if isinstance(each, m.Listen)][-1] == m.Listen()
    count = len(seen.of(Snapshot))
    other.close()
    wait_until(
        lambda: seen.of(Snapshot)[count:] and served.engine.snapshot.port.name == "far synth"
    )
    assert served.own[0].notes() == []


def test_the_ports_of_routes_are_there_too_and_outlive_a_break(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(SetRoutes((Route(port="drums", channel=9, transpose=12),)))
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    assert any(
        isinstance(each, m.UsePort) and (each.name, each.outlet) == ("drums", 1)
        for each in player.messages
    )
    assert not any(isinstance(each, m.UsePort) and each.outlet for each in served.own[0].messages)

    def routed() -> list[m.TimedNote]:
        messages = [
            each for each in player.messages if isinstance(each, m.Notes) and each.outlet == 1
        ]
        return [note for each in messages for note in each.notes]

    slow.cut()
    seen.wait(Notice, lambda event: "down" in event.text)
    slow.mend()
    seen.wait(Notice, lambda event: "back" in event.text)
    held = len(routed())
    wait_until(lambda: len(routed()) > held + 4)
    own = [
        note
        for each in player.messages
        if isinstance(each, m.Notes) and not each.outlet
        for note in each.notes
    ]
    pairs = list(zip(own, routed(), strict=False))
    assert all((a.on, a.pitch + 12) == (b.on, b.pitch) for a, b in pairs)


@pytest.mark.long
def test_a_machine_that_slept_is_played_to_again_in_time(
    served: ServedEngine, slow: SlowLine
) -> None:
    guest, seen, player = attached(served, slow)
    guest.send(Play())
    seen.wait(PlayheadMoved, lambda head: head.beat > 1)
    count = len(player.messages)
    served.clock_ahead += 1000.0
    wait_until(
        lambda: any(isinstance(each, m.SilenceAll) for each in list(player.messages)[count:])
    )
    wait_until(lambda: any(isinstance(each, m.ClockRun) for each in list(player.messages)[count:]))
    anew = next(n for n in range(count, 10_000) if isinstance(player.messages[n], m.ClockRun))
    wait_until(lambda: any(isinstance(each, m.Notes) for each in list(player.messages)[anew:]))
    for at, message in zip(player.times[anew:], player.messages[anew:], strict=False):
        if isinstance(message, m.Notes):
            assert all(at - 0.5 < note.on < at + 5 for note in message.notes)
