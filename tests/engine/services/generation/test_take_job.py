"""A take that is made step by step: ended at any of them, told often enough, always the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.jobs import Cancelled, Job
from engine.music.song import Song
from engine.protocol.base import Event
from engine.protocol.generation import Generation, Prompt, TakeProgressed
from engine.protocol.notices import Notice
from engine.services.generation import take_store
from engine.services.generation.backends import StudioParts
from engine.services.generation.live_changes import Controls
from engine.services.generation.recipe import TakeRecipe
from engine.services.generation.streaming_take import StreamingTake
from engine.services.generation.take_job import Order, TakeMaker
from engine.steering.control.settings import TraitSetting
from tests.support.fake_audio import FakeAudioModel, FakeSpeaker, FakeStage, plant_probes

NAME = "20261122-201500-plain"
LATER = "20261122-201600-plain"
SECONDS, FRAMES, LATE = 1.0, 50, 3
RATE = 16_000


class Work:
    """One take and the events about it."""

    def __init__(self, **changes: object) -> None:
        self.model, self.controls = FakeAudioModel(), Controls()
        self.events: list[Event] = []
        self.job = Job(1, "growing", "generate", lambda _: None, self.events.append)
        self.order = Order(
            id=NAME,
            title="Take",
            made="now",
            generation=Generation(Prompt("nothing"), SECONDS, seed=1),
            settings=(TraitSetting("drums"),),
            song=Song(),
            **changes,  # type: ignore[arg-type]
        )

    def make(self) -> TakeRecipe | None:
        """Make it."""
        parts: StudioParts = FakeStage().parts()
        made = TakeMaker(self.job, self.model, self.order, self.controls, parts)
        found = made.make(lambda _: None, lambda: False)
        if found.fault is not None:
            raise found.fault
        return found.recipe


@pytest.fixture(autouse=True)
def _probes(_home: Path) -> None:
    plant_probes("drums")


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.integers(0, FRAMES + LATE - 1))
def test_cancelled_at_any_step_it_ends_there_and_what_exists_is_kept(step: int) -> None:
    work = Work()
    work.model.at_step = lambda at: work.job.cancel() if at == step else None
    recipe = work.make()
    exists = max(0, step + 1 - LATE)
    if exists == 0:
        assert recipe is None
        assert any(isinstance(event, Notice) for event in work.events)
        return
    assert recipe is not None
    assert recipe.steps == step + 1 == len(recipe.trace)
    assert recipe.take.seconds == pytest.approx(exists / 50)
    assert recipe.take.whole == (exists == FRAMES)
    assert take_store.read(recipe.take.id) == recipe
    if recipe.take.whole:
        return
    again = Work(repeats=recipe.take.id).make()
    assert again is not None
    assert (again.audio, again.steps) == (recipe.audio, recipe.steps)


def test_cancelled_before_it_began_it_leaves_nothing() -> None:
    work = Work()
    work.job.cancel()
    with pytest.raises(Cancelled):
        work.make()
    assert not take_store.listed().takes


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.integers(0, FRAMES),
        st.builds(
            TraitSetting,
            st.just("drums"),
            st.sampled_from(("off", "add", "remove")),
            st.floats(0, 10),
            st.floats(0, 1),
            st.sampled_from(("none", "iti", "smitin", "closed-loop")),
        ),
        max_size=6,
    )
)
def test_whatever_was_turned_on_the_way_again_is_the_same(
    turns: dict[int, TraitSetting],
) -> None:
    work = Work()

    def turn(step: int) -> None:
        if step in turns:
            work.controls.turn(turns[step])

    work.model.at_step = turn
    first = work.make()
    assert first is not None
    assert {change.step: change.setting for change in first.changes} == turns
    second = Work(repeats=first.take.id).make()
    assert second is not None
    assert (second.audio, second.trace, second.changes) == (
        first.audio,
        first.trace,
        first.changes,
    )


@pytest.mark.parametrize(
    ("pace", "low", "high"),
    [(0.001, 16, 20), (0.013, 12, 20), (0.049, 10, 20), (0.2, 5, 5), (1.0, 1, 1)],
)
def test_growth_is_told_ten_to_twenty_times_a_second_or_at_each_step(
    pace: float, low: float, high: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def wait(_: int) -> None:
        now[0] += pace

    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("engine.services.generation.take_job.time", clock)
    work = Work()
    work.order = replace(work.order, generation=Generation(Prompt("nothing"), 10.0))
    work.model.at_step = wait
    work.make()
    grown = [event for event in work.events if isinstance(event, TakeProgressed)]
    steps = 500 + LATE
    # The first and the last are told whenever they come.
    assert low * 0.95 <= (len(grown) - 2) / (steps * pace) <= high * 1.01
    assert [event.step for event in grown][-1] == steps
    known = {event.step: event.meters for event in grown}
    assert all(known[e.step] == e.history[-1] for e in grown)
    assert max(len(event.history) for event in grown) == 128
    assert grown[-2].rate == pytest.approx(0.02 / pace, rel=1e-3)
    left = (steps - grown[-2].step) * pace
    assert grown[-2].left == pytest.approx((left, left), rel=1e-2)


class Loud(FakeAudioModel):
    """A model whose sound grows far beyond full scale once its prompt is over."""

    def decode(self, codes: Tensor, sketch: bool = False) -> Tensor:
        """Return a tone that is four times as loud from half a second on."""
        wave = super().decode(codes, sketch)
        wave[RATE // 2 :] *= 4
        return wave


def loud(prompt: Prompt, **changes: object) -> Work:
    """Return the work of a take in which the sound grows too loud."""
    work = Work(**changes)
    work.model = Loud()
    generation = replace(work.order.generation, prompt=prompt, seconds=3 * SECONDS)
    work.order = replace(work.order, generation=generation)
    return work


@pytest.fixture
def before(tmp_path: Path) -> Prompt:
    """Return half a second of a tone to be continued."""
    path = tmp_path / "before.wav"
    at = np.arange(RATE // 2) / RATE
    soundfile.write(path, 0.25 * np.sin(2 * np.pi * 400 * at), RATE)
    return Prompt("file", str(path))


def test_a_take_that_grows_too_loud_is_turned_down_as_it_is_heard_and_as_it_is_kept(
    before: Prompt,
) -> None:
    work = loud(before)
    grown: list[StreamingTake] = []
    maker = TakeMaker(work.job, work.model, work.order, work.controls, FakeStage().parts())
    recipe = maker.make(grown.append, lambda: False).recipe
    assert recipe is not None
    assert recipe.take.loudness is not None
    loudness = recipe.take.loudness
    assert loudness.prompt is not None
    assert loudness.continuation is not None
    assert loudness.clipped == 0
    assert loudness.continuation - loudness.prompt < 3 + 1.4
    wave, _ = take_store.read_wave(recipe.take.id)
    assert np.abs(wave).max() < 0.98
    assert recipe.levelling is not None
    assert recipe.levelling.reference == pytest.approx(loudness.prompt, abs=0.1)
    assert len(recipe.levelling.gains) == 3 * FRAMES + FRAMES // 2 + 1
    speaker = FakeSpeaker(lambda _: None)
    grown[0].join(speaker)
    # The fake decodes each piece as if it began anew, so that only its bounds can be compared.
    assert np.abs(np.concatenate(speaker.wave)).max() < 0.98
    again = loud(before, repeats=recipe.take.id).make()
    assert again is not None
    assert (again.audio, again.levelling) == (recipe.audio, recipe.levelling)


def test_a_take_is_gone_on_with_as_loud_as_it_was_heard(before: Prompt) -> None:
    first = loud(before).make()
    assert first is not None
    second = loud(Prompt("take", first.take.id)).make()
    assert second is not None
    one, two = (take_store.read_wave(each.take.id)[0] for each in (first, second))
    frame = RATE // 50
    np.testing.assert_allclose(two[: len(one) - frame], one[:-frame], atol=2e-4)
    assert first.levelling is not None
    assert second.levelling is not None
    assert second.levelling.reference == first.levelling.reference
    again = loud(Prompt("nothing"), repeats=second.take.id).make()
    assert again is not None
    assert again.audio == second.audio


def test_a_take_of_before_is_made_again_as_it_was(before: Prompt) -> None:
    new = loud(before).make()
    assert new is not None
    # As it was kept when what exceeded full scale was cut off.
    cut = Loud().decode(torch.from_numpy(take_store.read_codes(new)).long()).clamp(-1, 1).numpy()
    old = take_store.write(
        replace(new, levelling=None, take=replace(new.take, id=LATER)),
        cut,
        take_store.read_codes(new),
    )
    assert old.audio != new.audio
    again = loud(before, repeats=LATER).make()
    assert again is not None
    assert again.levelling is None
    assert (again.audio, again.codes) == (old.audio, old.codes)
    assert again.take.loudness is not None
    assert again.take.loudness.clipped > 0.05


def test_a_take_says_which_decoder_made_it_and_an_old_one_was_made_by_modules() -> None:
    first = Work()
    new = first.make()
    assert new is not None
    assert new.decoder == "own"
    before = replace(new, versions=new.versions[:2], take=replace(new.take, id=LATER))
    take_store.write(before, take_store.read_wave(NAME)[0], take_store.read_codes(new))
    for kept, decoder in ((NAME, "own"), (LATER, "modules")):
        again = Work(repeats=kept)
        again.order = replace(again.order, id="20261122-201700-again")
        made = again.make()
        assert made is not None
        assert [each.decoder for each in again.model.requests] == [decoder]
        assert made.versions == take_store.read(kept).versions
        assert (made.codes, made.decoder) == (new.codes, decoder)
