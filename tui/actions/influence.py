"""What each action of the influence screen does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.protocol.analysis import RegenerateAway, WriteProvenance
from engine.protocol.files import ExportMidi
from engine.protocol.generation import PlayTake, StopTake
from engine.protocol.transport import AuditionMeasures
from tui.actions import compose
from tui.actions.compose_dialogs import ask_path
from tui.actions.host import InfluenceView
from tui.dialogs.choice import Choice
from tui.dialogs.help import Help
from tui.view_models.queries import Wanted

Deed = Callable[[InfluenceView], None]

DEEDS: dict[str, Deed] = {}
"""What is done, by action id."""


def deed(action: str) -> Callable[[Deed], Deed]:
    """Enters a function as what an action does."""

    def enter(function: Deed) -> Deed:
        DEEDS[action] = function
        return function

    return enter


# Going about


def _choose(by: int) -> Deed:
    def choose(screen: InfluenceView) -> None:
        screen.choose(screen.chosen + by)

    return choose


DEEDS["influence.up"] = _choose(-1)
DEEDS["influence.down"] = _choose(1)


@deed("influence.compare")
def _compare(screen: InfluenceView) -> None:
    screen.bring_near(not screen.near)


def _beyond(by: int) -> Deed:
    def go(screen: InfluenceView) -> None:
        screen.chosen = 0
        if screen.subject == "measure":
            compose.go_to(screen.composing, screen.composing.slot + by)
        elif screen.inquiry.take is not None:
            # The list of takes begins with the newest.
            screen.choose_take_by(-by)
            screen.draw()

    return go


DEEDS["influence.earlier"] = _beyond(-1)
DEEDS["influence.later"] = _beyond(1)


@deed("move.next")
@deed("move.previous")
def _other(screen: InfluenceView) -> None:
    screen.about("take" if screen.subject == "measure" else "measure")


# What is named


@deed("influence.filter")
def _filter(screen: InfluenceView) -> None:
    told = screen.told
    if told is None or told.found is None:
        screen.say("Nothing has been found yet that could be sorted.")
        return
    wanted, avoided = screen.inquiry.wanted, frozenset(screen.avoided)
    free = replace(wanted, books=None, licences=None, without=frozenset())
    choices = [("every book and licence", free)]
    for book in told.books:
        choices.append((f"{book} only", replace(free, books=frozenset({book}))))
    for terms in told.licences:
        choices.append((f"licence: {terms}", replace(free, licences=frozenset({terms}))))
    if avoided:
        choices.append(("all but what is kept away from", replace(free, without=avoided)))
    options: list[Wanted] = [each for _, each in choices]

    def take(at: int | None) -> None:
        if at is not None:
            screen.chosen = 0
            screen.inquiry.want(options[at])
            screen.draw()

    at = options.index(wanted) if wanted in options else 0
    screen.app.push_screen(Choice("Which tunes are named", [said for said, _ in choices], at), take)


@deed("influence.evidence")
def _evidence(screen: InfluenceView) -> None:
    if screen.subject == "take":
        screen.say("Gradients are those of the measure model: a take has none.")
    elif screen.inquiry.weigh():
        screen.say("Asking the model's gradients; the first time takes some ten seconds …")
        screen.draw()
    else:
        screen.say("Nothing has been found yet that could be asked about.")


@deed("influence.alone")
def _alone(screen: InfluenceView) -> None:
    if screen.subject == "take":
        screen.say("A take is asked about as a whole.")
        return
    wanted = screen.inquiry.wanted
    screen.inquiry.want(replace(wanted, alone=not wanted.alone))
    screen.draw()


# Hearing


@deed("influence.hear")
def _hear(screen: InfluenceView) -> None:
    match, beside = screen.match, screen.beside
    if match is None:
        screen.say("There is nothing to compare by ear yet.")
        return
    if screen.composing.shown.playing:
        key = screen.keymap.label("play.toggle")
        screen.say(f"The loop is playing; {key} stops it, so that both can be heard.")
        return
    screen.heard = "theirs" if screen.heard == "ours" else "ours"
    if screen.heard == "theirs":
        if screen.subject == "take":
            screen.send(StopTake())
        screen.send(AuditionMeasures(beside.theirs))
    elif screen.subject == "take":
        screen.send(AuditionMeasures())
        screen.send(PlayTake(screen.inquiry.take, float(match.asked - 1)))
    else:
        screen.send(AuditionMeasures(beside.ours))
    screen.draw()


# Going away


@deed("influence.away")
def _away(screen: InfluenceView) -> None:
    match = screen.match
    if screen.subject == "take":
        key = screen.keymap.label("app.steer")
        screen.say(f"A take is not moved by gauges; {key} goes where another is made.")
    elif match is None:
        screen.say("There is no piece to keep away from.")
    else:
        screen.avoided[match.cluster] = match.title
        _regenerate(screen)


@deed("influence.again")
def _again(screen: InfluenceView) -> None:
    if screen.subject == "take":
        _away(screen)
    else:
        _regenerate(screen)


def _regenerate(screen: InfluenceView) -> None:
    composing = screen.composing
    composing.gestures.end()
    seed = screen.draws.getrandbits(31)
    without = frozenset(screen.avoided)
    screen.send(RegenerateAway(composing.slot, without, screen.amount, seed))
    screen.draw()


@deed("influence.forget")
def _forget(screen: InfluenceView) -> None:
    screen.avoided.clear()
    screen.inquiry.want(replace(screen.inquiry.wanted, without=frozenset()))
    screen.draw()


def _amount(by: float) -> Deed:
    def change(screen: InfluenceView) -> None:
        screen.amount = round(max(0.1, min(1.0, screen.amount + by)), 1)
        screen.draw()
        screen.say(f"A way out is looked for up to {screen.amount:.0%} of the way to a draw.")

    return change


DEEDS["influence.less"] = _amount(-0.1)
DEEDS["influence.more"] = _amount(0.1)


def _as_composing(action: str) -> Deed:
    def do(screen: InfluenceView) -> None:
        compose.DEEDS[action](screen.composing)

    return do


DEEDS["influence.undo"] = _as_composing("song.undo")
DEEDS["influence.redo"] = _as_composing("song.redo")


# Writing it down


@deed("influence.provenance")
def _provenance(screen: InfluenceView) -> None:
    take = None
    if screen.subject == "take":
        take = screen.inquiry.take
        if take is None:
            screen.say("No take is chosen.")
            return
    name = f"{take or screen.composing.shown.song.title} provenance"
    ask_path(
        screen.composing,
        "Write what it is like as",
        ".json",
        lambda path: WriteProvenance(path, take),
        name=name,
    )


@deed("influence.export")
def _export(screen: InfluenceView) -> None:
    ask_path(
        screen.composing,
        "Write the loop as a MIDI file that says what it is like",
        ".mid",
        lambda path: ExportMidi(path, credits=True),
    )


@deed("app.help")
def _help(screen: InfluenceView) -> None:
    screen.app.push_screen(Help(screen.keymap, "influence"))
