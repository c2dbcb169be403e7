"""What each action of the steer screen does at once, without asking anything."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol.generation import (
    CloseAudioModel,
    Generate,
    MakeAgain,
    MakeTwin,
    PauseGeneration,
    Prompt,
    SetGeneration,
    SetTrait,
    StopTake,
)
from engine.protocol.notices import Cancel
from engine.steering.musicgen.generate import LONGEST
from engine.steering.spec import ARMS, MODES, Mode
from tui.actions import controllers, steer_dialogs
from tui.actions.host import SteerView
from tui.actions.steer_dialogs import STRONGEST

Deed = Callable[[SteerView], None]

STEPS = {"": (0.5, 0.05, 1.0), "_coarse": (2.0, 0.2, 5.0), "_fine": (0.1, 0.01, 0.1)}
"""How far a press of a key goes, by its size: in strength, in target, in seconds of a take."""

DEEDS: dict[str, Deed] = dict(steer_dialogs.DEEDS)
"""What is done, by action id."""


def deed(action: str) -> Callable[[Deed], Deed]:
    """Enters a function as what an action does."""

    def enter(function: Deed) -> Deed:
        DEEDS[action] = function
        return function

    return enter


# Going about


def _choose(by: int) -> Deed:
    def choose(screen: SteerView) -> None:
        screen.gestures.end()
        if screen.held == "takes":
            screen.choose_take_by(by)
        else:
            screen.choose(screen.chosen + by)

    return choose


DEEDS["steer.up"] = _choose(-1)
DEEDS["steer.down"] = _choose(1)


def _tab(screen: SteerView) -> None:
    screen.hold("takes" if screen.held == "traits" else "traits")


DEEDS["move.next"] = DEEDS["move.previous"] = _tab


def _number(number: int) -> Deed:
    def go(screen: SteerView) -> None:
        if number <= len(screen.studio.traits):
            screen.gestures.end()
            screen.hold("traits")
            screen.choose(number - 1)
        else:
            screen.say(f"There is no trait {number}.")

    return go


for _n in range(1, 10):
    DEEDS[f"trait.{_n}"] = _number(_n)


DEEDS["control.learn"] = controllers.learn_trait


# Traits


def push_by(screen: SteerView, strength: float, target: float) -> None:
    """Pushes the chosen trait more or less hard; a held key adds up."""
    trait = screen.trait
    if trait is None:
        return
    if trait.arm == "none":
        key = screen.keymap.label("trait.arm")
        words = f"{trait.name} is only watched: its arm is none. {key} chooses another."
        screen.say(words)
        return
    screen.gestures.begin(("push", trait.name))
    if trait.arm == "closed-loop":
        now = screen.gestures.asked(("target", trait.name), trait.target)
        to = screen.gestures.ask(("target", trait.name), _within(now + target, 1.0))
        screen.send(SetTrait(trait.name, target=to))
    else:
        now = screen.gestures.asked(("strength", trait.name), trait.strength)
        to = screen.gestures.ask(("strength", trait.name), _within(now + strength, STRONGEST))
        screen.send(SetTrait(trait.name, strength=to))


def _within(value: float, highest: float) -> float:
    return round(max(0.0, min(highest, value)), 3)


def _move(sign: int, size: str) -> Deed:
    strength, target, seconds = STEPS[size]

    def move(screen: SteerView) -> None:
        if screen.held == "takes":
            screen.seek(sign * seconds)
        else:
            push_by(screen, sign * strength, sign * target)

    return move


for _size in STEPS:
    DEEDS[f"steer.less{_size}"] = _move(-1, _size)
    DEEDS[f"steer.more{_size}"] = _move(1, _size)


def _set_mode(screen: SteerView, mode: Mode) -> None:
    trait = screen.trait
    if trait is not None:
        screen.send(SetTrait(trait.name, mode=mode))


def _toggle(mode: Mode) -> Deed:
    def toggle(screen: SteerView) -> None:
        trait = screen.trait
        _set_mode(screen, "off" if trait is not None and trait.mode == mode else mode)

    return toggle


DEEDS["trait.add"] = _toggle("add")
DEEDS["trait.remove"] = _toggle("remove")
DEEDS["trait.off"] = lambda screen: _set_mode(screen, "off")


@deed("trait.enter")
def _enter(screen: SteerView) -> None:
    if screen.held == "takes":
        _hear(screen)
    elif screen.trait is not None:
        _set_mode(screen, MODES[(MODES.index(screen.trait.mode) + 1) % len(MODES)])


@deed("trait.all_off")
def _all_off(screen: SteerView) -> None:
    for trait in screen.studio.traits:
        if trait.mode != "off":
            screen.send(SetTrait(trait.name, mode="off"))


@deed("trait.arm")
def _arm(screen: SteerView) -> None:
    trait = screen.trait
    if trait is not None:
        screen.gestures.end()
        screen.send(SetTrait(trait.name, arm=ARMS[(ARMS.index(trait.arm) + 1) % len(ARMS)]))


# Making audio


@deed("audio.generate")
def _generate(screen: SteerView) -> None:
    screen.takes.follow = True
    screen.send(Generate())


@deed("audio.pause")
def _pause(screen: SteerView) -> None:
    if screen.studio.job is None:
        _nothing_grows(screen)
    else:
        screen.send(PauseGeneration(not screen.studio.paused))


@deed("audio.cancel")
def _cancel(screen: SteerView) -> None:
    if screen.studio.job is None:
        _nothing_grows(screen)
    else:
        screen.send(Cancel(screen.studio.job))


def _nothing_grows(screen: SteerView) -> None:
    key = screen.keymap.label("audio.generate")
    screen.say(f"Nothing grows now; {key} makes a take.")


@deed("audio.seed")
def _seed(screen: SteerView) -> None:
    screen.send(SetGeneration(seed=screen.draws.getrandbits(31)))


def _longer(by: float) -> Deed:
    def change(screen: SteerView) -> None:
        # What is longer than the model hears at once slides on.
        screen.gestures.begin("seconds")
        now = screen.gestures.asked("seconds", screen.studio.generation.seconds)
        to = screen.gestures.ask("seconds", max(1.0, min(LONGEST, round(now + by, 1))))
        screen.send(SetGeneration(seconds=to))

    return change


DEEDS["audio.longer"] = _longer(1.0)
DEEDS["audio.shorter"] = _longer(-1.0)


def _warmer(by: float) -> Deed:
    def change(screen: SteerView) -> None:
        screen.gestures.begin("temperature")
        now = screen.gestures.asked("temperature", screen.studio.generation.temperature)
        to = screen.gestures.ask("temperature", round(max(0.0, min(2.0, now + by)), 2))
        screen.send(SetGeneration(temperature=to))

    return change


DEEDS["audio.cooler"] = _warmer(-0.05)
DEEDS["audio.warmer"] = _warmer(0.05)


@deed("audio.unload")
def _unload(screen: SteerView) -> None:
    screen.send(CloseAudioModel())


# Takes


@deed("audio.hear")
def _hear(screen: SteerView) -> None:
    if screen.takes.id is None:
        key = screen.keymap.label("audio.generate")
        screen.say(f"There is nothing to hear yet; {key} makes a take.")
    elif screen.takes.plays:
        screen.send(StopTake())
    else:
        screen.play(screen.takes.id, screen.takes.stands)


@deed("take.twin")
def _twin(screen: SteerView) -> None:
    take = screen.finished_take()
    if take is None:
        return
    other = screen.takes.twin_of(take)
    if other is not None:
        # Both at the same place, so that the ear compares what the push did and nothing else.
        playing = screen.studio.playing
        if playing in (take.id, other):
            screen.play(other if playing == take.id else take.id, screen.takes.played.at)
        else:
            screen.play(take.id, screen.takes.stands)
    elif not take.pushed:
        words = "This take was not steered: it is its own twin."
        screen.say(words)
    else:
        screen.send(MakeTwin(take.id))
        key = screen.keymap.label("take.twin")
        words = f"Its unsteered twin is made; {key} then goes between the two."
        screen.say(words)


@deed("take.continue")
def _continue(screen: SteerView) -> None:
    take = screen.finished_take()
    if take is not None:
        screen.send(SetGeneration(prompt=Prompt("take", take.id)))
        _generate(screen)


@deed("take.again")
def _again(screen: SteerView) -> None:
    take = screen.finished_take()
    if take is not None:
        screen.takes.follow = True
        screen.send(MakeAgain(take.id))


@deed("take.prompt")
def _use(screen: SteerView) -> None:
    take = screen.finished_take()
    if take is not None:
        screen.send(SetGeneration(prompt=Prompt("take", take.id)))
