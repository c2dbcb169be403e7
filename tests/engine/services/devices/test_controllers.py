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
from tests.engine.runtime.test_dispatcher import Desk

NANO = "alsa:nano"
KNOB, OTHER = Control("cc", 0, 16), Control("cc", 0, 17)
DENSITY, RANGE = Target("gauge", "note_density"), Target("gauge", "note_range")
TEMPO, PLAY = Target("tempo"), Target("play")


class Stage(Desk):
    """A conductor whose controllers are turned by hand."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.do(m.Listening((NANO,)))

    def hear(self, *data: bytes, port: str = NANO) -> None:
        """Return messages that arrived at this time."""
        for each in data:
            self.conductor.handle_item(m.MidiReceived(self.now, port, each), self.now)
            self.conductor.tick(self.now)
        self.conductor.settle(self.now)

    def turn(self, *values: int, number: int = 16, apart: float = 0.01, port: str = NANO) -> None:
        """Turn a knob through values, and let what is due be done."""
        for value in values:
            self.hear(bytes((0xB0, number, value)), port=port)
            self.pass_time(apart)

    def pass_time(self, seconds: float) -> None:
        """Move time on."""
        end = self.now + seconds
        while (wake := self.conductor.wake()) is not None and wake <= end:
            self.now = max(self.now, wake)
            self.conductor.tick(self.now)
            self.conductor.settle(self.now)
        self.now = end

    def learn(self, target: Target, number: int = 16, port: str = NANO) -> None:
        """Bind a knob to a target by turning it, not as far as its middle, and rests."""
        self.do(Learn(target))
        self.turn(*range(20, 52, 3), number=number, port=port)
        self.pass_time(2.0)

    def written(self) -> DeviceMap:
        """Wait for what is being written, and return the map of the user's own."""
        self.conductor.services.controllers.close(self.now)
        return map_files.read(map_files.own_file("nano"))

    @property
    def shown(self) -> Snapshot:
        """The present state."""
        return self.conductor.snapshot

    def gauge(self, index: int = 2, slot: int = 0) -> float:
        """Where a gauge stands."""
        latent = self.shown.song.slots[slot].latent
        assert latent is not None
        return latent[index]

    def playing(self) -> bool:
        """Whether the loop runs."""
        return self.shown.playing

    def waiting(self) -> Target | None:
        """What waits for a control."""
        return self.conductor.controls.learning

    def words(self) -> list[str]:
        """What was said."""
        return [each.text for each in self.events if isinstance(each, Notice)]


def bound(*bindings: Binding, device: str = "nano") -> Stage:
    """Return a stage with a map of the user's own."""
    map_files.write(map_files.own_file(device), DeviceMap(device, bindings))
    return Stage()


JUMP = Binding(KNOB, DENSITY, takeover="jump")


def test_a_knob_that_is_learned_moves_its_gauge_from_where_that_stands() -> None:
    stage = Stage()
    stage.do(SetLatent(0, 2, 0.0))
    stage.learn(DENSITY)
    assert stage.gauge() == 0.0
    stage.turn(55, 60, 70, 90, 127)
    stage.pass_time(0.1)
    assert stage.gauge() == 3.0
    learned = [each for each in stage.events if isinstance(each, ControlLearned)]
    assert [(each.device, each.binding.control) for each in learned] == [("nano", KNOB)]


def test_what_is_learned_is_kept_and_found_again_by_the_name_of_the_device() -> None:
    first = Stage()
    first.learn(DENSITY)
    first.written()
    again = Stage()
    shown = again.conductor.controls.devices
    assert [(each.device, each.port, each.bindings[0].binding) for each in shown] == [
        ("nano", NANO, Binding(KNOB, DENSITY))
    ]


def test_nothing_is_learned_from_clocks_note_offs_and_twitches() -> None:
    stage = Stage()
    stage.do(Learn(DENSITY))
    stage.hear(b"\xf8", b"\xfe", bytes((0x80, 36, 0)), bytes((0xB0, 3, 60)), bytes((0xB0, 3, 61)))
    stage.pass_time(3.0)
    assert stage.waiting() == DENSITY
    stage.do(CancelLearn())
    assert stage.waiting() is None
    stage.turn(*range(0, 127, 5))
    assert not map_files.own_folder().exists()


