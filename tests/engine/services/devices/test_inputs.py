"""What is heard is asked for once the player is there, and thru follows the track."""

from __future__ import annotations

from engine.config import Settings
from engine.midi import messages as m
from engine.protocol.devices import ListenTo, SetThru
from engine.protocol.notices import Notice
from engine.protocol.snapshot import InputStatus
from engine.protocol.tracks import SetTrack
from tests.support.dispatcher import DispatcherHarness


def test_a_player_that_has_begun_is_told_what_to_hear() -> None:
    assert DispatcherHarness().do(m.Ready(1, True)) == [
        m.Listen((), everything=True),
        m.Thru(True, 0),
    ]
    quiet = Settings(inputs="none", thru=False)
    assert DispatcherHarness(settings=quiet).do(m.Ready(1, True)) == [m.Listen(), m.Thru(False, 0)]
    some = Settings(inputs="keys, pads")
    assert DispatcherHarness(settings=some).do(m.Ready(1, True))[0] == m.Listen(("keys", "pads"))


def test_thru_goes_out_on_the_channel_of_the_track() -> None:
    harness = DispatcherHarness()
    sent = harness.do(SetTrack(channel=4))
    assert m.Thru(True, 4) in sent
    harness.clear()
    assert harness.do(SetThru(False, only=(9,))) == [m.Thru(False, 4, (9,))]
    assert harness.dispatcher.snapshot.inputs == InputStatus(thru=False, only=(9,))


def test_the_snapshot_says_which_ports_are_heard() -> None:
    harness = DispatcherHarness()
    harness.do(
        m.PortsSeen(("alsa:Synth",), ("alsa:Keys",)),
        m.Listening(("alsa:Keys",), ("alsa:Pads: busy",)),
    )
    inputs = harness.dispatcher.snapshot.inputs
    assert (inputs.known, inputs.heard) == (("alsa:Keys",), ("alsa:Keys",))
    assert harness.published(Notice) == [
        Notice("A MIDI port is not heard: alsa:Pads: busy", "warning")
    ]
    harness.clear()
    harness.do(m.Listening(("alsa:Keys",), ("alsa:Pads: busy",)))
    assert harness.published(Notice) == []
    assert harness.do(ListenTo(("pads",))) == [m.Listen(("pads",))]
    assert harness.dispatcher.snapshot.inputs.wanted == ("pads",)
