"""What the actions of the notes screen do on the grid of drums and chords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from engine.music.general_midi import DRUM_NAMES, FIRST_DRUM, drum_name
from engine.music.note_edits import Span
from engine.music.pattern import Hit
from engine.music.pitch_names import pitch_name
from engine.protocol.patterns import NudgeHits, PutHits, RemoveHits
from engine.protocol.transport import AuditionHits
from tui.actions import notes
from tui.actions.host import HitsView
from tui.actions.registry import Registry
from tui.formatting.tracks import kind_words, rule_words

Handler = Callable[[HitsView], None]

HANDLERS: Registry[HitsView] = Registry()
"""The handlers that differ from those of a roll, by action id."""


def _row(by: int) -> Handler:
    def go(view: HitsView) -> None:
        view.session.gestures.end()
        rows = view.rows()
        at = rows.index(view.cursor.pitch) - by
        view.cursor.pitch = rows[max(0, min(len(rows) - 1, at))]
        view.point()
        _sound(view)

    return go


def _any(by: int) -> Handler:
    """Return what goes on to the next of all drums, or an octave on."""

    def go(view: HitsView) -> None:
        view.session.gestures.end()
        drums = view.session.shown.row.kind == "drums"
        first, last = (FIRST_DRUM, FIRST_DRUM + len(DRUM_NAMES) - 1) if drums else (0, 127)
        to = view.cursor.pitch + (by if drums else 12 * by)
        view.cursor.pitch = max(first, min(last, to))
        view.point()
        _sound(view)

    return go


HANDLERS["notes.up"], HANDLERS["notes.down"] = _row(1), _row(-1)
HANDLERS["notes.up_octave"], HANDLERS["notes.down_octave"] = _any(1), _any(-1)


def _hit(by: int) -> Handler:
    def go(view: HitsView) -> None:
        own = [hit for hit in view.hits() if hit.pitch == view.cursor.pitch]
        ahead = [hit for hit in own if (hit.onset - view.cursor.place) * by > 0]
        if ahead:
            view.cursor.place = (ahead[0] if by > 0 else ahead[-1]).onset
            view.point()

    return go


HANDLERS["notes.next"], HANDLERS["notes.previous"] = _hit(1), _hit(-1)


def put(view: HitsView) -> None:
    """Put a note of one step at the cursor, and go on by it."""
    session, cursor = view.session, view.cursor
    session.gestures.end()
    hit = Hit(Fraction(0), cursor.pitch, cursor.step, session.shown.row.velocity)
    session.send(PutHits(session.slot, cursor.place, (hit,)))
    notes.HANDLERS["notes.right"](view)


HANDLERS["notes.put"] = put


def _chosen(view: HitsView) -> tuple[Span, int | None]:
    """Return what an edit is about: all that is selected, or the drum at the cursor."""
    cursor = view.cursor
    if (span := cursor.selection) is not None:
        return span, None
    return Span(cursor.place, cursor.place + cursor.step), cursor.pitch


def _within(view: HitsView, span: Span, pitch: int | None) -> list[Hit]:
    return [
        hit
        for hit in view.hits()
        if span.start <= hit.onset < span.end and pitch in (None, hit.pitch)
    ]


@HANDLERS.handles("notes.remove")
def _remove(view: HitsView) -> None:
    span, pitch = _chosen(view)
    view.session.gestures.end()
    view.session.send(RemoveHits(view.session.slot, span.start, span.end, pitch))
    view.cursor.anchor = None
    view.point()


@HANDLERS.handles("notes.copy")
def _copy(view: HitsView) -> None:
    span, pitch = _chosen(view)
    found = _within(view, span, pitch)
    if not found:
        view.show_message("No note is chosen.")
        return
    view.copied = tuple(replace(hit, onset=hit.onset - span.start) for hit in found)
    key = view.keymap.label("notes.paste")
    many = f"{len(found)} notes are" if len(found) > 1 else "A note is"
    view.show_message(f"{many} copied; {key} puts them at the cursor.")


@HANDLERS.handles("notes.cut")
def _cut(view: HitsView) -> None:
    _copy(view)
    _remove(view)


@HANDLERS.handles("notes.paste")
def _paste(view: HitsView) -> None:
    if not view.copied:
        key = view.keymap.label("notes.copy")
        view.show_message(f"Nothing is copied yet; {key} copies notes.")
        return
    view.session.gestures.end()
    view.session.send(PutHits(view.session.slot, view.cursor.place, view.copied))


def _velocity(by: int) -> Handler:
    def change(view: HitsView) -> None:
        session, (span, pitch) = view.session, _chosen(view)
        gesture = session.gestures.begin(("key", "velocity", session.slot))
        session.send(NudgeHits(session.slot, span.start, span.end, by, pitch, gesture))

    return change


HANDLERS["notes.louder"] = _velocity(notes.LOUDER)
HANDLERS["notes.softer"] = _velocity(-notes.LOUDER)


@HANDLERS.handles("notes.hear")
def _hear(view: HitsView) -> None:
    _sound(view, always=True)


def _sound(view: HitsView, *, always: bool = False) -> None:
    shown = view.session.shown
    if not shown.playing and (always or shown.audition):
        here = [hit for hit in _within(view, *_chosen(view)) if hit.pitch == view.cursor.pitch]
        loud = here[0].velocity if here else shown.row.velocity
        hit = Hit(Fraction(0), view.cursor.pitch, Fraction(1), loud)
        view.session.send(AuditionHits((hit,)))


def _of_melodies(view: HitsView) -> None:
    view.show_message("That is done to melodies; here notes are put, removed, copied and louder.")


for _name in (
    "earlier", "later", "semitone_up", "semitone_down", "degree_up", "degree_down", "octave_up",
    "octave_down", "longer", "shorter", "split", "join", "invert", "reverse", "double", "halve",
    "lock",
):  # fmt: skip
    HANDLERS[f"notes.{_name}"] = _of_melodies


def words_at(view: HitsView) -> str:
    """Describe what stands at the cursor."""
    cursor, shown = view.cursor, view.session.shown
    beat, part = divmod(cursor.place, shown.slot.measure.grid.beat)
    name = drum_name if shown.row.kind == "drums" else pitch_name
    parts = [f"beat {beat + 1}{f' + {part}' if part else ''}", name(cursor.pitch)]
    span, pitch = _chosen(view)
    found = _within(view, span, pitch)
    if cursor.selection is not None:
        parts.append(f"{len(found)} note{'s' * (len(found) != 1)} selected")
    elif found:
        parts.append(f"velocity {found[0].velocity}")
    if view.ruled and (words := kind_words(shown.row)):
        parts.append(words)
        rests = rule_words(shown.song, shown.track, shown.selected)
        parts += [rests] if rests != "empty" else []
    parts.append(f"step {cursor.step_name}")
    return " · ".join(parts)
