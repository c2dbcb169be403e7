"""A take that is made step by step: ended at any of them, told often enough, always the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.events import Event, Generation, Noticed, Prompt, TakeGrown
from engine.jobs import Cancelled, Job
from engine.music.song import Song
from engine.steering.settings import TraitSetting
from engine.studio import takes
from engine.studio.hand import Controls
from engine.studio.maker import Maker, Order
from engine.studio.parts import StudioParts
from engine.studio.recipe import Recipe
from tests.fakes_audio import FakeAudioModel, FakeStage, plant_probes

NAME = "20261122-201500-plain"
SECONDS, FRAMES, LATE = 1.0, 50, 3


class Work:
    """One take and what is told of it."""

    def __init__(self, **changes: object) -> None:
        self.model, self.controls = FakeAudioModel(), Controls()
        self.told: list[Event] = []
        self.job = Job(1, "growing", "generate", lambda _: None, self.told.append)
        self.order = Order(
            id=NAME,
            title="Take",
            made="now",
            generation=Generation(Prompt("nothing"), SECONDS, seed=1),
            settings=(TraitSetting("drums"),),
            song=Song(),
            **changes,  # type: ignore[arg-type]
        )

    def make(self) -> Recipe | None:
        """Makes it."""
        parts: StudioParts = FakeStage().parts()
        made = Maker(self.job, self.model, self.order, self.controls, parts)
        found = made.make(lambda _: None, lambda: False)
        if found.fault is not None:
            raise found.fault
        return found.recipe


@pytest.fixture(autouse=True)
def _probes(_home: Path) -> None:
    plant_probes("drums")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, FRAMES + LATE - 1))
def test_cancelled_at_any_step_it_ends_there_and_what_exists_is_kept(step: int) -> None:
    work = Work()
    work.model.at_step = lambda at: work.job.cancel() if at == step else None
    recipe = work.make()
    exists = max(0, step + 1 - LATE)
    if exists == 0:
        assert recipe is None
        assert any(isinstance(event, Noticed) for event in work.told)
        return
    assert recipe is not None
    assert recipe.steps == step + 1 == len(recipe.trace)
    assert recipe.take.seconds == pytest.approx(exists / 50)
    assert recipe.take.whole == (exists == FRAMES)
    assert takes.read(recipe.take.id) == recipe
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
    assert not takes.listed().takes


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
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
    monkeypatch.setattr("engine.studio.maker.time", clock)
    work = Work()
    work.order = replace(work.order, generation=Generation(Prompt("nothing"), 10.0))
    work.model.at_step = wait
    work.make()
    grown = [event for event in work.told if isinstance(event, TakeGrown)]
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