def test_a_button_is_learned_after_a_rest_and_does_not_play_at_once() -> None:
    stage = Stage()
    stage.do(Learn(PLAY))
    stage.turn(127, number=41)
    stage.pass_time(1.0)
    assert stage.waiting() is None
    assert not stage.playing()
    stage.turn(0, 127, 0, number=41)
    assert stage.playing()
    stage.turn(127, 0, number=41)
    assert not stage.playing()


def test_a_turn_hard_costs_one_step_of_undo_and_few_decodes() -> None:
    stage = bound(JUMP, Binding(OTHER, RANGE, takeover="jump"))
    before, steps = stage.shown.song, len(stage.shown.undo)
    for value in range(128):
        stage.turn(value, apart=0.001)
        stage.turn(127 - value, number=17, apart=0.001)
    stage.pass_time(0.1)
    assert (stage.gauge(2), stage.gauge(1)) == (3.0, -3.0)
    assert len(stage.shown.undo) == steps + 1
    assert stage.shown.undo[0] == "range and density moved in measure 1"
    sent = [each for each in stage.recording.commands if isinstance(each, SetLatents)]
    assert len(sent) <= 0.256 * 50 + 2
    stage.do(Undo())
    assert stage.shown.song == before


def test_a_rest_ends_the_gesture_and_so_does_another_measure() -> None:
    stage = bound(JUMP)
    stage.turn(10, 20, 30)
    stage.pass_time(1.0)
    stage.turn(40, 50)
    stage.do(SelectSlot(1))
    stage.turn(60, 70)
    stage.pass_time(0.1)
    assert len(stage.shown.undo) == 3


def test_a_value_is_met_in_the_measure_over_which_it_was_turned() -> None:
    stage = bound(JUMP)
    stage.turn(0)
    stage.pass_time(1.0)
    stage.conductor.handle_item(m.MidiReceived(stage.now, NANO, bytes((0xB0, 16, 60))), stage.now)
    stage.conductor.handle_item(m.MidiReceived(stage.now, NANO, bytes((0xB0, 16, 127))), stage.now)
    stage.do(SelectSlot(1))
    stage.pass_time(0.1)
    assert stage.gauge(slot=0) == 3.0
    assert stage.shown.song.slots[1].empty


def test_a_knob_waits_for_a_value_that_was_changed_elsewhere() -> None:
    stage = bound(Binding(KNOB, DENSITY))
    stage.do(SetLatent(0, 2, 0.0))
    stage.turn(60, 64, 80)
    stage.pass_time(0.1)
    assert stage.gauge() > 0.5
    stage.do(SetLatent(0, 2, -2.0))
    stage.turn(81, 82, 60)
    stage.pass_time(0.1)
    assert stage.gauge() == -2.0
    knob = stage.conductor.controls.devices[0].bindings[0]
    assert not knob.held
    assert knob.place == 60 / 127
    stage.turn(30, 10)
    stage.pass_time(0.1)
    assert stage.gauge() == Binding(KNOB, DENSITY).value(10 / 127)


def test_a_knob_without_ends_is_told_by_its_other_way_after_learning() -> None:
    stage = Stage()
    stage.do(SetLatent(0, 2, 0.0), Learn(DENSITY))
    stage.turn(1, 1, 1, 1)
    assert stage.waiting() is None
    stage.turn(1, 1, 1, 1, 65, 65)
    stage.pass_time(0.1)
    assert stage.conductor.controls.devices[0].bindings[0].binding.encoding == "sign-bit"
    assert stage.gauge() == pytest.approx(2 * 0.06)


def test_a_clash_is_said_and_the_newer_wins() -> None:
    stage = Stage()
    stage.learn(DENSITY)
    stage.learn(TEMPO, number=17)
    stage.events.clear()
    stage.learn(TEMPO)
    assert stage.words() == [
        "cc 16, channel 1 of nano moves tempo. It no longer moves note density. "
        "cc 17, channel 1 moved it before and is free now."
    ]
    stage.events.clear()
    stage.learn(TEMPO, number=3, port="alsa:other")
    assert stage.words() == [
        "cc 3, channel 1 of other moves tempo. cc 16, channel 1 of nano moves it also."
    ]


def test_several_controllers_move_at_once() -> None:
    stage = bound(JUMP)
    stage.do(Learn(TEMPO))
    stage.turn(*range(0, 127, 9), port="jack:fader")
    stage.do(SetBinding("fader", Binding(KNOB, TEMPO, takeover="jump")))
    for value in range(0, 128, 8):
        stage.turn(value)
        stage.turn(value, port="jack:fader")
    stage.pass_time(0.1)
    assert stage.gauge() == JUMP.value(120 / 127)
    assert stage.shown.song.tempo == Binding(KNOB, TEMPO).value(120 / 127)
    assert stage.shown.undo[0].startswith("density moved in measure 1, tempo")


