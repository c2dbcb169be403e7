"""Knobs, pads and keys in; commands, maps and words out, with time moved by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import Binding, DeviceMap
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import Target
from engine.protocol.base import Command
from engine.protocol.devices import (
    CancelLearn,
    ControlLearned,
    ControllersState,
    Forget,
    Learn,
    SetBinding,
)
from engine.protocol.edit import LockDimension, SelectSlot, SetLatent, SetLatents, Undo
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import Play
from tests.support.dispatcher import DispatcherHarness

NANO = "alsa:nano"
KNOB, OTHER = Control("cc", 0, 16), Control("cc", 0, 17)
DENSITY, RANGE = Target("gauge", "note_density"), Target("gauge", "note_range")
TEMPO, PLAY = Target("tempo"), Target("play")


class ControllerHarness(DispatcherHarness):
    """A dispatcher whose controllers are turned by hand."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.do(m.Listening((NANO,)))

    def receive(self, *data: bytes, port: str = NANO) -> None:
        """Dispatch messages that arrive at this time."""
        for each in data:
            self.dispatcher.handle_item(m.MidiReceived(self.now, port, each), self.now)
            self.dispatcher.tick(self.now)
        self.dispatcher.settle(self.now)

    def turn(self, *values: int, number: int = 16, apart: float = 0.01, port: str = NANO) -> None:
        """Turn a knob through values, and let what is due be done."""
        for value in values:
            self.receive(bytes((0xB0, number, value)), port=port)
            self.pass_time(apart)

    def pass_time(self, seconds: float) -> None:
        """Move time on."""
        end = self.now + seconds
        while (wake := self.dispatcher.wake()) is not None and wake <= end:
            self.now = max(self.now, wake)
            self.dispatcher.tick(self.now)
            self.dispatcher.settle(self.now)
        self.now = end

    def learn(self, target: Target, number: int = 16, port: str = NANO) -> None:
        """Bind a knob to a target by turning it, not as far as its middle, and rests."""
        self.do(Learn(target))
        self.turn(*range(20, 52, 3), number=number, port=port)
        self.pass_time(2.0)

    def written(self) -> DeviceMap:
        """Wait for what is being written, and return the map of the user's own."""
        self.dispatcher.services.controllers.close(self.now)
        return map_files.read(map_files.own_file("nano"))

    @property
    def shown(self) -> Snapshot:
        """The present state."""
        return self.dispatcher.snapshot

    def gauge(self, index: int = 2, slot: int = 0) -> float:
        """Where a gauge stands."""
        latent = self.shown.row.slots[slot].latent
        assert latent is not None
        return latent[index]

    def playing(self) -> bool:
        """Whether the loop runs."""
        return self.shown.playing

    def waiting(self) -> Target | None:
        """What waits for a control."""
        return self.dispatcher.controls.learning

    def words(self) -> list[str]:
        """What was said."""
        return [each.text for each in self.events if isinstance(each, Notice)]


def bound(*bindings: Binding, device: str = "nano") -> ControllerHarness:
    """Return a harness with a map of the user's own."""
    map_files.write(map_files.own_file(device), DeviceMap(device, bindings))
    return ControllerHarness()


JUMP = Binding(KNOB, DENSITY, takeover="jump")


def test_a_knob_that_is_learned_moves_its_gauge_from_where_that_stands() -> None:
    harness = ControllerHarness()
    harness.do(SetLatent(0, 2, 0.0))
    harness.learn(DENSITY)
    assert harness.gauge() == 0.0
    harness.turn(55, 60, 70, 90, 127)
    harness.pass_time(0.1)
    assert harness.gauge() == 3.0
    learned = [each for each in harness.events if isinstance(each, ControlLearned)]
    assert [(each.device, each.binding.control) for each in learned] == [("nano", KNOB)]


def test_what_is_learned_is_kept_and_found_again_by_the_name_of_the_device() -> None:
    first = ControllerHarness()
    first.learn(DENSITY)
    first.written()
    again = ControllerHarness()
    shown = again.dispatcher.controls.devices
    assert [(each.device, each.port, each.bindings[0].binding) for each in shown] == [
        ("nano", NANO, Binding(KNOB, DENSITY))
    ]


