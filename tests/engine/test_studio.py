"""Takes are asked for, grow, are kept, repeated, compared and played: commands in, events out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine import commands as c
from engine import writing
from engine.audio.sink import Playing
from engine.events import (
    Noticed,
    PlayheadMoved,
    Prompt,
    Refused,
    StudioShown,
    Take,
    TakeGrown,
    TakePlayed,
)
from engine.loop import Engine
from engine.midi import messages as m
from engine.midi.link import Player
from engine.music.measure import HOLD, Measure
from engine.music.song import Origin, Slot, Song
from engine.studio import takes
from tests.engine.conftest import Listener
from tests.fakes import FakeModel
from tests.fakes_audio import FakeStage, plant_probes
from tests.fakes_player import RecordingPlayer

MELODY = Measure.from_tokens([60, *[HOLD] * 11, 64, *[HOLD] * 11])
SONG = Song("Song", 240.0, slots=(Slot.brought_in(MELODY, Origin("corpus", "The Tune")),) * 2)
NOTHING = Prompt("nothing")


class Room:
    """An engine with a studio in which nothing sounds, and who listens."""

    def __init__(self, stage: FakeStage, song: Song = SONG) -> None:
        self.stage, self.listener, self.player = stage, Listener(), RecordingPlayer()
        self.engine = Engine(FakeModel, self._player, song=song, studio=stage.parts())
        self.engine.subscribe(self.listener)
        self.engine.start()

    def _player(self, tell: Callable[[m.FromPlayer], None]) -> Player:
        del tell
        return self.player

    @property
    def shown(self) -> StudioShown:
        """The state of the studio as it was told last."""
        told = self.listener.of(StudioShown)
        return told[-1] if told else StudioShown()

    def do(self, *commands: c.Command) -> Room:
        """Asks."""
        for command in commands:
            self.engine.send(command)
        return self

    def until(self, condition: Callable[[StudioShown], object]) -> StudioShown:
        """Waits until the state is like that."""
        self.listener.until(lambda: condition(self.shown))
        return self.shown

    def opened(self, name: str = "toy") -> Room:
        """Opens a model and waits for it, and for the takes and the sound."""
        self.do(c.OpenAudioModel(name)).until(
            lambda s: s.model.state == "ready" and (s.sound or s.silence)
        )
        return self

    def take(self, *commands: c.Command) -> Take:
        """Asks for a take and gives it once it is kept and nothing grows any more."""
        before = {take.id for take in self.shown.takes}

        def new() -> list[Take]:
            return [take for take in self.shown.takes if take.id not in before]

        self.do(*commands).until(lambda s: s.job is None and new())
        return new()[0]

    def refused(self, command: c.Command) -> Refused:
        """Asks for what cannot be, and gives how it was told."""
        self.do(command)
        return self.listener.wait(Refused, lambda event: event.answers == command)


@pytest.fixture
def stage(home: Path) -> FakeStage:
    """Gives the parts of a studio, and two probes."""
    del home
    plant_probes("drums", "bass")
    return FakeStage()


@pytest.fixture
def room(stage: FakeStage) -> Iterator[Room]:
    """Gives an engine whose audio model is there."""
    made = Room(stage).opened()
    yield made
    made.engine.close()


def files() -> list[str]:
    """Gives the endings of all files of takes."""
    folder = takes.takes_folder()
    return sorted(path.suffix for path in folder.iterdir()) if folder.is_dir() else []


def test_opening_tells_the_model_its_traits_the_sound_and_what_was_kept(room: Room) -> None:
    shown = room.shown
    assert (shown.model.name, shown.model.memory) == ("toy", 1_000_000)
    assert [trait.name for trait in shown.traits] == ["bass", "drums"]
    assert shown.traits[0].low <= shown.traits[0].accuracy <= shown.traits[0].high
    assert (shown.sound, shown.silence) == ("Loudspeaker", "")
    late = Listener()
    room.engine.subscribe(late)
    assert late.wait(StudioShown) == shown


def test_a_take_grows_steered_is_heard_and_kept_with_its_recipe(room: Room) -> None:
    plain = room.take(c.SetGeneration(seconds=4.0, seed=3), c.Generate())
    take = room.take(c.SetTrait("drums", mode="add", strength=6.0), c.Generate())
    assert (plain.arm, plain.pushed, take.arm) == ("none", (), "closed-loop")
    assert take.pushed == (("drums", 6.0),)
    assert take.title == "Song +drums"
    assert take.whole
    assert (take.seconds, take.prompt_seconds) == (6.0, 2.0)
    assert dict(take.heard)["drums"] > dict(plain.heard)["drums"] + 0.2
    grown = [event for event in room.listener.of(TakeGrown) if event.peaks]
    assert grown[-1].step == grown[-1].steps == 203
    assert grown[-1].seconds == grown[-1].of == 6.0
    assert 0 < len(grown[-1].history) <= 128
    assert [meter.name for meter in grown[-1].meters] == ["bass", "drums"]
    assert grown[-1].left == (0.0, 0.0)
    recipe = takes.read(take.id)
    assert recipe.take == take
    assert len(recipe.trace) == recipe.steps == 203
    wave, rate = takes.read_wave(take.id)
    assert len(wave) / rate == 6.0
    assert files() == [".flac", ".flac", ".json", ".json", ".safetensors", ".safetensors"]


def test_a_take_starts_where_the_next_program_finds_it(room: Room, stage: FakeStage) -> None:
    take = room.take(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    room.engine.close()
    (takes.takes_folder() / "20260101-000000-foreign.json").write_text("{}")
    again = Room(stage).opened()
    assert again.until(lambda s: s.takes).takes == (take,)
    assert "passed over" in again.listener.wait(Noticed, lambda n: "take" in n.text).text
    assert len([n for n in again.listener.of(Noticed) if "passed over" in n.text]) == 1
    again.engine.close()


def test_what_is_turned_on_the_way_is_in_the_recipe_and_again_is_bit_for_bit_the_same(
    room: Room, stage: FakeStage
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 40:
            reached.set()
            assert go_on.wait(10)

    stage.model.at_step = at
    room.do(c.SetGeneration(seconds=3.0), c.Generate())
    assert reached.wait(10)
    room.do(c.SetTrait("drums", mode="add", strength=5.0, arm="iti"))
    room.until(lambda s: s.traits[1].mode == "add")
    go_on.set()
    first = room.until(lambda s: s.job is None and s.takes).takes[0]
    recipe = takes.read(first.id)
    assert [change.step for change in recipe.changes] == [40]
    assert recipe.changes[0].setting.arm == first.arm == "iti"
    assert not recipe.traits[1].setting.active
    # The song and the settings may have changed; the recipe says what was.
    room.do(
        c.ClearSlot(0), c.ClearSlot(1), c.SetGeneration(seed=9), c.SetTrait("drums", mode="off")
    )
    second = room.take(c.MakeAgain(first.id))
    assert takes.place(second.id).read_bytes() == takes.place(first.id).read_bytes()
    assert takes.read(second.id).trace == recipe.trace
    assert second.parent == first.id
    assert room.listener.wait(Noticed, lambda n: "bit for bit" in n.text)


def test_a_twin_has_the_same_seed_and_no_push(room: Room) -> None:
    take = room.take(
        c.SetGeneration(seconds=2.0, seed=7), c.SetTrait("drums", mode="add"), c.Generate()
    )
    twin = room.take(c.MakeTwin(take.id))
    assert (twin.seed, twin.arm, twin.pushed, twin.parent) == (7, "none", (), take.id)
    assert next(t for t in room.shown.takes if t.id == take.id).twin == twin.id
    one, other = takes.read(take.id), takes.read(twin.id)
    assert one.take.twin == twin.id
    assert (one.prompt, one.frames) == (other.prompt, other.frames)
    assert one.codes != other.codes
    assert all(meter.gate == 0 and not meter.pushed for step in other.trace for meter in step)
    plain = room.take(c.SetTrait("drums", mode="off"), c.Generate())
    assert takes.read(plain.id).codes == other.codes


def test_pause_holds_and_lets_go_on(room: Room, stage: FakeStage) -> None:
    steps: list[int] = []

    def at(step: int) -> None:
        steps.append(step)
        if step == 10:
            room.do(c.PauseGeneration(True)).until(lambda s: s.paused)

    stage.model.at_step = at
    room.do(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    room.until(lambda s: s.paused)
    held = room.listener.wait(TakeGrown, lambda g: g.step == 11)
    assert held.seconds == pytest.approx(8 / 50)
    room.do(c.PauseGeneration(False)).until(lambda s: s.job is None and s.takes)
    assert steps == list(range(53))
    assert room.shown.takes[0].whole
    assert room.refused(c.PauseGeneration(True)).message == "Nothing grows that could be held."


def test_a_take_that_is_held_can_be_cancelled_and_is_kept(room: Room, stage: FakeStage) -> None:
    def at(step: int) -> None:
        if step == 30:
            room.do(c.PauseGeneration(True)).until(lambda s: s.paused)

    stage.model.at_step = at
    room.do(c.SetGeneration(NOTHING, seconds=2.0), c.Generate())
    job = room.until(lambda s: s.paused).job
    assert job is not None
    take = room.take(c.Cancel(job))
    assert not take.whole
    assert take.seconds == pytest.approx(28 / 50)
    assert not room.shown.paused
    again = room.take(c.MakeAgain(take.id))
    assert takes.place(again.id).read_bytes() == takes.place(take.id).read_bytes()


def test_the_second_of_two_replaces_the_first_which_is_kept_as_far_as_it_was(
    room: Room, stage: FakeStage
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 20:
            begun.set()
            assert gate.wait(10)

    stage.model.at_step = at
    room.do(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    assert begun.wait(10)
    first = room.shown.job
    room.do(c.Generate()).until(lambda s: s.job != first)
    gate.set()
    shown = room.until(lambda s: s.job is None and len(s.takes) == 2)
    assert sorted(take.whole for take in shown.takes) == [False, True]
    assert len({take.id for take in shown.takes}) == 2


def test_closing_while_it_grows_leaves_nothing_half_written(room: Room, stage: FakeStage) -> None:
    begun = threading.Event()
    stage.model.at_step = lambda step: begun.set() if step == 30 else None
    room.do(c.SetGeneration(NOTHING, seconds=20.0), c.Generate())
    assert begun.wait(10)
    room.engine.close()
    assert not [t for t in threading.enumerate() if t.name == "audio jobs"]
    kept = takes.listed()
    assert not kept.faults
    assert files() in ([], [".flac", ".json", ".safetensors"])
    assert all(not take.whole and not take.heard for take in kept.takes)


def test_a_full_disk_is_told_and_leaves_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(temporary: Path, target: Path, content: bytes) -> None:
        if target.suffix == ".json":
            raise OSError(28, "No space left on device")
        real(temporary, target, content)

    real = writing._stage
    monkeypatch.setattr(writing, "_stage", full)
    told = room.do(c.SetGeneration(NOTHING, seconds=1.0)).refused(c.Generate())
    assert "No space left" in told.message
    room.until(lambda s: s.job is None)
    assert files() == []
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (c.SetTrait("drumz", mode="add"), "drumz"),
        (c.SetTrait("drums", strength=11.0), "strength"),
        (c.SetTrait("drums", strength=float("nan")), "strength"),
        (c.SetTrait("drums", target=-0.1), "target"),
        (c.SetTrait("drums", mode="louder"), "louder"),  # type: ignore[arg-type]
        (c.SetGeneration(seconds=0.0), "length"),
        (c.SetGeneration(seconds=31.0), "length"),
        (c.SetGeneration(seed=-1), "seed"),
        (c.SetGeneration(temperature=float("inf")), "temperature"),
        (c.SetGeneration(top_k=-5), "codes"),
        (c.SetGeneration(Prompt("take", "20260101-000000-none")), "take"),
        (c.SetGeneration(Prompt("take", "../../etc/passwd")), "take"),
        (c.SetGeneration(Prompt("file", "")), "No file"),
        (c.MakeAgain("20260101-000000-none"), "take"),
        (c.MakeTwin("none"), "take"),
        (c.PlayTake("none"), "take"),
        (c.PlayTake(None), "Nothing grows"),
        (c.SaveTake("none", "x.wav"), "take"),
        (c.RemoveTake("../secret"), "take"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line_and_changes_nothing(
    room: Room, command: c.Command, says: str
) -> None:
    before = room.shown
    told = room.refused(command)
    assert says in told.message
    assert "\n" not in told.message + told.remedy
    assert room.shown == before


def test_prompts_that_hold_no_music_are_refused_and_the_next_take_grows(
    room: Room, tmp_path: Path
) -> None:
    rate = 16_000
    tone = np.sin(np.arange(2 * rate) / 10).astype(np.float32) / 2
    for name, wave in {
        "silent": np.zeros(rate, dtype=np.float32),
        "one": np.ones(1, dtype=np.float32),
        "nan": np.full(rate, np.nan, dtype=np.float32),
        "short": tone[: rate // 4],
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, rate, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "text.mid").write_text("no notes")
    for name in ("missing.wav", "silent.wav", "one.wav", "nan.wav", "short.wav", "text.wav",
                 "text.mid", "."):  # fmt: skip
        room.listener.events.clear()
        room.do(c.SetGeneration(Prompt("file", str(tmp_path / name)), seconds=1.0))
        told = room.refused(c.Generate())
        assert told.message
        room.until(lambda s: s.job is None)
    assert files() == []
    soundfile.write(tmp_path / "good.flac", np.stack([tone, tone], axis=1), 44_100)
    take = room.take(c.SetGeneration(Prompt("file", str(tmp_path / "good.flac"))), c.Generate())
    assert take.title == "good.flac"
    assert take.prompt_seconds == pytest.approx(2 * rate / 44_100, abs=0.02)


def test_a_song_without_notes_has_nothing_to_continue(stage: FakeStage) -> None:
    room = Room(stage, Song("Empty", 120.0)).opened()
    assert "nothing to be heard" in room.refused(c.Generate()).message
    room.engine.close()


def test_a_take_is_continued_from_its_own_codes(room: Room) -> None:
    first = room.take(c.SetGeneration(NOTHING, seconds=2.0), c.Generate())
    second = room.take(c.SetGeneration(Prompt("take", first.id), seconds=1.0), c.Generate())
    assert (second.parent, second.prompt_seconds, second.seconds) == (first.id, 2.0, 3.0)
    codes = takes.read_codes(takes.read(second.id))
    np.testing.assert_array_equal(codes[:, :100], takes.read_codes(takes.read(first.id)))


def test_a_prompt_is_as_long_as_the_model_and_the_rest_allow(room: Room, tmp_path: Path) -> None:
    tone = np.sin(np.arange(40 * 8_000) / 10).astype(np.float32) / 2
    soundfile.write(tmp_path / "long.wav", tone, 8_000)
    prompt = Prompt("file", str(tmp_path / "long.wav"))
    take = room.take(c.SetGeneration(prompt, seconds=28.0), c.Generate())
    assert (take.prompt_seconds, take.seconds) == (2.0, 30.0)
    told = room.do(c.SetGeneration(seconds=30.0)).refused(c.Generate())
    assert "at most 30 seconds" in told.message


def test_takes_are_played_followed_and_stopped(room: Room, stage: FakeStage) -> None:
    take = room.take(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    room.do(c.PlayTake(take.id, 0.5)).until(lambda s: s.playing == take.id)
    speaker = stage.speaker
    assert speaker is not None
    assert speaker.orders == ["load", "seek 0.5", "play"]
    assert (speaker.length, speaker.whole) == (1.0, True)
    speaker.moved(Playing("playing", 0.7, 1.0))
    room.listener.wait(TakePlayed, lambda event: event.take == take.id)
    speaker.moved(Playing("ended", 1.0, 1.0))
    room.until(lambda s: s.playing is None)
    assert room.listener.of(TakePlayed)[-1].take is None
    room.do(c.PlayTake(take.id)).until(lambda s: s.playing == take.id)
    room.do(c.StopTake()).until(lambda s: s.playing is None)
    assert speaker.orders[-1] == "stop"
    room.do(c.PlayTake(take.id)).until(lambda s: s.playing == take.id)
    speaker.moved(Playing("failed", reason="The sound device has gone."))
    assert room.until(lambda s: s.silence).silence == "The sound device has gone."
    room.engine.close()
    assert speaker.orders[-1] == "close"


def test_a_take_is_heard_while_it_grows(room: Room, stage: FakeStage) -> None:
    begun, gate = threading.Event(), threading.Event()

    def at(step: int) -> None:
        if step == 100:
            begun.set()
            assert gate.wait(10)

    stage.model.at_step = at
    room.do(c.SetGeneration(NOTHING, seconds=4.0), c.Generate())
    growing = room.until(lambda s: s.growing).growing
    assert begun.wait(10)
    room.do(c.PlayTake()).until(lambda s: s.playing == growing)
    speaker = stage.speaker
    assert speaker is not None
    assert 0 < speaker.length < 2.0
    assert not speaker.whole
    gate.set()
    shown = room.until(lambda s: s.job is None)
    assert shown.takes[0].id == growing
    room.listener.until(lambda: speaker.whole)
    assert speaker.length == pytest.approx(4.0)


def test_without_a_sound_device_it_is_said_where_the_file_lies(stage: FakeStage) -> None:
    silent = FakeStage(device="")
    room = Room(silent).opened()
    assert room.shown.silence == "There is no sound device on this machine."
    take = room.take(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    told = room.refused(c.PlayTake(take.id))
    assert told.title == "Sound"
    assert str(takes.place(take.id)) in told.remedy
    silent.sound = stage.sound
    room.do(c.PlayTake(take.id)).until(lambda s: s.playing == take.id)
    assert room.shown.sound == "Loudspeaker"
    room.engine.close()


def test_a_take_is_written_where_the_player_says_and_taken_out(room: Room, tmp_path: Path) -> None:
    take = room.take(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    room.do(save := c.SaveTake(take.id, str(tmp_path / "mine")))
    room.listener.wait(Noticed, lambda event: event.answers == save)
    wave, _ = soundfile.read(tmp_path / "mine.wav", dtype="float32")
    np.testing.assert_array_equal(wave, takes.read_wave(take.id)[0])
    assert (tmp_path / "mine.wav.json").read_bytes() == takes.place(take.id, ".json").read_bytes()
    assert "neither" in room.refused(c.SaveTake(take.id, str(tmp_path / "mine.mp3"))).message
    other = room.take(c.Generate())
    room.do(c.RemoveTake(take.id), c.RemoveTake(other.id)).until(lambda s: not s.takes)
    assert files() == []


def test_another_model_takes_the_place_of_the_first(room: Room, stage: FakeStage) -> None:
    from tests.fakes_audio import FakeAudioModel

    take = room.take(c.SetGeneration(NOTHING, seconds=1.0), c.Generate())
    stage.models["other"] = FakeAudioModel("another-digest", "other")
    room.opened("other").until(lambda s: s.model.name == "other" and s.model.state == "ready")
    assert stage.model.closed
    assert room.shown.traits == ()
    assert "was made by toy" in room.refused(c.MakeAgain(take.id)).message
    room.do(c.OpenAudioModel("missing")).until(lambda s: s.model.state == "failed")
    assert "missing" in room.shown.model.detail
    assert room.refused(c.Generate()).title == "Model"
    room.do(c.CloseAudioModel()).until(lambda s: s.model.state == "none")


def test_a_model_that_fails_on_the_way_leaves_what_there_was(room: Room, stage: FakeStage) -> None:
    from engine.errors import ModelTooBig

    def at(step: int) -> None:
        if step == 60:
            raise ModelTooBig("Memory ran out while toy was at work.", "Ask for fewer seconds.")

    stage.model.at_step = at
    room.do(c.SetGeneration(NOTHING, seconds=2.0))
    assert room.refused(c.Generate()).title == "Memory"
    take = room.until(lambda s: s.job is None and s.takes).takes[0]
    assert not take.whole
    assert take.seconds == pytest.approx(57 / 50)
    room.do(c.Play(), c.Stop())
    room.listener.wait(PlayheadMoved, lambda moved: moved.slot is None)
    assert room.player.notes()