def test_a_map_that_ships_is_copied_when_something_is_learned() -> None:
    port = "alsa:nanoKONTROL2:nanoKONTROL2 MIDI 1"
    stage = Stage()
    stage.do(m.Listening((port,)))
    shipped = stage.conductor.controls.devices[-1]
    assert shipped.shipped
    before = Path(shipped.file).read_bytes()
    stage.learn(TEMPO, number=5, port=port)
    stage.conductor.services.controllers.close(stage.now)
    own = stage.conductor.controls.devices[-1]
    assert not own.shipped
    assert len(own.bindings) == len(shipped.bindings)
    assert Path(shipped.file).read_bytes() == before
    assert "Begun from nanokontrol2.toml" in Path(own.file).read_text()


def test_what_is_forgotten_moves_nothing() -> None:
    stage = bound(JUMP)
    stage.do(Forget(DENSITY))
    here = stage.gauge()
    stage.turn(0, 127)
    stage.pass_time(0.1)
    assert stage.gauge() == here
    assert stage.written().bindings == ()
    stage.events.clear()
    stage.do(Forget(DENSITY))
    assert stage.words() == ["No control moves note density."]


def test_a_binding_is_changed_by_its_control() -> None:
    stage = bound(JUMP, Binding(OTHER, TEMPO))
    narrow = Binding(KNOB, DENSITY, -1.0, 1.0, takeover="jump")
    stage.do(SetBinding("nano", narrow))
    stage.turn(127)
    stage.pass_time(0.1)
    assert stage.gauge() == 1.0
    assert stage.written().bindings == (narrow, Binding(OTHER, TEMPO))
    stage.do(SetBinding("nothing", narrow))
    assert isinstance(stage.events[-1], CommandFailed)


def test_a_slow_disk_holds_up_no_note_while_a_map_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end, write = threading.Event(), map_files.write

    def held(path: Path, device: DeviceMap) -> None:
        assert may_end.wait(60)
        write(path, device)

    stage, other = bound(JUMP), bound(JUMP)
    monkeypatch.setattr(map_files, "write", held)
    for each in (stage, other):
        each.do(Play())
        each.until(0.5)
    stage.do(SetBinding("nano", Binding(OTHER, TEMPO)))
    for each in (stage, other):
        each.until(3.0)
    assert stage.player.notes() == other.player.notes()
    # It counts at once, and is in its file when the program has ended.
    assert len(stage.conductor.controls.devices[0].bindings) == 2
    assert len(map_files.read(map_files.own_file("nano")).bindings) == 1
    may_end.set()
    stage.conductor.close(stage.now)
    assert len(map_files.read(map_files.own_file("nano")).bindings) == 2


def test_locked_gauges_and_absent_traits_are_told_once_a_turn() -> None:
    stage = bound(JUMP, Binding(OTHER, Target("strength", "drums")))
    stage.do(LockDimension(2, True))
    stage.events.clear()
    stage.turn(*range(0, 120, 5))
    stage.turn(*range(0, 120, 5), number=17)
    stage.pass_time(0.1)
    assert stage.words() == [
        "Note density is locked.",
        "There is no trait drums to move: no audio model is loaded.",
    ]
    assert not [each for each in stage.events if isinstance(each, CommandFailed)]


def test_before_the_model_is_there_a_knob_only_says_where_it_stands() -> None:
    map_files.write(map_files.own_file("nano"), DeviceMap("nano", (JUMP,)))
    stage = Stage(model=None)
    stage.turn(0, 127)
    stage.pass_time(1.0)
    assert stage.words() == ["The model is still loading; gauges move when it is there."]
    assert stage.shown.undo == ()


def test_pads_do_what_they_are_bound_to() -> None:
    words = ["next", "previous", "go 3", "lock note_density", "randomise", "undo", "hear", "start"]
    pads = [Binding(Control("note", 9, 36 + n), Target.read(word)) for n, word in enumerate(words)]
    stage = bound(*pads)

    def strike(word: str) -> None:
        pitch = 36 + words.index(word)
        stage.hear(bytes((0x99, pitch, 100)), bytes((0x89, pitch, 0)))

    strike("next")
    assert stage.shown.selected == 1
    strike("previous")
    strike("previous")
    assert stage.shown.selected == 0
    strike("randomise")
    assert stage.shown.undo[0] == "randomise 0.3 in measure 1"
    strike("undo")
    strike("lock note_density")
    assert stage.shown.locks == {2}
    strike("go 3")
    strike("start")
    assert (stage.shown.selected, stage.playing()) == (2, True)