def test_nothing_is_learned_from_clocks_note_offs_and_twitches() -> None:
    harness = ControllerHarness()
    harness.do(Learn(DENSITY))
    harness.receive(
        b"\xf8", b"\xfe", bytes((0x80, 36, 0)), bytes((0xB0, 3, 60)), bytes((0xB0, 3, 61))
    )
    harness.pass_time(3.0)
    assert harness.waiting() == DENSITY
    harness.do(CancelLearn())
    assert harness.waiting() is None
    harness.turn(*range(0, 127, 5))
    assert not map_files.own_folder().exists()


def test_a_button_is_learned_after_a_rest_and_does_not_play_at_once() -> None:
    harness = ControllerHarness()
    harness.do(Learn(PLAY))
    harness.turn(127, number=41)
    harness.pass_time(1.0)
    assert harness.waiting() is None
    assert not harness.playing()
    harness.turn(0, 127, 0, number=41)
    assert harness.playing()
    harness.turn(127, 0, number=41)
    assert not harness.playing()


def test_a_turn_hard_costs_one_step_of_undo_and_few_decodes() -> None:
    harness = bound(JUMP, Binding(OTHER, RANGE, takeover="jump"))
    before, steps = harness.shown.song, len(harness.shown.undo)
    for value in range(128):
        harness.turn(value, apart=0.001)
        harness.turn(127 - value, number=17, apart=0.001)
    harness.pass_time(0.1)
    assert (harness.gauge(2), harness.gauge(1)) == (3.0, -3.0)
    assert len(harness.shown.undo) == steps + 1
    assert harness.shown.undo[0] == "range and density moved in measure 1"
    sent = [each for each in harness.recording.commands if isinstance(each, SetLatents)]
    assert len(sent) <= 0.256 * 50 + 2
    harness.do(Undo())
    assert harness.shown.song == before


def test_a_rest_ends_the_gesture_and_so_does_another_measure() -> None:
    harness = bound(JUMP)
    harness.turn(10, 20, 30)
    harness.pass_time(1.0)
    harness.turn(40, 50)
    harness.do(SelectSlot(1))
    harness.turn(60, 70)
    harness.pass_time(0.1)
    assert len(harness.shown.undo) == 3


def test_a_value_is_met_in_the_measure_over_which_it_was_turned() -> None:
    harness = bound(JUMP)
    harness.turn(0)
    harness.pass_time(1.0)
    harness.dispatcher.handle_item(
        m.MidiReceived(harness.now, NANO, bytes((0xB0, 16, 60))), harness.now
    )
    harness.dispatcher.handle_item(
        m.MidiReceived(harness.now, NANO, bytes((0xB0, 16, 127))), harness.now
    )
    harness.do(SelectSlot(1))
    harness.pass_time(0.1)
    assert harness.gauge(slot=0) == 3.0
    assert harness.shown.row.slots[1].empty


def test_a_knob_waits_for_a_value_that_was_changed_elsewhere() -> None:
    harness = bound(Binding(KNOB, DENSITY))
    harness.do(SetLatent(0, 2, 0.0))
    harness.turn(60, 64, 80)
    harness.pass_time(0.1)
    assert harness.gauge() > 0.5
    harness.do(SetLatent(0, 2, -2.0))
    harness.turn(81, 82, 60)
    harness.pass_time(0.1)
    assert harness.gauge() == -2.0
    knob = harness.dispatcher.controls.devices[0].bindings[0]
    assert not knob.held
    assert knob.place == 60 / 127
    harness.turn(30, 10)
    harness.pass_time(0.1)
    assert harness.gauge() == Binding(KNOB, DENSITY).value(10 / 127)


def test_a_knob_without_ends_is_told_by_its_other_way_after_learning() -> None:
    harness = ControllerHarness()
    harness.do(SetLatent(0, 2, 0.0), Learn(DENSITY))
    harness.turn(1, 1, 1, 1)
    assert harness.waiting() is None
    harness.turn(1, 1, 1, 1, 65, 65)
    harness.pass_time(0.1)
    assert harness.dispatcher.controls.devices[0].bindings[0].binding.encoding == "sign-bit"
    assert harness.gauge() == pytest.approx(2 * 0.06)


