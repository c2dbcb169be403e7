"""What each action of the steer screen does at once, without asking anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from engine.protocol.generation import (
    CloseAudioModel,
    Generate,
    MakeAgain,
    MakeTwin,
    NudgeGeneration,
    NudgeTrait,
    Prompt,
    SetGeneration,
    SetTrait,
    TogglePlayback,
)
from engine.protocol.notices import Cancel
from engine.protocol.switches import Toggle
from tui.actions import controllers, everywhere, steer_dialogs
from tui.actions.host import SteerView
from tui.actions.registry import Registry

Handler = Callable[[SteerView], None]

STEPS = {"": (0.5, 0.05, 1.0), "_coarse": (2.0, 0.2, 5.0), "_fine": (0.1, 0.01, 0.1)}
"""How far a press of a key goes, by its size: in strength, in target, in seconds of a take."""

HANDLERS: Registry[SteerView] = Registry(everywhere.HANDLERS | steer_dialogs.HANDLERS)
"""The handlers, by action id."""


# Going about


def _choose(by: int) -> Handler:
    def choose(view: SteerView) -> None:
        view.session.gestures.end()
        if view.held == "takes":
            view.choose_take_by(by)
        else:
            view.choose(view.chosen + by)

    return choose


HANDLERS["steer.up"] = _choose(-1)
HANDLERS["steer.down"] = _choose(1)


def _tab(view: SteerView) -> None:
    view.hold("takes" if view.held == "traits" else "traits")


HANDLERS["move.next"] = HANDLERS["move.previous"] = _tab


def _number(number: int) -> Handler:
    def go(view: SteerView) -> None:
        if number <= len(view.session.studio.traits):
            view.session.gestures.end()
            view.hold("traits")
            view.choose(number - 1)
        else:
            view.show_message(f"There is no trait {number}.")

    return go


for _n in range(1, 10):
    HANDLERS[f"trait.{_n}"] = _number(_n)


HANDLERS["control.learn"] = controllers.learn_trait


# Traits


def push_by(view: SteerView, strength: float, target: float) -> None:
    """Push the chosen trait more or less hard: in strength, or in target where its arm aims."""
    trait = view.trait
    if trait is None:
        return
    if trait.arm == "none":
        key = view.keymap.label("trait.arm")
        words = f"{trait.name} is only watched: its arm is none. {key} chooses another."
        view.show_message(words)
        return
    view.session.gestures.end()
    view.session.send(NudgeTrait(trait.name, strength, target))


def _move(sign: int, size: str) -> Handler:
    strength, target, seconds = STEPS[size]

    def move(view: SteerView) -> None:
        if view.held == "takes":
            view.seek(sign * seconds)
        else:
            push_by(view, sign * strength, sign * target)

    return move


for _size in STEPS:
    HANDLERS[f"steer.less{_size}"] = _move(-1, _size)
    HANDLERS[f"steer.more{_size}"] = _move(1, _size)


def _toggle(mode: Literal["add", "remove"]) -> Handler:
    def toggle(view: SteerView) -> None:
        if view.trait is not None:
            view.session.send(Toggle(mode, trait=view.trait.name))

    return toggle


HANDLERS["trait.add"] = _toggle("add")
HANDLERS["trait.remove"] = _toggle("remove")


@HANDLERS.handles("trait.off")
def _off(view: SteerView) -> None:
    if view.trait is not None:
        view.session.send(SetTrait(view.trait.name, mode="off"))


@HANDLERS.handles("trait.enter")
def _enter(view: SteerView) -> None:
    if view.held == "takes":
        _audition(view)
    elif view.trait is not None:
        view.session.send(NudgeTrait(view.trait.name, mode=1))


@HANDLERS.handles("trait.all_off")
def _all_off(view: SteerView) -> None:
    for trait in view.session.studio.traits:
        if trait.mode != "off":
            view.session.send(SetTrait(trait.name, mode="off"))


@HANDLERS.handles("trait.arm")
def _arm(view: SteerView) -> None:
    trait = view.trait
    if trait is not None:
        view.session.gestures.end()
        view.session.send(NudgeTrait(trait.name, arm=1))


# Making audio


@HANDLERS.handles("audio.generate")
def _generate(view: SteerView) -> None:
    view.session.takes.follow = True
    view.session.send(Generate())


@HANDLERS.handles("audio.pause")
def _pause(view: SteerView) -> None:
    if view.session.studio.job is None:
        _nothing_grows(view)
    else:
        view.session.send(Toggle("pause"))


@HANDLERS.handles("audio.cancel")
def _cancel(view: SteerView) -> None:
    if view.session.studio.job is None:
        _nothing_grows(view)
    else:
        view.session.send(Cancel(view.session.studio.job))


def _nothing_grows(view: SteerView) -> None:
    key = view.keymap.label("audio.generate")
    view.show_message(f"Nothing grows now; {key} makes a take.")


@HANDLERS.handles("audio.seed")
def _seed(view: SteerView) -> None:
    view.session.send(SetGeneration(seed=view.session.draws.getrandbits(31)))


def _next(seconds: float = 0.0, temperature: float = 0.0) -> Handler:
    def change(view: SteerView) -> None:
        view.session.gestures.end()
        view.session.send(NudgeGeneration(seconds, temperature))

    return change


HANDLERS["audio.longer"] = _next(seconds=1.0)
HANDLERS["audio.shorter"] = _next(seconds=-1.0)
HANDLERS["audio.cooler"] = _next(temperature=-0.05)
HANDLERS["audio.warmer"] = _next(temperature=0.05)


@HANDLERS.handles("audio.unload")
def _unload(view: SteerView) -> None:
    view.session.send(CloseAudioModel())


# Takes


@HANDLERS.handles("audio.hear")
def _audition(view: SteerView) -> None:
    takes = view.session.takes
    if takes.id is None:
        key = view.keymap.label("audio.generate")
        view.show_message(f"There is nothing to hear yet; {key} makes a take.")
    else:
        view.session.send(TogglePlayback(takes.id, round(takes.position, 3)))


@HANDLERS.handles("take.twin")
def _twin(view: SteerView) -> None:
    take = view.finished_take()
    if take is None:
        return
    other = view.session.takes.twin_of(take)
    if other is not None:
        # Both at the same place, so that the ear compares what the push did and nothing else.
        playing = view.session.studio.playing
        if playing in (take.id, other):
            view.play(other if playing == take.id else take.id, view.session.takes.played.at)
        else:
            view.play(take.id, view.session.takes.position)
    elif not take.pushed:
        words = "This take was not steered: it is its own twin."
        view.show_message(words)
    else:
        view.session.send(MakeTwin(take.id))
        key = view.keymap.label("take.twin")
        words = f"Its unsteered twin is made; {key} then goes between the two."
        view.show_message(words)


@HANDLERS.handles("take.continue")
def _continue(view: SteerView) -> None:
    take = view.finished_take()
    if take is not None:
        view.session.send(SetGeneration(prompt=Prompt("take", take.id)))
        _generate(view)


@HANDLERS.handles("take.again")
def _again(view: SteerView) -> None:
    take = view.finished_take()
    if take is not None:
        view.session.takes.follow = True
        view.session.send(MakeAgain(take.id))


@HANDLERS.handles("take.prompt")
def _use(view: SteerView) -> None:
    take = view.finished_take()
    if take is not None:
        view.session.send(SetGeneration(prompt=Prompt("take", take.id)))