def test_a_press_that_can_do_nothing_says_why() -> None:
    words = ["take", "add drums", "generate", "cancel"]
    pads = [Binding(Control("note", 9, 36 + n), Target.read(word)) for n, word in enumerate(words)]
    stage = bound(*pads)
    for pitch in range(36, 40):
        stage.hear(bytes((0x99, pitch, 100)))
    assert [type(each) for each in stage.events].count(CommandFailed) == len(words)


def test_a_broken_map_is_said_and_the_others_work() -> None:
    map_files.write(map_files.own_file("nano"), DeviceMap("nano", (JUMP, Binding(KNOB, TEMPO))))
    (map_files.own_folder() / "broken.toml").write_text("device = ")
    stage = Stage.__new__(Stage)
    Desk.__init__(stage)
    assert any("broken.toml" in each for each in stage.words())
    assert any("moves both" in each for each in stage.words())
    stage.turn(127)
    stage.pass_time(0.1)
    assert stage.gauge() == 3.0


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
    stage = bound(JUMP)
    disk.clear()
    stage.conductor.handle_item(m.Listening((NANO, "alsa:pad")), stage.now)
    stage.turn(127, port="alsa:pad")
    stage.turn(127)
    stage.pass_time(0.1)
    assert stage.gauge() == 3.0
    tempo = stage.shown.song.tempo
    assert "alsa:pad" not in [each.port for each in stage.conductor.controls.devices]
    disk.set()
    stage.save()
    stage.pass_time(0.1)
    assert stage.shown.song.tempo != tempo
    assert [each.port for each in stage.conductor.controls.devices] == [NANO, "alsa:pad"]


def test_what_follows_a_command_about_maps_waits_with_it(disk: threading.Event) -> None:
    stage = bound(JUMP)
    disk.clear()
    stage.conductor.handle_item(m.Listening((NANO, "alsa:pad")), stage.now)
    # Learned of a port that has its map, and one more map is forgotten: all in their order.
    stage.conductor.handle_item(Learn(RANGE), stage.now)
    stage.turn(*range(20, 52, 3), number=17)
    stage.conductor.handle_item(Forget(DENSITY, "nano"), stage.now)
    assert stage.waiting() is None
    assert not [each for each in stage.events if isinstance(each, CommandFailed)]
    disk.set()
    stage.save()
    stage.pass_time(2.0)
    assert [each.target for each in stage.written().bindings] == [RANGE]


def test_a_map_that_is_written_while_others_are_read_is_read_with_them(
    disk: threading.Event,
) -> None:
    stage = bound(JUMP)
    stage.do(Learn(RANGE))
    disk.clear()
    stage.conductor.handle_item(m.Listening((NANO, "alsa:pad")), stage.now)
    stage.turn(*range(20, 52, 3), number=17)
    stage.pass_time(2.0)
    disk.set()
    stage.save()
    # The device at another port is found with what was learned meanwhile.
    stage.do(m.Listening((NANO, "alsa:pad", "jack:nano")))
    found = {each.port: each.bindings for each in stage.conductor.controls.devices}
    assert {each.binding.target for each in found["jack:nano"]} == {RANGE, DENSITY}


def test_a_binding_is_kept_although_the_program_ends_before_its_map_is_read(
    disk: threading.Event,
) -> None:
    stage = bound(JUMP)
    disk.clear()
    stage.conductor.handle_item(m.Listening((NANO, "alsa:pad")), stage.now)
    stage.conductor.handle_item(SetBinding("nano", Binding(OTHER, RANGE)), stage.now)
    threading.Timer(0.1, disk.set).start()
    assert {each.target for each in stage.written().bindings} == {RANGE, DENSITY}


def test_maps_that_cannot_be_read_at_all_keep_no_port_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(map_files, "load", broken)
    stage = Stage()
    stage.learn(DENSITY)
    assert [each.target for each in stage.written().bindings] == [DENSITY]


