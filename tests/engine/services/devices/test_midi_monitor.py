"""What passes over the ports is told in batches while somebody watches, and not a moment longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.protocol.devices import MidiLine, MidiTraffic, WatchMidi, Way
from engine.services.devices.midi_monitor import LEASE, LINES, PERIOD, MidiMonitor
from tests.support.dispatcher import DispatcherHarness

NOTE = b"\x90\x3c\x64"


def test_nobody_watches_at_first() -> None:
    harness = DispatcherHarness()
    assert (
        harness.do(m.MidiReceived(1.0, "alsa:keys", NOTE), m.Sent(1.0, 0.0, "alsa:synth", NOTE))
        == []
    )
    assert harness.published(MidiTraffic) == []


def test_what_passes_is_told_at_most_twenty_times_a_second() -> None:
    harness = DispatcherHarness()
    assert harness.do(WatchMidi(True)) == [m.Monitor(True)]
    harness.do(m.MidiReceived(1.0, "alsa:keys", NOTE), m.Sent(0.9, 0.0015, "alsa:synth", b"\xf8"))
    assert harness.published(MidiTraffic) == []
    wake = harness.dispatcher.wake()
    assert wake is not None
    assert wake <= harness.now + PERIOD
    harness.advance_to(harness.now + PERIOD)
    (passed,) = harness.published(MidiTraffic)
    assert isinstance(passed, MidiTraffic)
    sent, received = passed.lines
    assert (sent.way, sent.port, sent.data, sent.late) == ("out", "alsa:synth", b"\xf8", 1.5)
    assert (received.way, received.port, received.data, received.late) == (
        "in",
        "alsa:keys",
        NOTE,
        None,
    )
    assert abs(received.at - sent.at - 0.1) < 1e-6
    harness.advance_to(harness.now + 1.0)
    assert len(harness.published(MidiTraffic)) == 1


def test_it_ends_when_told_and_by_itself_when_nobody_asks_again() -> None:
    harness = DispatcherHarness()
    harness.do(WatchMidi(True))
    harness.clear()
    assert harness.do(WatchMidi(False)) == [m.Monitor(False)]
    harness.clear()
    assert harness.do(WatchMidi(False)) == []
    harness.do(WatchMidi(True))
    harness.clear()
    harness.advance_to(harness.now + LEASE - 1)
    assert harness.do(WatchMidi(True)) == []
    harness.advance_to(harness.now + LEASE - 1)
    assert harness.player.messages == []
    harness.advance_to(harness.now + 1.0)
    assert harness.player.messages == [m.Monitor(False)]
    assert harness.dispatcher.wake() is None


@given(st.lists(st.sampled_from(["in", "out", "late"]), max_size=3 * LINES))
def test_under_a_flood_the_latest_are_told_and_the_others_counted(ways: list[str]) -> None:
    watch = MidiMonitor(epoch=lambda: 1000.0)
    watch.watch(True, 0.0)
    for n, way in enumerate(ways):
        received = m.MidiReceived(float(n), "alsa:keys", NOTE)
        watch.on_player(
            received if way == "in" else m.Sent(n, 0.0, "alsa:synth", NOTE, 2 * (way == "late"))
        )
    _, ticked = watch.tick(PERIOD)
    if not ways:
        assert ticked == []
        return
    (passed,) = ticked
    assert isinstance(passed, MidiTraffic)
    assert [line.at for line in passed.lines] == [1000.0 + n for n in range(len(ways))][-LINES:]
    here = [line.way for line in passed.lines]
    assert here.count("in") + passed.missed_in == ways.count("in")
    sent = ways.count("out") + 3 * ways.count("late")
    assert here.count("out") + passed.missed_out == sent
    assert watch.tick(2 * PERIOD) == ([], [])


def test_two_tellings_make_one_with_the_latest() -> None:
    ways: tuple[Way, ...] = ("in", "out", "in", "out")
    lines = [MidiLine(n, way, "p", NOTE) for n, way in enumerate(ways)]
    first, later = MidiTraffic(tuple(lines[:2]), 1, 0), MidiTraffic(tuple(lines[2:]), 0, 5)
    assert first.then(later, 4) == MidiTraffic(tuple(lines), 1, 5)
    assert first.then(later, 1) == MidiTraffic((lines[3],), 3, 6)