def test_a_clash_is_said_and_the_newer_wins() -> None:
    harness = ControllerHarness()
    harness.learn(DENSITY)
    harness.learn(TEMPO, number=17)
    harness.events.clear()
    harness.learn(TEMPO)
    assert harness.words() == [
        "cc 16, channel 1 of nano moves tempo. It no longer moves note density. "
        "cc 17, channel 1 moved it before and is free now."
    ]
    harness.events.clear()
    harness.learn(TEMPO, number=3, port="alsa:other")
    assert harness.words() == [
        "cc 3, channel 1 of other moves tempo. cc 16, channel 1 of nano moves it also."
    ]


def test_several_controllers_move_at_once() -> None:
    harness = bound(JUMP)
    harness.do(Learn(TEMPO))
    harness.turn(*range(0, 127, 9), port="jack:fader")
    harness.do(SetBinding("fader", Binding(KNOB, TEMPO, takeover="jump")))
    for value in range(0, 128, 8):
        harness.turn(value)
        harness.turn(value, port="jack:fader")
    harness.pass_time(0.1)
    assert harness.gauge() == JUMP.value(120 / 127)
    assert harness.shown.song.tempo == Binding(KNOB, TEMPO).value(120 / 127)
    assert harness.shown.undo[0].startswith("density moved in measure 1, tempo")


def test_a_map_that_ships_is_copied_when_something_is_learned() -> None:
    port = "alsa:nanoKONTROL2:nanoKONTROL2 MIDI 1"
    harness = ControllerHarness()
    harness.do(m.Listening((port,)))
    shipped = harness.dispatcher.controls.devices[-1]
    assert shipped.shipped
    before = Path(shipped.file).read_bytes()
    harness.learn(TEMPO, number=5, port=port)
    harness.dispatcher.services.controllers.close(harness.now)
    own = harness.dispatcher.controls.devices[-1]
    assert not own.shipped
    assert len(own.bindings) == len(shipped.bindings)
    assert Path(shipped.file).read_bytes() == before
    assert "Begun from nanokontrol2.toml" in Path(own.file).read_text()


def test_what_is_forgotten_moves_nothing() -> None:
    harness = bound(JUMP)
    harness.do(Forget(DENSITY))
    here = harness.gauge()
    harness.turn(0, 127)
    harness.pass_time(0.1)
    assert harness.gauge() == here
    assert harness.written().bindings == ()
    harness.events.clear()
    harness.do(Forget(DENSITY))
    assert harness.words() == ["No control moves note density."]


def test_a_binding_is_changed_by_its_control() -> None:
    harness = bound(JUMP, Binding(OTHER, TEMPO))
    narrow = Binding(KNOB, DENSITY, -1.0, 1.0, takeover="jump")
    harness.do(SetBinding("nano", narrow))
    harness.turn(127)
    harness.pass_time(0.1)
    assert harness.gauge() == 1.0
    assert harness.written().bindings == (narrow, Binding(OTHER, TEMPO))
    harness.do(SetBinding("nothing", narrow))
    assert isinstance(harness.events[-1], CommandFailed)


def test_a_slow_disk_holds_up_no_note_while_a_map_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end, write = threading.Event(), map_files.write

    def held(path: Path, device: DeviceMap) -> None:
        assert may_end.wait(60)
        write(path, device)

    harness, other = bound(JUMP), bound(JUMP)
    monkeypatch.setattr(map_files, "write", held)
    for each in (harness, other):
        each.do(Play())
        each.advance_to(0.5)
    harness.do(SetBinding("nano", Binding(OTHER, TEMPO)))
    for each in (harness, other):
        each.advance_to(3.0)
    assert harness.player.notes() == other.player.notes()
    # It counts at once, and is in its file when the program has ended.
    assert len(harness.dispatcher.controls.devices[0].bindings) == 2
    assert len(map_files.read(map_files.own_file("nano")).bindings) == 1
    may_end.set()
    harness.dispatcher.close(harness.now)
    assert len(map_files.read(map_files.own_file("nano")).bindings) == 2


