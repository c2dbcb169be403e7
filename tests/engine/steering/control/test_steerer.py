"""Steering a model with a planted trait, judged by a detector that knows nothing of probes."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import torch

from engine.errors import UnknownName
from engine.steering.control.meter import AGGREGATES, Aggregate, Meters
from engine.steering.control.push import BOUND, full_push
from engine.steering.control.settings import TraitSetting, Tuning
from engine.steering.control.steerer import Steerer
from engine.steering.musicgen.intervention import Steering
from engine.steering.probes.probe import Probe
from engine.steering.spec import Arm
from tests.support.toy_model import PLANTED, SHAPE, Toy, present

ALL_ARMS: tuple[Arm, ...] = ("iti", "smitin", "closed-loop")


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.fixture(scope="module")
def probe(toy: Toy) -> Probe:
    return toy.probe()


def strong(arm: Arm, mode: str = "add", tuning: Tuning | None = None) -> TraitSetting:
    # Who pushes on fewer steps pushes harder.
    strength = {"iti": 2.0, "smitin": 6.0, "closed-loop": 3.0}[arm]
    return TraitSetting("drums", mode, strength, 0.8, arm, tuning or Tuning(heads=4))  # type: ignore[arg-type]


def last(steerer: Steerer, name: str = "drums", steps: int = 100) -> list[float]:
    return [each.readings[name].confidence for each in steerer.trace[-steps:]]


def test_without_steering_the_trait_is_not_there(toy: Toy) -> None:
    assert present(toy.generate(None)) < 0.05


@pytest.mark.parametrize("arm", ALL_ARMS)
def test_steering_raises_what_is_heard(toy: Toy, probe: Probe, arm: Arm) -> None:
    steerer = Steerer([probe], [strong(arm)])
    assert present(toy.generate(steerer)) > 0.5
    assert len(steerer.trace) == 300


@pytest.mark.parametrize("arm", ALL_ARMS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_direction_of_the_same_length_does_not(
    toy: Toy, probe: Probe, arm: Arm, seed: int
) -> None:
    tuning = Tuning(heads=4, direction="random", seed=seed)
    mean, random = (strong(arm, tuning=each) for each in (Tuning(heads=4), tuning))
    assert torch.allclose(
        full_push(probe, mean).norm(dim=-1), full_push(probe, random).norm(dim=-1), rtol=1e-3
    )
    steered = present(toy.generate(Steerer([probe], [mean])))
    assert present(toy.generate(Steerer([probe], [random]))) < steered - 0.3


@pytest.mark.parametrize("arm", ALL_ARMS)
def test_removing_takes_it_away(toy: Toy, probe: Probe, arm: Arm) -> None:
    assert present(toy.generate(None, start=1.0)) > 0.95
    steerer = Steerer([probe], [strong(arm, "remove")])
    assert present(toy.generate(steerer, start=1.0)) < 0.5
    assert all(each.readings["drums"].gate <= 0 for each in steerer.trace)


def test_what_is_there_is_left_alone(toy: Toy, probe: Probe) -> None:
    for arm in ("smitin", "closed-loop"):
        steerer = Steerer([probe], [strong(arm)])
        toy.generate(steerer, start=1.5)
        given = [each.readings["drums"].pushed for each in steerer.trace]
        assert sum(given) < 0.05 * len(given)


def test_a_closed_loop_holds_the_target(toy: Toy, probe: Probe) -> None:
    found = {}
    for target in (0.3, 0.7):
        steerer = Steerer([probe], [replace(strong("closed-loop"), target=target)])
        toy.generate(steerer, steps=900)
        found[target] = sorted(last(steerer, steps=500))[250]
        assert found[target] == pytest.approx(target, abs=0.15)
    assert found[0.3] < found[0.7]


@pytest.mark.parametrize(
    "setting",
    [
        TraitSetting("drums"),
        replace(TraitSetting("drums", "add"), strength=0.0),
        TraitSetting("drums", "add", arm="none"),
    ],
)
def test_a_push_of_zero_is_no_push(toy: Toy, probe: Probe, setting: TraitSetting) -> None:
    steerer = Steerer([probe], [setting])
    assert torch.equal(toy.generate(steerer), toy.generate(None))
    assert {each.readings["drums"].gate for each in steerer.trace} == {0.0}
    assert steerer.push(1) is None


class Script:
    """A model whose meter shows what is written."""

    def __init__(self, probe: Probe, steerer: Steering) -> None:
        self.probe, self.steerer = probe, steerer

    def step(self, number: int, confidence: float, pushed: float | None = None) -> bool:
        """Run one step; ``pushed`` is the confidence where the step is pushed."""
        push = self.steerer.push(number)
        shown = confidence if push is None or pushed is None else pushed
        wanted = torch.logit(torch.tensor(shown))
        weights, intercepts = self.probe.weights, self.probe.intercepts
        lengths = weights.square().sum(-1)
        outputs = weights * ((wanted - intercepts) / lengths)[..., None]
        self.steerer.read(number, outputs)
        return push is not None


def test_pushes_land_on_every_fifth_step_and_never_on_the_prompt(probe: Probe) -> None:
    model = Script(probe, steerer := Steerer([probe], [strong("smitin")]))
    landed = [model.step(step, 0.1) for step in range(21)]
    assert [step for step, each in enumerate(landed) if each] == [1, 6, 11, 16]
    readings = [each.readings["drums"] for each in steerer.trace]
    assert [each.pushed for each in readings] == landed
    # The gate is in force between the pushes too, and the prompt's step has none.
    assert [each.gate for each in readings] == [0.0] + [1.0] * 20


def test_a_sparse_law_does_not_believe_what_its_own_push_shows(probe: Probe) -> None:
    model = Script(probe, steerer := Steerer([probe], [strong("smitin")]))
    landed = [model.step(step, 0.1, pushed=0.99) for step in range(21)]
    assert sum(landed) == 4
    assert {round(each.readings["drums"].confidence, 2) for each in steerer.trace} == {0.1}


def test_a_constant_push_is_read_as_it_is(probe: Probe) -> None:
    model = Script(probe, steerer := Steerer([probe], [strong("iti")]))
    assert [model.step(step, 0.1, pushed=0.9) for step in range(4)] == [False, True, True, True]
    assert steerer.readings()["drums"].confidence == pytest.approx(0.9, abs=1e-3)


def test_the_meter_stops_the_push_at_its_threshold(probe: Probe) -> None:
    high, low = probe.card.threshold + 0.05, probe.card.threshold - 0.05
    model = Script(probe, Steerer([probe], [strong("smitin")]))
    script = [low] * 6 + [high] * 9 + [low] * 10
    landed = [step for step, each in enumerate(script) if model.step(step, each)]
    assert landed == [1, 6, 16, 21]


def test_removal_has_its_own_threshold(probe: Probe) -> None:
    low = probe.card.threshold - 0.05
    model = Script(probe, steerer := Steerer([probe], [strong("smitin", "remove")]))
    landed = [model.step(step, 0.95 if step < 8 else low) for step in range(20)]
    assert [step for step, each in enumerate(landed) if each] == [1, 6]
    assert steerer.trace[6].readings["drums"].gate == -1.0


def test_settings_change_between_steps_and_the_push_does_not_jump(probe: Probe) -> None:
    setting = strong("closed-loop")
    steerer = Steerer([probe], [setting])
    model = Script(probe, steerer)
    for step in range(30):
        model.step(step, 0.3)
    before = steerer.readings()["drums"].gate * setting.strength
    assert before > 0
    steerer.set(replace(setting, strength=9.0))
    for step in range(30, 33):
        model.step(step, 0.3)
    assert steerer.readings()["drums"].gate * 9.0 == pytest.approx(before, abs=0.08 * 9.0 * 2)
    steerer.set(replace(setting, mode="off"))
    assert not model.step(33, 0.3)
    assert steerer.readings()["drums"].gate == 0.0
    steerer.set(replace(setting, mode="remove"))
    for step in range(34, 40):
        model.step(step, 0.9)
    assert -0.5 < steerer.readings()["drums"].gate < 0.0


def test_a_closed_loop_takes_over_from_another_arm(probe: Probe) -> None:
    steerer = Steerer([probe], [strong("iti")])
    model = Script(probe, steerer)
    for step in range(5):
        model.step(step, 0.3)
    steerer.set(strong("closed-loop"))
    model.step(5, 0.3)
    # Three times strength 2/3 is what a strength of two was.
    assert steerer.readings()["drums"].gate == pytest.approx(2 / 3, abs=0.05)


def test_an_unknown_trait_is_refused(probe: Probe) -> None:
    steerer = Steerer([probe])
    with pytest.raises(UnknownName, match="Did you mean 'drums'"):
        steerer.set(TraitSetting("drum"))
    with pytest.raises(UnknownName):
        Steerer([], [TraitSetting("drums")])
    assert steerer.settings == (TraitSetting("drums"),)


def test_several_traits_are_bounded_together() -> None:
    toy = Toy(traits=2)
    probes = [toy.probe("drums", trait=0), toy.probe("bass", trait=1)]
    tuning = Tuning(heads=4)
    settings = [
        TraitSetting(name, "add", 2.0, arm="iti", tuning=tuning) for name in ("drums", "bass")
    ]
    pushes = [full_push(probe, each) for probe, each in zip(probes, settings, strict=True)]
    longest = torch.stack([push.norm(dim=-1) for push in pushes]).amax(0)
    steerer = Steerer(probes, settings)
    assert steerer.push(0) is None
    total = steerer.push(1)
    assert total is not None
    assert bool((total.norm(dim=-1) <= BOUND * longest * 1.001).all())
    sounding = toy.generate(Steerer(probes, settings))
    assert present(sounding, 0) > 0.5
    assert present(sounding, 1) > 0.5


def test_one_trait_comes_and_the_other_goes() -> None:
    toy = Toy(traits=2)
    probes = [toy.probe("drums", trait=0), toy.probe("bass", trait=1)]
    tuning = Tuning(heads=4)
    settings = [
        TraitSetting("drums", "add", 6.0, arm="smitin", tuning=tuning),
        TraitSetting("bass", "remove", 6.0, arm="smitin", tuning=tuning),
    ]
    alone = toy.generate(None, start=0.3)
    sounding = toy.generate(Steerer(probes, settings), start=0.3)
    assert present(sounding, 0) > present(alone, 0) - 0.05
    assert present(sounding, 1) < present(alone, 1) - 0.3


class Meter:
    """The meter of one probe."""

    def __init__(self, probe: Probe, aggregate: Aggregate = "median") -> None:
        self._name, self._meters = probe.card.name, Meters([probe], aggregate)

    def read(self, step: int, outputs: torch.Tensor) -> float:
        return self._meters.read(step, outputs)[self._name]


def test_a_windowed_probe_reads_the_mean_of_its_last_steps(toy: Toy) -> None:
    probe = toy.probe(read_out="mean", window=10)
    plain, pooled = (
        Meter(replace(probe, card=replace(probe.card, window=1))),
        Meter(probe),
    )
    noise = torch.Generator().manual_seed(0)
    frames = [toy.outputs(torch.tensor([-1.0]), noise) for _ in range(40)]
    for step, frame in enumerate(frames):
        found = pooled.read(step, frame)
        assert found == pytest.approx(
            Meter(replace(probe, card=replace(probe.card, window=1))).read(
                step, torch.stack(frames[max(0, step - 9) : step + 1]).mean(0)
            ),
            abs=1e-4,
        )
    assert plain.read(0, frames[0]) == Meter(probe).read(0, frames[0])
    # A step that is not after the last one begins anew.
    assert pooled.read(0, frames[7]) == pytest.approx(plain.read(0, frames[7]))


def test_one_loud_head_moves_the_mean_and_not_the_median(probe: Probe) -> None:
    outputs = torch.zeros(SHAPE)
    before = {each: Meter(probe, each).read(0, outputs) for each in AGGREGATES}
    at = divmod(int(probe.top(1)[0]), SHAPE[1])
    outputs[at] = 1000 * probe.weights[at]
    after = {each: Meter(probe, each).read(0, outputs) for each in AGGREGATES}
    chances = torch.sigmoid((outputs * probe.weights).sum(-1) + probe.intercepts).flatten()
    chances = chances[probe.top(probe.card.monitor_heads)]
    assert after["mean"] == pytest.approx(float(chances.mean()), abs=1e-5)
    assert after["median"] == pytest.approx(float(chances.quantile(0.5)), abs=1e-5)
    assert before["mean"] != after["mean"]
    with pytest.raises(UnknownName):
        Meter(probe, "loudest")  # type: ignore[arg-type]


def test_many_are_read_as_each_alone(toy: Toy) -> None:
    probes = [
        replace(probe, card=replace(probe.card, name=f"trait-{at}", window=window))
        for at, (window, probe) in enumerate(
            (window, toy.probe(read_out="mean", window=4)) for window in (1, 4, 1, 9)
        )
    ]
    together, apart = Meters(probes), [Meter(probe) for probe in probes]
    noise = torch.Generator().manual_seed(0)
    for step in range(20):
        outputs = toy.outputs(torch.tensor([step / 10 - 1]), noise)
        found = together.read(step, outputs)
        for probe, meter in zip(probes, apart, strict=True):
            assert found[probe.card.name] == meter.read(step, outputs)


def test_the_meter_counts_steps_and_not_readings(toy: Toy) -> None:
    meter = Meter(toy.probe(read_out="mean", window=3))
    noise = torch.Generator().manual_seed(0)
    absent, there = (toy.outputs(torch.tensor([level]), noise) for level in (-1.5, 1.5))
    assert meter.read(0, absent) < 0.5
    assert meter.read(9, there) > 0.5


@pytest.mark.parametrize("window", [1, 10])
def test_outputs_that_are_no_numbers_are_passed_over(toy: Toy, window: int) -> None:
    probe = toy.probe(read_out="last" if window == 1 else "mean", window=window)
    steerer = Steerer([probe], [strong("closed-loop")])
    noise = torch.Generator().manual_seed(0)
    for step in range(20):
        steerer.push(step)
        outputs = toy.outputs(torch.tensor([-1.0]), noise)
        steerer.read(step, outputs * float("nan") if step in (3, 4, 11) else outputs)
    reading = steerer.readings()["drums"]
    assert 0 < reading.confidence < 0.5
    assert 0 < reading.gate <= 1


def test_settings_may_be_swapped_while_the_model_runs(toy: Toy, probe: Probe) -> None:
    steerer = Steerer([probe])
    done = threading.Event()

    def turn() -> None:
        at = 0
        while not done.is_set():
            arm = ALL_ARMS[at % 3]
            steerer.set(TraitSetting("drums", "add" if at % 2 else "remove", at % 11, arm=arm))
            at += 1

    player = threading.Thread(target=turn)
    player.start()
    try:
        toy.generate(steerer, steps=500)
    finally:
        done.set()
        player.join()
    assert all(-1 <= each.readings["drums"].gate <= 1 for each in steerer.trace)


def test_planted_heads_are_the_ones_pushed(probe: Probe) -> None:
    push = full_push(probe, strong("iti"))
    assert push.shape == SHAPE
    pushed = {tuple(at) for at in (push.norm(dim=-1) > 0).nonzero().tolist()}
    assert pushed == set(PLANTED)
