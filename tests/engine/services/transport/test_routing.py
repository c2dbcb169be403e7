"""Where else the melody goes: ports, channels, programs, transposed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.midi.limits import CLICKS
from engine.midi.player.schedule import Schedule
from engine.music.routes import Route
from engine.protocol.devices import OpenPort
from engine.protocol.edit import Undo
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import SetRoutes
from engine.protocol.transport import Play, Stop
from engine.services.editing.command_log import replay
from engine.services.transport.routing import Routing
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import SONG, DispatcherHarness, note
from tests.support.fakes import FakeModel

OCTAVE = Route("", 0, None, 12)
BASS = Route("Synth", 2, 33, -12)


def of(outlet: int, messages: list[m.ToPlayer]) -> list[m.ToPlayer]:
    """Return what one outlet was told."""
    return [each for each in messages if getattr(each, "outlet", 0) == outlet]


def test_the_same_port_sounds_an_octave_above_and_another_port_an_octave_below() -> None:
    harness = DispatcherHarness()
    messages = harness.do(SetRoutes((OCTAVE, BASS)))
    assert of(1, messages) == [
        m.UsePort("Synth", hush=True, outlet=1),
        m.Send(0.0, b"\xc2\x21", 1),
    ]
    harness.clear()
    harness.do(Play())
    ons = [n for n in harness.player.notes() if n.on == LEAD]
    assert [(n.channel, n.pitch) for n in ons] == [(0, 60), (0, 72), (2, 48)]
    assert [each.outlet for each in harness.player.messages if isinstance(each, m.Notes)] == [
        0,
        0,
        1,
    ]
    harness.clear()
    harness.now = 0.5
    harness.do(Stop())
    assert harness.player.messages[:2] == [m.Flush(0.5, True), m.Flush(0.5, True, 1)]


def test_a_port_of_a_route_goes_and_comes_back_and_is_told_its_program() -> None:
    harness = DispatcherHarness()
    harness.do(OpenPort("Main"), m.PortOpened("Main"), SetRoutes((BASS,)))
    assert dict(harness.dispatcher.snapshot.routed)["Synth"].state == "opening"
    harness.clear()
    assert harness.do(m.PortOpened("alsa:Synth", 1)) == [m.Send(0.0, b"\xc2\x21", 1)]
    status = dict(harness.dispatcher.snapshot.routed)["Synth"]
    assert (status.name, status.state) == ("alsa:Synth", "open")
    harness.do(m.PortLost("alsa:Synth", 1), m.PortOpened("alsa:Synth", 1))
    texts = [event.text for event in harness.published(Notice) if isinstance(event, Notice)]
    assert ["has gone" in texts[0], "is back" in texts[1]] == [True, True]
    harness.do(m.PortFailed("Synth", "It is in use.", 1))
    assert dict(harness.dispatcher.snapshot.routed)["Synth"].detail == "It is in use."
    # The song's own port knows nothing of all that.
    assert (harness.port_state(), harness.dispatcher.snapshot.port.name) == ("open", "Main")
    assert harness.do(m.PortLost("gone already", 5))[-1:] == harness.player.messages[-1:]


def test_the_last_snapshot_that_is_published_of_a_route_is_the_latest() -> None:
    harness = DispatcherHarness()
    harness.do(SetRoutes((BASS,)))
    assert harness.published(Snapshot)[-1] == harness.dispatcher.snapshot
    harness.do(SetRoutes(()))
    assert harness.published(Snapshot)[-1] == harness.dispatcher.snapshot


def test_routes_are_steps_and_undo_leaves_their_ports() -> None:
    harness = DispatcherHarness()
    harness.do(SetRoutes((BASS,)), SetRoutes((replace(BASS, transpose=7),)))
    assert harness.dispatcher.snapshot.undo == ("route to Synth ch 3 +7", "route to Synth ch 3 -12")
    harness.clear()
    harness.do(Undo())
    # The port stays open while it is wanted.
    assert not [each for each in harness.player.messages if isinstance(each, m.UsePort)]
    harness.do(Undo())
    assert m.UsePort(None, outlet=1) in harness.player.messages
    assert harness.dispatcher.snapshot.routed == ()
    harness.clear()
    harness.do(Play())
    assert of(1, harness.player.messages) == []


def test_a_change_of_route_while_playing_is_heard_from_the_next_note_on() -> None:
    harness = DispatcherHarness()
    harness.do(Play())
    harness.advance_to(0.5)
    harness.clear()
    harness.do(SetRoutes((OCTAVE,)))
    assert harness.player.messages[0] == m.Flush(0.5, True)
    later = [(n.on, n.pitch) for n in harness.player.notes() if n.on < 1.2]
    assert later == [(1.0 + LEAD, 62), (1.0 + LEAD, 74)]


def test_the_clock_is_asked_for_by_any_route_of_a_port() -> None:
    harness = DispatcherHarness()
    quiet = replace(BASS, clock=False)
    messages = harness.do(SetRoutes((quiet, Route("Other", clock=False))))
    opened = [each for each in messages if isinstance(each, m.UsePort)]
    assert [(each.name, each.outlet, each.clock) for each in opened] == [
        ("Synth", 1, False),
        ("Other", 2, False),
    ]
    harness.clear()
    messages = harness.do(SetRoutes((quiet, BASS)))
    opened = [each for each in messages if isinstance(each, m.UsePort)]
    assert opened == [m.UsePort(None, outlet=2), m.UsePort("Synth", True, 1, True)]


def test_the_routes_of_the_first_song_are_opened_when_the_player_is_there() -> None:
    harness = DispatcherHarness(song=SONG.with_track(0, routes=(BASS,)))
    harness.do(Play())
    assert of(1, harness.player.messages) == []
    harness.clear()
    harness.do(m.Ready(1, True))
    assert of(1, harness.player.messages)[0] == m.UsePort("Synth", hush=True, outlet=1)
    assert [n.pitch for n in harness.player.notes()][:2] == [60, 48]
    harness.clear()
    # Its successor is sent all of it by its link.
    harness.do(m.PlayerLost("killed", restarted=True), m.Ready(2, True))
    assert harness.player.messages == []


def test_too_many_routes_are_refused_and_a_recording_replays_them() -> None:
    harness = DispatcherHarness()
    harness.do(SetRoutes((OCTAVE,) * 8))
    assert len(harness.published(CommandFailed)) == 1
    harness.do(SetRoutes((BASS, OCTAVE)), m.PortOpened("alsa:Synth", 1))
    assert replay(harness.recording, FakeModel()) == harness.dispatcher.snapshot


routes = st.lists(
    st.builds(
        Route,
        st.sampled_from(["", "A", "B", "C"]),
        st.integers(0, 3),
        st.none() | st.integers(0, 127),
        st.sampled_from([-24, -12, 0, 7, 24]),
        st.booleans(),
    ),
    max_size=7,
).map(tuple)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0.01, 0.9), routes), min_size=1, max_size=5))
def test_whatever_is_routed_where_each_port_sounds_what_its_routes_say(
    changes: list[tuple[float, tuple[Route, ...]]],
) -> None:
    harness = DispatcherHarness()
    schedules = {outlet: Schedule() for outlet in range(8)}
    ports: dict[int, str | None] = {0: ""}

    def play(now: float) -> None:
        for message in harness.player.messages:
            schedule = schedules[getattr(message, "outlet", 0)]
            match message:
                case m.Notes(notes):
                    schedule.add(notes, now, message.voice)
                case m.Flush(at, cut):
                    schedule.flush(at, cut, now, message.voice)
                case m.Prolong(channel, pitch, off):
                    schedule.prolong(channel, pitch, off, message.voice)
                case m.UsePort(name, outlet=outlet) if outlet:
                    ports[outlet] = name
                case _:
                    pass
        harness.clear()
        for schedule in schedules.values():
            schedule.pop_due(now)

    harness.do(Play())
    last: tuple[Route, ...] = ()
    for wait, last in changes:
        harness.advance_to(harness.now + wait)
        play(harness.now)
        harness.do(SetRoutes(last))
        play(harness.now)
    # In the midst of a note that began after the last change.
    end = int(harness.now + 1) + 0.5 + LEAD
    while harness.now < end:
        harness.advance_to(min(end, harness.now + 0.1))
        play(harness.now)
    pitch = (60, 62, 64, 65)[int(end - LEAD) % 4]
    for outlet, port in ports.items():
        wanted = {(r.channel, pitch + r.transpose) for r in last if r.port == port}
        assert schedules[outlet].sounding == wanted | ({(0, pitch)} if outlet == 0 else set())


def test_what_is_not_about_notes_is_told_once() -> None:
    routing = Routing()
    routing.reroute(SONG.with_track(0, routes=(BASS,)), 0.0)
    clock = m.ClockRun(1.0, 0.02)
    assert routing.spread([clock, m.SilenceAll(), m.Send(1.0, b"\xb0\x01\x02")]) == [
        clock,
        m.SilenceAll(),
        m.Send(1.0, b"\xb0\x01\x02"),
    ]
    assert routing.spread([m.Notes((note(1, 2, 60),))])[1] == m.Notes(
        (m.TimedNote(1, 2, 2, 48, 96),), 1
    )
    # A click of the metronome is no note of a track.
    click = m.Notes((m.TimedNote(1, 1.05, 9, 76, 90),), voice=CLICKS)
    assert routing.spread([click]) == [click]