def test_a_device_that_goes_is_shown_as_gone() -> None:
    stage = bound(JUMP)
    stage.conductor.handle_item(m.Listening(()), stage.now)
    assert [each.port for each in stage.conductor.controls.devices] == [""]
    stage.conductor.handle_item(m.Listening((NANO,)), stage.now)
    assert [each.port for each in stage.conductor.controls.devices] == [NANO]


def test_controls_are_shown_seldom_while_they_move() -> None:
    stage = bound(JUMP)
    stage.events.clear()
    for value in range(100):
        stage.turn(value, apart=0.002)
    stage.pass_time(0.2)
    shown = [each for each in stage.events if isinstance(each, ControllersState)]
    assert 1 < len(shown) <= 0.2 / 0.05 + 2
    assert shown[-1].devices[0].bindings[0].place == 99 / 127


def feeding(*bindings: Binding) -> Stage:
    """Return a stage whose device listens."""
    device = DeviceMap("nano", bindings, feedback=True)
    map_files.write(map_files.own_file("nano"), device)
    return Stage()


def fed(stage: Stage) -> list[bytes]:
    """Return what the device was told since, once all is due."""
    stage.conductor.settle(stage.now)
    stage.pass_time(1.0)
    told = [each.data for each in stage.player.messages if isinstance(each, m.SendFeedback)]
    stage.player.messages.clear()
    return told


def test_a_fader_follows_what_changes_elsewhere() -> None:
    stage = feeding(Binding(KNOB, DENSITY), Binding(Control("note", 9, 36), PLAY))
    fed(stage)
    stage.do(SetLatent(0, 2, 3.0))
    assert fed(stage) == [bytes((0xB0, 16, 127))]
    stage.do(SetLatent(0, 2, 0.0))
    stage.do(Undo())
    stage.do(Undo())
    here = round(127 * Binding(KNOB, DENSITY).place(stage.gauge()))
    assert fed(stage) == [bytes((0xB0, 16, here))]
    stage.do(SelectSlot(1))
    assert fed(stage) == [bytes((0xB0, 16, 64))]
    stage.do(Play())
    assert bytes((0x99, 36, 127)) in fed(stage)


def test_a_fader_is_not_moved_under_the_hand_that_moves_it() -> None:
    stage = feeding(JUMP)
    fed(stage)
    for value in range(20, 80):
        stage.turn(value)
        assert not [each for each in stage.player.messages if isinstance(each, m.SendFeedback)]
    # It stands where it should already.
    assert fed(stage) == []


def test_a_fader_that_was_not_picked_up_goes_to_its_value_when_it_is_let_go() -> None:
    stage = feeding(Binding(KNOB, DENSITY))
    stage.do(SetLatent(0, 2, 3.0))
    fed(stage)
    stage.turn(10, 20)
    assert fed(stage) == [bytes((0xB0, 16, 127))]


def test_a_device_that_returns_is_told_everything_and_one_that_is_deaf_nothing() -> None:
    stage = feeding(JUMP)
    first = fed(stage)
    assert len(first) == 1
    stage.conductor.handle_item(m.Listening(()), stage.now)
    stage.conductor.handle_item(m.Listening((NANO,)), stage.now)
    assert fed(stage) == first
    deaf = bound(JUMP)
    deaf.do(SetLatent(0, 2, 3.0))
    assert fed(deaf) == []


def test_a_pad_that_is_bound_is_kept_from_the_instrument() -> None:
    stage = bound(Binding(Control("note", 9, 36), PLAY), JUMP)
    stage.conductor.settle(stage.now)
    spared = [each for each in stage.player.messages if isinstance(each, m.ExcludeFromThru)]
    assert spared == [m.ExcludeFromThru(("9924 alsa:nano", "b010 alsa:nano"))]
    stage.player.messages.clear()
    stage.conductor.settle(stage.now)
    assert not [each for each in stage.player.messages if isinstance(each, m.ExcludeFromThru)]
    stage.do(Forget(PLAY))
    stage.conductor.settle(stage.now)
    assert [each for each in stage.player.messages if isinstance(each, m.ExcludeFromThru)] == [
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
    stage = bound(Binding(KNOB, DENSITY))
    for each in events:
        if isinstance(each, bytes):
            stage.hear(each)
        else:
            stage.do(each)
        stage.pass_time(apart)
    read = stage.written()
    assert not list(read.clashes())
    shown = stage.conductor.controls.devices[0].bindings
    assert tuple(each.binding for each in shown) == read.bindings
