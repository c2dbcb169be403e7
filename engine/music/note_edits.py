"""What is done to notes by hand: pure functions from placed notes to placed notes.

Each takes the notes of one voice and a span of time, and changes the notes that start in it. A
voice has one note at a time: where a changed note comes to lie over another, that one is cut, or
goes where nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.errors import OutOfRange
from engine.music.performance import Touch
from engine.music.placed_notes import PlacedNote
from engine.music.scales import Key

Notes = tuple[PlacedNote, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from ``start`` to before ``end``, in quarter notes."""

    start: Fraction
    end: Fraction

    def holds(self, note: PlacedNote) -> bool:
        """Return whether a note starts in it."""
        return self.start <= note.onset < self.end


def chosen(notes: Sequence[PlacedNote], span: Span) -> Notes:
    """Return the notes that start in a span; raises `OutOfRange` where none does."""
    found = tuple(note for note in notes if span.holds(note))
    if not found:
        raise OutOfRange("No note starts here.", "Choose one, or a stretch that has some.")
    return found


def at(notes: Sequence[PlacedNote], place: Fraction) -> PlacedNote | None:
    """Return the note that sounds at a place."""
    return next((note for note in notes if note.onset <= place < note.end), None)


def put(notes: Sequence[PlacedNote], new: Iterable[PlacedNote]) -> Notes:
    """Return the notes with new ones laid over them."""
    kept = list(notes)
    for note in sorted(new, key=_onset):
        kept = [each for each in kept if not note.onset <= each.onset < note.end]
        kept = [
            replace(each, end=note.onset) if each.onset < note.onset < each.end else each
            for each in kept
        ]
        kept.append(note)
    return tuple(sorted(kept, key=_onset))


def _onset(note: PlacedNote) -> Fraction:
    return note.onset


def remove(notes: Sequence[PlacedNote], span: Span) -> Notes:
    """Return the notes without those of a span."""
    gone = chosen(notes, span)
    return tuple(note for note in notes if note not in gone)


def _changed(
    notes: Sequence[PlacedNote], span: Span, change: Callable[[PlacedNote], PlacedNote]
) -> Notes:
    old = chosen(notes, span)
    return put([note for note in notes if note not in old], map(change, old))


def move(notes: Sequence[PlacedNote], span: Span, by: Fraction) -> Notes:
    """Return the notes with those of a span later by so many quarter notes."""
    return _changed(notes, span, lambda note: note.moved(by))


def transpose(notes: Sequence[PlacedNote], span: Span, semitones: int) -> Notes:
    """Return the notes with those of a span higher by so many semitones."""
    return _changed(notes, span, lambda note: replace(note, pitch=note.pitch + semitones))


def transpose_degrees(notes: Sequence[PlacedNote], span: Span, degrees: int, key: Key) -> Notes:
    """Return the notes with those of a span higher by so many degrees of a key.

    The first degree leads a note that is foreign to the key to its next pitch that way.
    """
    return _changed(
        notes, span, lambda note: replace(note, pitch=by_degrees(note.pitch, degrees, key))
    )


def by_degrees(pitch: int, degrees: int, key: Key) -> int:
    """Return the pitch so many degrees of a key above (below 0: under) another."""
    step = 1 if degrees > 0 else -1
    for _ in range(abs(degrees)):
        pitch += step
        while not key.holds(pitch):
            pitch += step
    return pitch


def resize(notes: Sequence[PlacedNote], span: Span, by: Fraction, least: Fraction) -> Notes:
    """Return the notes with those of a span longer, or shorter down to ``least``.

    One that grows reaches to the next note at most: it is not worth cutting that one.
    """
    old = chosen(notes, span)

    def resized(note: PlacedNote) -> PlacedNote:
        following = min((e.onset for e in notes if e.onset > note.onset), default=None)
        end = max(note.onset + min(least, note.duration), note.end + by)
        return replace(note, end=end if following is None else min(end, following))

    new = {note: resized(note) for note in old}
    return tuple(new.get(note, note) for note in notes)


def split(notes: Sequence[PlacedNote], place: Fraction) -> Notes:
    """Return the notes with the one that sounds at a place struck again there."""
    note = at(notes, place)
    if note is None or note.onset == place:
        raise OutOfRange(
            "No note goes on here.", "Put the cursor where one sounds, past its start."
        )
    return put(notes, [replace(note, onset=place)])


def join(notes: Sequence[PlacedNote], span: Span) -> Notes:
    """Return the notes with those of a span as one, as high and loud as the first of them.

    Where one note alone starts in it, that is joined with the next.
    """
    found = chosen(notes, span)
    if len(found) == 1:
        found += tuple(note for note in notes if note.onset > found[0].onset)[:1]
    if len(found) == 1:
        raise OutOfRange("No note follows that could be joined.")
    return put(notes, [replace(found[0], end=found[-1].end)])


def invert(notes: Sequence[PlacedNote], span: Span) -> Notes:
    """Return the notes with those of a span upside down, about the first of them."""
    axis = chosen(notes, span)[0].pitch
    return _changed(notes, span, lambda note: replace(note, pitch=2 * axis - note.pitch))


def reverse(notes: Sequence[PlacedNote], span: Span) -> Notes:
    """Return the notes with those of a span back to front, from the first onset to the last end."""
    found = chosen(notes, span)
    ends = found[0].onset + found[-1].end
    return _changed(
        notes, span, lambda note: replace(note, onset=ends - note.end, end=ends - note.onset)
    )


def stretch(notes: Sequence[PlacedNote], span: Span, factor: Fraction) -> Notes:
    """Return the notes with those of a span at another speed, from the first onset on."""
    start = chosen(notes, span)[0].onset

    def stretched(note: PlacedNote) -> PlacedNote:
        onset = start + (note.onset - start) * factor
        return replace(note, onset=onset, end=onset + note.duration * factor)

    return _changed(notes, span, stretched)


def louder(notes: Sequence[PlacedNote], span: Span, by: int, usual: int) -> Notes:
    """Return the notes with those of a span louder by a number of velocity, 1 to 127 at most.

    ``usual`` is the velocity of notes that have none of their own.
    """

    def struck(note: PlacedNote) -> PlacedNote:
        old = note.touch or Touch(usual)
        return replace(note, touch=replace(old, velocity=max(1, min(127, old.velocity + by))))

    return _changed(notes, span, struck)
