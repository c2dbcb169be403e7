"""The form of a song: sections of its measures, and the order in which they are played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from zlib import crc32

from engine.errors import OutOfRange
from engine.music.scales import Key

SLOWEST, FASTEST = 20.0, 400.0
"""The range of tempi in quarter notes a minute."""

MOST_SECTIONS = 64
MOST_ENTRIES = 256
"""How many sections a song can have, and how many entries their order."""

MOST_REPEATS = 64
"""How often an entry of the order is played at most."""

MOST_STEPS = 4096
"""How many measures one turn of the order plays at most."""

LONGEST_SECTION_NAME = 24
"""The longest name of a section in characters."""


def check_tempo(tempo: float) -> None:
    """Raise `OutOfRange` for what is no tempo."""
    if not SLOWEST <= tempo <= FASTEST:
        raise OutOfRange(
            f"A tempo lies from {SLOWEST:.0f} to {FASTEST:.0f} quarter notes a minute; "
            f"{tempo} does not."
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a song's measures: its name, and how many measures it has.

    ``tempo`` (quarter notes a minute) and ``key`` are the song's where they are None. With a
    ``ramp`` the tempo moves evenly to that one by its end. Raises `OutOfRange`.
    """

    name: str
    length: int
    tempo: float | None = None
    ramp: float | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= LONGEST_SECTION_NAME:
            raise OutOfRange(f"The name of a section has 1 to {LONGEST_SECTION_NAME} characters.")
        if self.length < 1:
            raise OutOfRange("A section has one measure at least.")
        for tempo in (self.tempo, self.ramp):
            if tempo is not None:
                check_tempo(tempo)


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """One entry of the order: a section by its index, and how often it is played there."""

    section: int
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One measure as it is played: its slot, and the entry and repeat (from 0) it belongs to.

    ``tempi`` are those at its start and end, ``key`` is that of its section, None: the song's.
    """

    slot: int
    tempi: tuple[float, float]
    entry: int | None = None
    repeat: int = 0
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class SongForm:
    """Sections that follow each other through all measures of a song, and their order.

    One without sections is no form: the song is played from its first measure to its last.
    Raises `OutOfRange` for an order that names a section that there is not, or is too long.
    """

    sections: tuple[Section, ...] = ()
    order: tuple[OrderEntry, ...] = ()

    def __post_init__(self) -> None:
        if not self.sections:
            if self.order:
                raise OutOfRange("An order needs sections.")
            return
        if len(self.sections) > MOST_SECTIONS:
            raise OutOfRange(f"A song has {MOST_SECTIONS} sections at most.")
        if not 1 <= len(self.order) <= MOST_ENTRIES:
            raise OutOfRange(f"The order has 1 to {MOST_ENTRIES} entries.")
        for entry in self.order:
            if not 0 <= entry.section < len(self.sections):
                raise OutOfRange(
                    f"There is no section {entry.section + 1}: the song has {len(self.sections)}."
                )
            if not 1 <= entry.repeats <= MOST_REPEATS:
                raise OutOfRange(
                    f"A section is played 1 to {MOST_REPEATS} times in a row; "
                    f"{entry.repeats} is not that."
                )
        played = sum(self.sections[each.section].length * each.repeats for each in self.order)
        if played > MOST_STEPS:
            raise OutOfRange(
                f"The order plays {MOST_STEPS} measures at most, and this one {played}.",
                "Take out repeats or entries.",
            )

    def __bool__(self) -> bool:
        return bool(self.sections)

    @property
    def length(self) -> int:
        """How many measures the sections have."""
        return sum(section.length for section in self.sections)

    @property
    def starts(self) -> tuple[int, ...]:
        """The slot at which each section begins."""
        return tuple(accumulate((s.length for s in self.sections[:-1]), initial=0))

    @property
    def mark(self) -> int:
        """A number that is another where an index of a section or an entry may mean another one.

        How often an entry is played, and what else a section has, make no difference.
        """
        names = [section.name for section in self.sections]
        return crc32(repr((names, [entry.section for entry in self.order])).encode())

    def slots_of(self, section: int) -> range:
        """Return the slots of a section; raises `OutOfRange` where there is none such."""
        self.section(section)
        start = self.starts[section]
        return range(start, start + self.sections[section].length)

    def section(self, index: int) -> Section:
        """Return a section; raises `OutOfRange` where there is none such."""
        if not 0 <= index < len(self.sections):
            has = f"the song has {len(self.sections)}" if self.sections else "the song has none"
            raise OutOfRange(f"There is no section {index + 1}: {has}.")
        return self.sections[index]

    def entry(self, index: int) -> OrderEntry:
        """Return an entry of the order; raises `OutOfRange` where there is none such."""
        if not 0 <= index < len(self.order):
            raise OutOfRange(f"The order has no entry {index + 1}: it has {len(self.order)}.")
        return self.order[index]

    def section_at(self, slot: int) -> int | None:
        """Return the section that a slot belongs to; None where there are no sections."""
        for index, start in enumerate(self.starts if self else ()):
            if start <= slot < start + self.sections[index].length:
                return index
        return None

    def places(self, section: int) -> tuple[int, ...]:
        """Return the entries of the order that play a section."""
        return tuple(at for at, each in enumerate(self.order) if each.section == section)

    def steps(self, tempo: float) -> Iterator[Step]:
        """Yield the measures of one turn of the order as they are played in a song of a tempo."""
        starts = self.starts
        for at, entry in enumerate(self.order):
            section = self.sections[entry.section]
            for repeat in range(entry.repeats):
                for measure in range(section.length):
                    slot = starts[entry.section] + measure
                    yield Step(slot, _tempi(section, measure, tempo), at, repeat, section.key)

    def step_at(self, slot: int, tempo: float) -> Step:
        """Return a measure as it is played by itself, in no entry of the order."""
        section = self.section_at(slot)
        if section is None:
            return Step(slot, (tempo, tempo))
        found = self.sections[section]
        measure = slot - self.starts[section]
        return Step(slot, _tempi(found, measure, tempo), key=found.key)

    def cut(self, slot: int, count: int) -> SongForm:
        """Return the form without so many measures from a slot on."""
        form, starts = self, self.starts
        for at in reversed(range(len(self.sections))):
            end = starts[at] + self.sections[at].length
            gone = min(end, slot + count) - max(starts[at], slot)
            if gone > 0:
                form = form.resized(at, -gone)
        return form

    def resized(self, section: int, by: int) -> SongForm:
        """Return the form with a section longer by so many measures (below 0: shorter).

        A section that has no measure left goes, with its entries of the order. Where no entry
        is left, the order plays what there is.
        """
        length = self.sections[section].length + by
        if length > 0:
            changed = replace(self.sections[section], length=length)
            return self.with_section(section, changed)
        return self.without(section)

    def with_section(self, index: int, section: Section) -> SongForm:
        """Return the form with another section in the place of one."""
        return replace(
            self, sections=(*self.sections[:index], section, *self.sections[index + 1 :])
        )

    def without(self, section: int) -> SongForm:
        """Return the form without a section and the entries that play it."""
        sections = (*self.sections[:section], *self.sections[section + 1 :])
        order = tuple(
            replace(each, section=each.section - (each.section > section))
            for each in self.order
            if each.section != section
        )
        if not order:
            order = tuple(OrderEntry(at) for at in range(len(sections)))
        return SongForm(sections, order)

    def with_new(self, at: int, section: Section) -> SongForm:
        """Return the form with a section more before the one at ``at``; no entry plays it yet."""
        order = tuple(
            replace(each, section=each.section + (each.section >= at)) for each in self.order
        )
        sections = (*self.sections[:at], section, *self.sections[at:])
        return SongForm(sections, order or (OrderEntry(at),))


NO_FORM = SongForm()
"""That of a song without sections."""


def _tempi(section: Section, measure: int, usual: float) -> tuple[float, float]:
    first = usual if section.tempo is None else section.tempo
    rise = 0.0 if section.ramp is None else (section.ramp - first) / section.length
    return first + rise * measure, first + rise * (measure + 1)
