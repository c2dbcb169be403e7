"""What each action of the influence screen does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.protocol.analysis import RegenerateAway, WriteProvenance
from engine.protocol.files import ExportMidi
from engine.protocol.generation import PlayTake, StopTake
from engine.protocol.transport import AuditionMeasures
from tui.actions import everywhere
from tui.actions.everywhere_dialogs import ask_path
from tui.actions.host import InfluenceView
from tui.actions.registry import Registry
from tui.dialogs.choice import Choice
from tui.view_models.queries import Wanted

Handler = Callable[[InfluenceView], None]

HANDLERS: Registry[InfluenceView] = Registry(everywhere.HANDLERS)
"""The handlers, by action id."""


# Going about


def _choose(by: int) -> Handler:
    def choose(view: InfluenceView) -> None:
        view.choose(view.chosen + by)

    return choose


HANDLERS["influence.up"] = _choose(-1)
HANDLERS["influence.down"] = _choose(1)


@HANDLERS.handles("influence.compare")
def _compare(view: InfluenceView) -> None:
    view.bring_near(not view.near)


def _beyond(by: int) -> Handler:
    def go(view: InfluenceView) -> None:
        view.chosen = 0
        if view.subject == "measure":
            everywhere.go_by(view, by)
        elif view.session.inquiry.take is not None:
            # The list of takes begins with the newest.
            view.session.choose_take_by(-by)
            view.draw()

    return go


HANDLERS["influence.earlier"] = _beyond(-1)
HANDLERS["influence.later"] = _beyond(1)


@HANDLERS.handles("move.next", "move.previous")
def _other(view: InfluenceView) -> None:
    view.about("take" if view.subject == "measure" else "measure")


# What is named


@HANDLERS.handles("influence.filter")
def _filter(view: InfluenceView) -> None:
    answer = view.influence
    if answer is None or answer.found is None:
        view.show_message("Nothing has been found yet that could be sorted.")
        return
    wanted, avoided = view.session.inquiry.wanted, frozenset(view.avoided)
    free = replace(wanted, books=None, licences=None, without=frozenset())
    choices = [("every book and licence", free)]
    for book in answer.books:
        choices.append((f"{book} only", replace(free, books=frozenset({book}))))
    for terms in answer.licences:
        choices.append((f"licence: {terms}", replace(free, licences=frozenset({terms}))))
    if avoided:
        choices.append(("all but what is kept away from", replace(free, without=avoided)))
    options: list[Wanted] = [each for _, each in choices]

    def choose(at: int | None) -> None:
        if at is not None:
            view.chosen = 0
            view.session.inquiry.want(options[at])
            view.draw()

    at = options.index(wanted) if wanted in options else 0
    view.app.push_screen(
        Choice("Which tunes are named", [label for label, _ in choices], at), choose
    )


@HANDLERS.handles("influence.evidence")
def _evidence(view: InfluenceView) -> None:
    if view.subject == "take":
        view.show_message("Gradients are those of the measure model: a take has none.")
    elif view.session.inquiry.weigh():
        view.show_message("Asking the model's gradients; the first time takes some ten seconds …")
        view.draw()
    else:
        view.show_message("Nothing has been found yet that could be asked about.")


@HANDLERS.handles("influence.alone")
def _alone(view: InfluenceView) -> None:
    if view.subject == "take":
        view.show_message("A take is asked about as a whole.")
        return
    wanted = view.session.inquiry.wanted
    view.session.inquiry.want(replace(wanted, alone=not wanted.alone))
    view.draw()


# Hearing


@HANDLERS.handles("influence.hear")
def _audition(view: InfluenceView) -> None:
    match, beside = view.match, view.beside
    if match is None:
        view.show_message("There is nothing to compare by ear yet.")
        return
    if view.session.shown.playing:
        key = view.keymap.label("play.toggle")
        view.show_message(f"The loop is playing; {key} stops it, so that both can be heard.")
        return
    view.heard = "theirs" if view.heard == "ours" else "ours"
    if view.heard == "theirs":
        if view.subject == "take":
            view.session.send(StopTake())
        view.session.send(AuditionMeasures(beside.theirs))
    elif view.subject == "take":
        view.session.send(AuditionMeasures())
        view.session.send(PlayTake(view.session.inquiry.take, float(match.asked - 1)))
    else:
        view.session.send(AuditionMeasures(beside.ours))
    view.draw()


# Going away


@HANDLERS.handles("influence.away")
def _away(view: InfluenceView) -> None:
    match = view.match
    if view.subject == "take":
        key = view.keymap.label("app.steer")
        view.show_message(f"A take is not moved by gauges; {key} goes where another is made.")
    elif match is None:
        view.show_message("There is no piece to keep away from.")
    else:
        view.avoided[match.cluster] = match.title
        _regenerate(view)


@HANDLERS.handles("influence.again")
def _again(view: InfluenceView) -> None:
    if view.subject == "take":
        _away(view)
    else:
        _regenerate(view)


def _regenerate(view: InfluenceView) -> None:
    view.session.gestures.end()
    seed = view.session.draws.getrandbits(31)
    without = frozenset(view.avoided)
    view.session.send(RegenerateAway(view.session.slot, without, view.amount, seed))
    view.draw()


@HANDLERS.handles("influence.forget")
def _forget(view: InfluenceView) -> None:
    view.avoided.clear()
    view.session.inquiry.want(replace(view.session.inquiry.wanted, without=frozenset()))
    view.draw()


def _amount(by: float) -> Handler:
    def change(view: InfluenceView) -> None:
        view.amount = round(max(0.1, min(1.0, view.amount + by)), 1)
        view.draw()
        view.show_message(f"A way out is looked for up to {view.amount:.0%} of the way to a draw.")

    return change


HANDLERS["influence.less"] = _amount(-0.1)
HANDLERS["influence.more"] = _amount(0.1)


HANDLERS["influence.undo"] = everywhere.undo
HANDLERS["influence.redo"] = everywhere.redo


# Writing it down


@HANDLERS.handles("influence.provenance")
def _provenance(view: InfluenceView) -> None:
    take = None
    if view.subject == "take":
        take = view.session.inquiry.take
        if take is None:
            view.show_message("No take is chosen.")
            return
    name = f"{take or view.session.shown.song.title} provenance"
    ask_path(
        view,
        "Write what it is like as",
        ".json",
        lambda path: WriteProvenance(path, take),
        name=name,
    )


@HANDLERS.handles("influence.export")
def _export(view: InfluenceView) -> None:
    ask_path(
        view,
        "Write the loop as a MIDI file that says what it is like",
        ".mid",
        lambda path: ExportMidi(path, credits=True),
    )
