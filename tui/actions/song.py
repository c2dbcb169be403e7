"""Handlers of what can be done on the song screen: tracks, and how each is played."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from engine.music.accompaniment.style import STYLES, Accompaniment
from engine.music.chord_track import sounding
from engine.music.slot import Slot
from engine.music.track import LONGEST_TRACK_NAME, TRACK_KINDS, TrackKind
from engine.protocol.tracks import (
    AddTrack,
    CopyTrack,
    FreezeAccompaniment,
    MoveTrack,
    MoveTrackSelection,
    Nudge,
    Parameter,
    RemoveTrack,
    SelectTrack,
    SetAccompaniment,
    SetBank,
    SetTrack,
)
from tui.actions import chords, everywhere, form, measures
from tui.actions.everywhere_dialogs import ask
from tui.actions.host import BesideView
from tui.actions.metres import ask_metre
from tui.actions.registry import Registry
from tui.dialogs.choice import Choice
from tui.dialogs.form import Field, Form
from tui.dialogs.instruments import InstrumentPicker
from tui.formatting.form import section_words
from tui.formatting.metres import usual
from tui.formatting.tracks import (
    instruments,
    kind_words,
    name_of,
    pan_words,
    program_words,
    rule_words,
)

Handler = Callable[[BesideView], None]

HANDLERS: Registry[BesideView] = Registry(everywhere.HANDLERS | form.HANDLERS)
"""The handlers, by action id."""


def _measure(by: int) -> Handler:
    def go(view: BesideView) -> None:
        everywhere.go_by(view, by)

    return go


def _track(by: int) -> Handler:
    def go(view: BesideView) -> None:
        view.session.gestures.end()
        view.session.send(MoveTrackSelection(by))

    return go


HANDLERS["tracks.left"], HANDLERS["tracks.right"] = _measure(-1), _measure(1)
HANDLERS["tracks.left_far"], HANDLERS["tracks.right_far"] = _measure(-4), _measure(4)
HANDLERS["tracks.up"], HANDLERS["tracks.down"] = _track(-1), _track(1)


def _choose(number: int) -> Handler:
    def choose(view: BesideView) -> None:
        if number <= len(view.session.shown.song.tracks):
            view.session.gestures.end()
            view.session.send(SelectTrack(number - 1))

    return choose


for _number in range(1, 10):
    HANDLERS[f"tracks.{_number}"] = _choose(_number)


@HANDLERS.handles("tracks.open")
def _open(view: BesideView) -> None:
    view.go("notes")


# Which tracks there are


@HANDLERS.handles("tracks.add")
def _add(view: BesideView) -> None:
    view.session.gestures.end()
    view.session.send(AddTrack())


@HANDLERS.handles("tracks.copy")
def _copy(view: BesideView) -> None:
    view.session.gestures.end()
    view.session.send(CopyTrack())


@HANDLERS.handles("tracks.remove")
def _remove(view: BesideView) -> None:
    view.session.gestures.end()
    view.session.send(RemoveTrack())


def _move(by: int) -> Handler:
    def move(view: BesideView) -> None:
        view.session.gestures.end()
        view.session.send(MoveTrack(by))

    return move


HANDLERS["tracks.move_up"], HANDLERS["tracks.move_down"] = _move(-1), _move(1)


@HANDLERS.handles("tracks.name")
def _name(view: BesideView) -> None:
    shown = view.session.shown
    track = shown.track

    def read(text: str) -> str:
        return text

    hint = f"Up to {LONGEST_TRACK_NAME} characters; none for its number alone."
    field = Field("name", shown.row.name, read, hint)
    ask(view, Form(f"Track {track + 1}", [field]), lambda name: SetTrack(name=name, track=track))


@HANDLERS.handles("tracks.kind")
def _kind(view: BesideView) -> None:
    shown = view.session.shown
    added: tuple[TrackKind, ...] = ("chords", "bass", "drums")
    lines = [*(f"this track: {kind}" for kind in TRACK_KINDS),
             *(f"a new track of {kind}" for kind in added)]  # fmt: skip
    track = shown.track

    def choose(at: int | None) -> None:
        if at is None:
            return
        view.session.gestures.end()
        if at < len(TRACK_KINDS):
            view.session.send(SetTrack(kind=TRACK_KINDS[at], track=track))
        else:
            view.session.send(AddTrack(kind=added[at - len(TRACK_KINDS)]))

    title = f"Kind of track {track + 1}"
    view.app.push_screen(Choice(title, lines, TRACK_KINDS.index(shown.row.kind)), choose)


@HANDLERS.handles("tracks.instrument")
def _instrument(view: BesideView) -> None:
    shown = view.session.shown
    track = shown.track

    def choose(chosen: tuple[int, int | None, int | None] | None) -> None:
        if chosen is None:
            return
        program, msb, lsb = chosen
        view.session.gestures.end()
        if (msb, lsb) != (shown.row.bank_msb, shown.row.bank_lsb):
            view.session.send(SetBank(msb, lsb, track=track))
        view.session.send(SetTrack(program=program, track=track))

    view.app.push_screen(InstrumentPicker(instruments().listed(), shown.row.instrument), choose)


@HANDLERS.handles("tracks.rule")
def _rule(view: BesideView) -> None:
    shown = view.session.shown
    track, row = shown.track, shown.row
    view.session.gestures.end()
    if row.accompaniment is not None:
        view.session.send(FreezeAccompaniment(track=track))
        return
    styles = STYLES.get(row.kind)
    if styles is None:
        key = view.keymap.label("tracks.kind")
        view.show_message(f"A rule plays tracks of bass, chords or drums; {key} makes it one.")
        return

    def choose(at: int | None) -> None:
        if at is not None:
            view.session.send(SetAccompaniment(Accompaniment(styles[at]), track=track))

    key = view.keymap.label("tracks.rule")
    words = f"It plays the empty measures under the chords; {key} again freezes it to notes."
    view.app.push_screen(Choice(f"Track {track + 1} by rule", styles, 0, words), choose)


# How they are played


def _nudge(parameter: Parameter, by: float) -> Handler:
    def nudge(view: BesideView) -> None:
        gesture = view.session.gestures.begin(f"{parameter} {view.session.shown.track}")
        view.session.send(Nudge(parameter, by, gesture))

    return nudge


_NUDGED: tuple[tuple[str, str, Parameter, float], ...] = (
    ("softer", "louder", "level", 4),
    ("pan_left", "pan_right", "pan", 4),
    ("octave_down", "octave_up", "octave", 1),
    ("program_less", "program_more", "program", 1),
    ("channel_less", "channel_more", "channel", 1),
)
for _less, _more, _parameter, _by in _NUDGED:
    HANDLERS[f"tracks.{_less}"] = _nudge(_parameter, -_by)
    HANDLERS[f"tracks.{_more}"] = _nudge(_parameter, _by)


def _switch(parameter: Parameter) -> Handler:
    def switch(view: BesideView) -> None:
        view.session.gestures.end()
        view.session.send(Nudge(parameter, 1))

    return switch


HANDLERS["tracks.mute"] = _switch("mute")
HANDLERS["tracks.solo"] = _switch("solo")
HANDLERS["tracks.lock"] = _switch("protect")


HANDLERS["tracks.metre"] = ask_metre
HANDLERS.update(measures.handlers("cell"))
HANDLERS["tracks.chord"] = chords.typing(lambda _: Fraction(0))
HANDLERS["tracks.suggest"] = chords.suggesting(lambda _: Fraction(0))
HANDLERS["tracks.key"] = chords.take_key
HANDLERS["tracks.undo"] = everywhere.undo
HANDLERS["tracks.redo"] = everywhere.redo


def _many(slot: Slot) -> int:
    return len(slot.measure.pitches if slot.pattern is None else slot.pattern.hits)


def words_at(view: BesideView) -> str:
    """Describe the selected track and measure."""
    shown = view.session.shown
    track, slot = shown.row, shown.slot
    parts = [
        f"track {name_of(track, shown.track)} of {len(shown.song.tracks)}",
        f"measure {shown.selected + 1} of {shown.song.length}"
        + ("" if usual(slot.grid) else f" in {slot.grid.name}")
        + (
            f", {rule_words(shown.song, shown.track, shown.selected)}"
            if slot.empty
            else f", {_many(slot)} notes"
        ),
        f"level {'not sent' if track.level is None else track.level}",
        f"pan {'not sent' if track.pan is None else pan_words(track.pan)}",
        f"octave {track.octave:+d}",
        f"velocity {track.velocity}",
        program_words(track),
    ]
    parts.insert(2, chords.key_words(view))
    held = shown.song.chords_in(shown.selected, shown.entry)
    if chord := sounding(held, shown.selected, 0):
        parts.insert(2, f"chord {chord.name(shown.song.key)}")
    if section := section_words(shown.song.form, shown.selected):
        parts.insert(2, section)
    if words := kind_words(track):
        parts.insert(1, words)
    if track.port:
        parts.insert(1, f"to {track.port}")
    return " · ".join(parts)
