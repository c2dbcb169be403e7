"""Commands of the form: sections, their order, and where the music goes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from engine.errors import Outdated
from engine.music.form import SongForm
from engine.music.scales import Key
from engine.protocol.base import Command, Edit, Overtaking, SoundEdit
from engine.protocol.snapshot import JumpUnit

LoopScope = Literal["song", "section", "measure"]
"""What is looped: the song as its form says, or the section or measure that is selected."""

SectionPart = Literal["tempo", "ramp", "key"]
"""What a section may have of its own."""


@dataclass(frozen=True, slots=True)
class OfForm(Command):
    """Names sections or entries by number, as they were ``seen`` when it was sent.

    ``seen`` is the `SongForm.mark` of the form that its sender had, None where it does not say: a
    number then means what is there now.
    """

    seen: int | None = field(default=None, kw_only=True, compare=False)

    def check_seen(self, form: SongForm) -> None:
        """Raise `Outdated` where the numbers mean others by now."""
        if self.seen is not None and self.seen != form.mark:
            raise Outdated(
                "The sections or their order have changed meanwhile, and nothing was done.",
                "Look where it is now, and press it again.",
            )


@dataclass(frozen=True, slots=True)
class SelectEntry(OfForm, Overtaking):
    """Selects an entry of the order, and the first measure of its section."""

    entry: int


@dataclass(frozen=True, slots=True)
class MoveEntrySelection(Overtaking):
    """Selects the entry that lies ``by`` after the selected one, or the last that way."""

    by: int


@dataclass(frozen=True, slots=True)
class SplitSection(SoundEdit):
    """Begins a section at a measure.

    A song without sections gets one for the measures before and one from there on.
    """

    slot: int


@dataclass(frozen=True, slots=True)
class JoinSection(OfForm, SoundEdit):
    """Joins a section with the one whose measures come after it; entries of both play the whole."""

    section: int


@dataclass(frozen=True, slots=True)
class SetSection(OfForm, SoundEdit):
    """Sets what is not None of a section, and takes what is ``plain`` from the song again."""

    section: int
    name: str | None = None
    tempo: float | None = None
    ramp: float | None = None
    key: Key | None = None
    plain: tuple[SectionPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ClearForm(SoundEdit):
    """Takes all sections away; the measures stay."""


@dataclass(frozen=True, slots=True)
class AddSection(OfForm, Edit):
    """Adds a section of empty measures after the selected entry's, and plays it after that entry.

    Without a name it gets the next free letter.
    """

    entry: int | None = None
    measures: int = 4
    name: str = ""


@dataclass(frozen=True, slots=True)
class CopySection(OfForm, Edit):
    """Adds a copy of an entry's section after it, with measures of its own, and plays it next."""

    entry: int


@dataclass(frozen=True, slots=True)
class MakeUnique(OfForm, Edit):
    """Lets one entry play a copy of its section, whose measures are its own."""

    entry: int


@dataclass(frozen=True, slots=True)
class Crossfade(OfForm, Edit):
    """Plays ``repeats`` of a section after an entry that lead from it to that of the entry ``to``.

    Their measures are their own, in a section of their own, at even steps of what is heard. Drums,
    chords, and measures that are empty or have no model change over in the middle, and so do the
    chords of the song.
    """

    needs_model: ClassVar[bool] = True

    entry: int
    to: int
    repeats: int = 3


@dataclass(frozen=True, slots=True)
class RemoveSection(OfForm, Edit):
    """Takes a section out with its measures, and the entries that play it."""

    section: int


@dataclass(frozen=True, slots=True)
class AddEntry(OfForm, SoundEdit):
    """Plays a section once more, before an entry of the order (None: at the end)."""

    section: int
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveEntry(OfForm, SoundEdit):
    """Takes an entry out of the order; its section stays."""

    entry: int


@dataclass(frozen=True, slots=True)
class MoveEntry(OfForm, SoundEdit):
    """Moves an entry ``by`` places in the order, or as far as it goes."""

    entry: int
    by: int


@dataclass(frozen=True, slots=True)
class NudgeRepeats(OfForm, SoundEdit):
    """Plays an entry ``by`` times more, or less (once at least)."""

    entry: int
    by: int


@dataclass(frozen=True, slots=True)
class SetLoop(Overtaking):
    """Loops the song, or the selected section or measure alone."""

    scope: LoopScope


@dataclass(frozen=True, slots=True)
class LoopMeasures(Overtaking):
    """Loops ``count`` measures from ``first`` on, in every turn as they lie."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class SetJumpUnit(Overtaking):
    """Chooses when a jump happens."""

    unit: JumpUnit


@dataclass(frozen=True, slots=True)
class JumpTo(OfForm, Overtaking):
    """Lets the music that plays go on elsewhere: at an entry of the order, or at a measure.

    When, is as the state says (`SetJumpUnit`), unless ``unit`` names it.
    """

    entry: int | None = None
    slot: int | None = None
    unit: JumpUnit | None = None


@dataclass(frozen=True, slots=True)
class TapTempo(Overtaking):
    """Is a tap of the beat: from the second on the song gets their tempo."""