def test_locked_gauges_and_absent_traits_are_told_once_a_turn() -> None:
    harness = bound(JUMP, Binding(OTHER, Target("strength", "drums")))
    harness.do(LockDimension(2, True))
    harness.events.clear()
    harness.turn(*range(0, 120, 5))
    harness.turn(*range(0, 120, 5), number=17)
    harness.pass_time(0.1)
    assert harness.words() == [
        "Note density is locked.",
        "There is no trait drums to move: no audio model is loaded.",
    ]
    assert not [each for each in harness.events if isinstance(each, CommandFailed)]


def test_before_the_model_is_there_a_knob_only_says_where_it_stands() -> None:
    map_files.write(map_files.own_file("nano"), DeviceMap("nano", (JUMP,)))
    harness = ControllerHarness(model=None)
    harness.turn(0, 127)
    harness.pass_time(1.0)
    assert harness.words() == ["The model is still loading; gauges move when it is there."]
    assert harness.shown.undo == ()


def test_pads_do_what_they_are_bound_to() -> None:
    words = ["next", "previous", "go 3", "lock note_density", "randomise", "undo", "hear", "start"]
    pads = [Binding(Control("note", 9, 36 + n), Target.read(word)) for n, word in enumerate(words)]
    harness = bound(*pads)

    def strike(word: str) -> None:
        pitch = 36 + words.index(word)
        harness.receive(bytes((0x99, pitch, 100)), bytes((0x89, pitch, 0)))

    strike("next")
    assert harness.shown.selected == 1
    strike("previous")
    strike("previous")
    assert harness.shown.selected == 0
    strike("randomise")
    assert harness.shown.undo[0] == "randomise 0.3 in measure 1"
    strike("undo")
    strike("lock note_density")
    assert harness.shown.locks == {2}
    strike("go 3")
    strike("start")
    assert (harness.shown.selected, harness.playing()) == (2, True)


def test_a_press_that_can_do_nothing_says_why() -> None:
    words = ["take", "add drums", "generate", "cancel"]
    pads = [Binding(Control("note", 9, 36 + n), Target.read(word)) for n, word in enumerate(words)]
    harness = bound(*pads)
    for pitch in range(36, 40):
        harness.receive(bytes((0x99, pitch, 100)))
    assert [type(each) for each in harness.events].count(CommandFailed) == len(words)


def test_a_broken_map_is_said_and_the_others_work() -> None:
    map_files.write(map_files.own_file("nano"), DeviceMap("nano", (JUMP, Binding(KNOB, TEMPO))))
    (map_files.own_folder() / "broken.toml").write_text("device = ")
    harness = ControllerHarness.__new__(ControllerHarness)
    DispatcherHarness.__init__(harness)
    assert any("broken.toml" in each for each in harness.words())
    assert any("moves both" in each for each in harness.words())
    harness.turn(127)
    harness.pass_time(0.1)
    assert harness.gauge() == 3.0


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Yield what the disk waits for whenever the maps are read; never on the engine thread."""
    ready, engine = threading.Event(), threading.get_ident()
    ready.set()

    def slow() -> tuple[list[map_files.MapFile], list[map_files.BadController]]:
        assert threading.get_ident() != engine
        found = load()
        assert ready.wait(60)
        return found

    load = map_files.load
    monkeypatch.setattr(map_files, "load", slow)
    yield ready
    ready.set()


def test_a_slow_disk_holds_up_nothing_but_the_port_whose_map_it_has(disk: threading.Event) -> None:
    map_files.write(
        map_files.own_file("pad"), DeviceMap("pad", (Binding(KNOB, TEMPO, takeover="jump"),))
    )
    harness = bound(JUMP)
    disk.clear()
    harness.dispatcher.handle_item(m.Listening((NANO, "alsa:pad")), harness.now)
    harness.turn(127, port="alsa:pad")
    harness.turn(127)
    harness.pass_time(0.1)
    assert harness.gauge() == 3.0
    tempo = harness.shown.song.tempo
    assert "alsa:pad" not in [each.port for each in harness.dispatcher.controls.devices]
    disk.set()
    harness.finish_files()
    harness.pass_time(0.1)
    assert harness.shown.song.tempo != tempo
    assert [each.port for each in harness.dispatcher.controls.devices] == [NANO, "alsa:pad"]


def test_what_follows_a_command_about_maps_waits_with_it(disk: threading.Event) -> None:
    harness = bound(JUMP)
    disk.clear()
    harness.dispatcher.handle_item(m.Listening((NANO, "alsa:pad")), harness.now)
    # Learned of a port that has its map, and one more map is forgotten: all in their order.
    harness.dispatcher.handle_item(Learn(RANGE), harness.now)
    harness.turn(*range(20, 52, 3), number=17)
    harness.dispatcher.handle_item(Forget(DENSITY, "nano"), harness.now)
    assert harness.waiting() is None
    assert not [each for each in harness.events if isinstance(each, CommandFailed)]
    disk.set()
    harness.finish_files()
    harness.pass_time(2.0)
    assert [each.target for each in harness.written().bindings] == [RANGE]


def test_a_map_that_is_written_while_others_are_read_is_read_with_them(
    disk: threading.Event,
) -> None:
    harness = bound(JUMP)
    harness.do(Learn(RANGE))
    disk.clear()
    harness.dispatcher.handle_item(m.Listening((NANO, "alsa:pad")), harness.now)
    harness.turn(*range(20, 52, 3), number=17)
    harness.pass_time(2.0)
    disk.set()
    harness.finish_files()
    # The device at another port is found with what was learned meanwhile.
    harness.do(m.Listening((NANO, "alsa:pad", "jack:nano")))
    found = {each.port: each.bindings for each in harness.dispatcher.controls.devices}
    assert {each.binding.target for each in found["jack:nano"]} == {RANGE, DENSITY}


def test_a_binding_is_kept_although_the_program_ends_before_its_map_is_read(
    disk: threading.Event,
) -> None:
    harness = bound(JUMP)
    disk.clear()
    harness.dispatcher.handle_item(m.Listening((NANO, "alsa:pad")), harness.now)
    harness.dispatcher.handle_item(SetBinding("nano", Binding(OTHER, RANGE)), harness.now)
    threading.Timer(0.1, disk.set).start()
    assert {each.target for each in harness.written().bindings} == {RANGE, DENSITY}


def test_maps_that_cannot_be_read_at_all_keep_no_port_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(map_files, "load", broken)
    harness = ControllerHarness()
    harness.learn(DENSITY)
    assert [each.target for each in harness.written().bindings] == [DENSITY]


def test_a_device_that_goes_is_shown_as_gone() -> None:
    harness = bound(JUMP)
    harness.dispatcher.handle_item(m.Listening(()), harness.now)
    assert [each.port for each in harness.dispatcher.controls.devices] == [""]
    harness.dispatcher.handle_item(m.Listening((NANO,)), harness.now)
    assert [each.port for each in harness.dispatcher.controls.devices] == [NANO]


def test_controls_are_shown_seldom_while_they_move() -> None:
    harness = bound(JUMP)
    harness.events.clear()
    for value in range(100):
        harness.turn(value, apart=0.002)
    harness.pass_time(0.2)
    shown = [each for each in harness.events if isinstance(each, ControllersState)]
    assert 1 < len(shown) <= 0.2 / 0.05 + 2
    assert shown[-1].devices[0].bindings[0].place == 99 / 127


def feeding(*bindings: Binding) -> ControllerHarness:
    """Return a harness whose device listens."""
    device = DeviceMap("nano", bindings, feedback=True)
    map_files.write(map_files.own_file("nano"), device)
    return ControllerHarness()


def fed(harness: ControllerHarness) -> list[bytes]:
    """Return what the device was told since, once all is due."""
    harness.dispatcher.settle(harness.now)
    harness.pass_time(1.0)
    messages = [each.data for each in harness.player.messages if isinstance(each, m.SendFeedback)]
    harness.player.messages.clear()
    return messages


def test_a_fader_follows_what_changes_elsewhere() -> None:
    harness = feeding(Binding(KNOB, DENSITY), Binding(Control("note", 9, 36), PLAY))
    fed(harness)
    harness.do(SetLatent(0, 2, 3.0))
    assert fed(harness) == [bytes((0xB0, 16, 127))]
    harness.do(SetLatent(0, 2, 0.0))
    harness.do(Undo())
    harness.do(Undo())
    here = round(127 * Binding(KNOB, DENSITY).place(harness.gauge()))
    assert fed(harness) == [bytes((0xB0, 16, here))]
    harness.do(SelectSlot(1))
    assert fed(harness) == [bytes((0xB0, 16, 64))]
    harness.do(Play())
    assert bytes((0x99, 36, 127)) in fed(harness)


def test_a_fader_is_not_moved_under_the_hand_that_moves_it() -> None:
    harness = feeding(JUMP)
    fed(harness)
    for value in range(20, 80):
        harness.turn(value)
        assert not [each for each in harness.player.messages if isinstance(each, m.SendFeedback)]
    # It stands where it should already.
    assert fed(harness) == []


def test_a_fader_that_was_not_picked_up_goes_to_its_value_when_it_is_let_go() -> None:
    harness = feeding(Binding(KNOB, DENSITY))
    harness.do(SetLatent(0, 2, 3.0))
    fed(harness)
    harness.turn(10, 20)
    assert fed(harness) == [bytes((0xB0, 16, 127))]


def test_a_device_that_returns_is_told_everything_and_one_that_is_deaf_nothing() -> None:
    harness = feeding(JUMP)
    first = fed(harness)
    assert len(first) == 1
    harness.dispatcher.handle_item(m.Listening(()), harness.now)
    harness.dispatcher.handle_item(m.Listening((NANO,)), harness.now)
    assert fed(harness) == first
    deaf = bound(JUMP)
    deaf.do(SetLatent(0, 2, 3.0))
    assert fed(deaf) == []


def test_a_pad_that_is_bound_is_kept_from_the_instrument() -> None:
    harness = bound(Binding(Control("note", 9, 36), PLAY), JUMP)
    harness.dispatcher.settle(harness.now)
    spared = [each for each in harness.player.messages if isinstance(each, m.ExcludeFromThru)]
    assert spared == [m.ExcludeFromThru(("9924 alsa:nano", "b010 alsa:nano"))]
    harness.player.messages.clear()
    harness.dispatcher.settle(harness.now)
    assert not [each for each in harness.player.messages if isinstance(each, m.ExcludeFromThru)]
    harness.do(Forget(PLAY))
    harness.dispatcher.settle(harness.now)
    assert [each for each in harness.player.messages if isinstance(each, m.ExcludeFromThru)] == [
        m.ExcludeFromThru(("b010 alsa:nano",))
    ]


MESSAGES = st.one_of(
    st.binary(min_size=2, max_size=2).map(lambda data: bytes((0xB0, *(b & 127 for b in data)))),
    st.builds(lambda n, v: bytes((0xB0, n, v)), st.integers(14, 18), st.integers(0, 127)),
    st.builds(lambda n, v: bytes((0x90, n, v)), st.integers(0, 127), st.integers(0, 127)),
)
ASKED = st.one_of(
    st.builds(Learn, st.sampled_from([DENSITY, RANGE, TEMPO, PLAY])),
    st.just(CancelLearn()),
    st.builds(Forget, st.sampled_from([DENSITY, TEMPO])),
    st.just(Undo()),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.one_of(MESSAGES, ASKED), max_size=40), st.floats(0.001, 0.5))
def test_any_turning_and_asking_leaves_a_sound_map(
    events: list[bytes | Command], apart: float
) -> None:
    harness = bound(Binding(KNOB, DENSITY))
    for each in events:
        if isinstance(each, bytes):
            harness.receive(each)
        else:
            harness.do(each)
        harness.pass_time(apart)
    read = harness.written()
    assert not list(read.clashes())
    shown = harness.dispatcher.controls.devices[0].bindings
    assert tuple(each.binding for each in shown) == read.bindings
