"""What rules play: roots under a bass, chord tones above it, drums by name; and its freezing."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OutOfRange
from engine.music.accompaniment.drum_figures import DRUM_FIGURES, HAT, KICK
from engine.music.accompaniment.rules import slots_played
from engine.music.accompaniment.style import STYLES, Accompaniment, gauge_word, knows
from engine.music.accompaniment.under import (
    ChordSpan,
    MeasureChords,
    melody_chords,
    placed_chords,
)
from engine.music.chord_track import PlacedChord
from engine.music.chords import QUALITIES, ChordSymbol, chord_of
from engine.music.form import OrderEntry, Section, SongForm
from engine.music.grid import GRIDS
from engine.music.scales import C_MAJOR
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.music.track_line import track_lines
from engine.protocol.tracks import (
    AddTrack,
    FreezeAccompaniment,
    NudgeAccompaniment,
    SetAccompaniment,
    SetTrack,
)
from engine.services.editing.state import State
from tests.support.edits import do, refusal
from tests.support.fakes import FakeModel
from tests.support.measures import measure

chords = st.builds(
    ChordSymbol, st.integers(0, 11), st.sampled_from([*QUALITIES]), st.none() | st.integers(0, 11)
)
gauges = st.fixed_dictionaries(
    {name: st.floats(0, 1) for name in ("density", "complexity", "register", "swing")}
)


def whole(chord: ChordSymbol | None) -> MeasureChords:
    """Return the chords of a measure that has one."""
    return (ChordSpan(Fraction(0), Fraction(4), chord),)


def halves(first: ChordSymbol | None, second: ChordSymbol | None) -> MeasureChords:
    """Return the chords of a measure that has two."""
    return (
        ChordSpan(Fraction(0), Fraction(2), first), ChordSpan(Fraction(2), Fraction(4), second),
    )  # fmt: skip


def tune(*texts: str) -> tuple[Slot, ...]:
    """Return slots of melodies."""
    return tuple(Slot.brought_in(measure(text), Origin("midi")) for text in texts)


def band(rule: Accompaniment, kind: str, **played: object) -> Song:
    """Return a song of a melody and a track that accompanies it."""
    melody = Track(slots=tune("CDEF", "GAGA", "CEGC", "D--E"))
    with_rule = Track(kind=kind, accompaniment=rule, slots=(Slot(),) * 4, **played)  # type: ignore[arg-type]
    return Song(tracks=(melody, with_rule))


def timed(song: Song, track: int = 1) -> list[tuple[float, float, int, int]]:
    """Return start, end, MIDI pitch and velocity of what a track plays."""
    return [
        (round(note.start, 6), round(note.end, 6), pitch, velocity)
        for note, pitch, velocity in track_lines(song)[track].notes()
    ]


@settings(max_examples=80)
@given(st.sampled_from(STYLES["bass"]), gauges, chords, chords, st.integers(-3, 0))
def test_on_beat_one_and_on_every_change_a_bass_plays_the_root_or_the_bass_of_the_chord(
    style: str, turned: dict[str, float], first: ChordSymbol, second: ChordSymbol, octave: int
) -> None:
    rule = Accompaniment(style, **turned)
    under = (halves(first, second), whole(second))
    played = slots_played((Slot(),) * 2, "bass", 12 * octave, rule, under)
    for slot, starts in zip(played, ({0: first, 2: second}, {0: second}), strict=True):
        notes = {note.onset: note for note in slot.measure.notes}
        for place, chord in starts.items():
            wanted = chord.root if chord.bass is None else chord.bass
            assert notes[Fraction(place)].pitch % 12 == wanted
        # One for each note, so that the measure can be frozen as it is.
        assert len(slot.played) == len(slot.measure.pitches)


@settings(max_examples=80)
@given(st.sampled_from(STYLES["chords"]), gauges, chords, chords)
def test_all_notes_of_comping_are_chord_tones_and_end_with_their_chord(
    style: str, turned: dict[str, float], first: ChordSymbol, second: ChordSymbol
) -> None:
    rule = Accompaniment(style, **turned)
    (slot,) = slots_played((Slot(),), "chords", 0, rule, (halves(first, second),))
    assert slot.pattern is not None
    assert slot.pattern.hits
    for hit in slot.pattern.hits:
        chord = first if hit.onset < 2 else second
        assert chord.holds(hit.pitch) or hit.pitch % 12 == chord.bass
        assert hit.end <= (2 if hit.onset < 2 else 4)


@settings(max_examples=60)
@given(st.sampled_from(STYLES["drums"]), gauges, st.integers(0, 7))
def test_drums_play_the_figure_of_their_name_and_always_on_the_first_beat(
    style: str, turned: dict[str, float], at: int
) -> None:
    rule = Accompaniment(style, **turned)
    slots = slots_played((Slot(),) * 8, "drums", 0, rule, (whole(None),) * 8)
    pattern = slots[at].pattern
    assert pattern is not None
    assert any(hit.onset == 0 and hit.pitch == KICK for hit in pattern.hits)
    assert all(0 <= hit.onset < 4 for hit in pattern.hits)


def test_a_figure_is_played_as_it_is_written_and_each_gauge_does_what_it_says() -> None:
    def hits(**turned: float) -> list[tuple[float, int]]:
        rule = Accompaniment("rock", **turned)
        (slot,) = slots_played((Slot(),), "drums", 0, rule, (whole(None),))
        assert slot.pattern is not None
        return [(float(hit.onset), hit.pitch) for hit in slot.pattern.hits]

    usual = hits()
    written = {
        (at / 4, drum)
        for drum, signs in DRUM_FIGURES["rock"].items()
        for at, sign in enumerate(signs)
        if sign != "."
    }
    assert set(usual) == written
    assert len(hits(density=0.0)) < len(usual) < len(hits(density=1.0))
    assert [at for at, drum in hits(swing=1.0) if drum == HAT][1] == pytest.approx(2 / 3, abs=1e-3)
    bass = [
        slots_played((Slot(),), "bass", -24, Accompaniment("long", register=high), (whole(C),))[0]
        for high in (0.0, 0.5, 1.0)
    ]
    assert [slot.measure.pitches for slot in bass] == [(60,), (60,), (72,)]
    assert [gauge_word("density", value) for value in (0, 0.5, 1)] == [
        "sparse", "as the style is", "dense",
    ]  # fmt: skip


C = ChordSymbol(0)


def test_no_chord_is_silence_and_before_the_first_there_is_none() -> None:
    under = placed_chords(
        [(1, Fraction(2), chord_of("Am")), (2, Fraction(0), None)], [Fraction(4)] * 4
    )
    assert under == (
        whole(None), halves(None, chord_of("Am")), whole(None), whole(None),
    )  # fmt: skip
    rule = Accompaniment("walking")
    played = slots_played((Slot(),) * 4, "bass", -24, rule, under)
    assert [slot.measure.silent for slot in played] == [True, False, True, True]


def test_chords_of_a_melody_are_triads_of_its_key_and_end_on_the_tonic() -> None:
    found = melody_chords(
        [measure("CEGC"), measure("FAFA"), measure("GDGD"), measure("C---")], C_MAJOR
    )
    assert [spans[0].chord and spans[0].chord.name() for spans in found] == ["C", "F", "G", "C"]


def test_a_rule_follows_the_melody_and_what_the_user_wrote_stays() -> None:
    song = band(Accompaniment("root-fifth"), "bass", octave=-2)
    before = timed(song)
    assert before[0][2] % 12 == 0
    own = song.with_slot(1, tune("A---")[0], 1)
    assert (4.0, 8.0, 69 - 24, 96) in timed(own)
    assert [n for n in timed(own) if n[0] < 4] == [n for n in before if n[0] < 4]
    other = song.with_slot(0, tune("FCFC")[0], 0)
    assert timed(other)[0][2] % 12 == 5


@pytest.mark.parametrize(
    ("kind", "style"), [(kind, style) for kind, styles in STYLES.items() for style in styles]
)
@pytest.mark.parametrize("turned", [{}, {"swing": 0.37, "complexity": 0.9, "density": 0.8}])
def test_what_is_frozen_sounds_as_the_rule_played_it(
    kind: str, style: str, turned: dict[str, float]
) -> None:
    rule = Accompaniment(style, **turned)
    state = State(band(rule, kind, octave=-2 if kind == "bass" else 0))
    state.adopt(FakeModel())
    before = timed(state.snapshot().song)
    assert before
    shown = do(state, FreezeAccompaniment(track=1))
    assert shown.song.tracks[1].accompaniment is None
    assert timed(shown.song) == before
    assert shown.undo[0] == f"freeze {style} of track 2"
    # A bass is a melody from then on, with a code; chords and drums are patterns.
    slot = shown.song.slot(0, 1)
    assert (slot.pattern is None, slot.latent is not None) == ((kind == "bass"),) * 2


def test_styles_are_gone_through_and_gauges_moved_from_where_they_stand() -> None:
    state = State()
    do(state, AddTrack(kind="bass"))
    styles = []
    for _ in range(len(STYLES["bass"]) + 1):
        rule = do(state, NudgeAccompaniment("style", 1)).song.tracks[1].accompaniment
        styles.append(rule and rule.style)
    assert styles == [*STYLES["bass"], None]
    assert "No rule plays" in refusal(state, NudgeAccompaniment("swing", 0.1))
    assert "No rule plays" in refusal(state, FreezeAccompaniment())
    do(state, SetAccompaniment(Accompaniment("walking")), NudgeAccompaniment("swing", 3))
    rule = do(state, NudgeAccompaniment("density", -0.2)).song.tracks[1].accompaniment
    assert rule == Accompaniment("walking", density=0.3, swing=1.0)
    assert "no style of bass" in refusal(state, SetAccompaniment(Accompaniment("rock")))
    assert "bass, chords or drums" in refusal(state, NudgeAccompaniment("style", 1, track=0))
    do(state, SetTrack(locked=True))
    assert "locked" in refusal(state, FreezeAccompaniment())
    with pytest.raises(OutOfRange, match="style"):
        Accompaniment("polka")


def test_an_edit_of_a_long_song_with_many_rules_makes_few_lines_anew() -> None:
    kinds = ["bass", "chords", "drums"] * 5
    rules = [
        Track(kind=kind, channel=at, accompaniment=Accompaniment(STYLES[kind][at % 3]),  # type: ignore[arg-type]
              slots=(Slot(),) * 256)
        for at, kind in enumerate(kinds)
    ]  # fmt: skip
    song = Song(tracks=(Track(slots=tune("CDEF", "GAGA") * 128), *rules))
    before = [song.heard(number) for number in range(16)]
    changed = song.with_slot(100, tune("F-A-")[0])
    began = time.perf_counter()
    after = [changed.heard(number) for number in range(16)]
    print(f"{(time.perf_counter() - began) * 1000:.1f} ms for 16 x 256 measures")
    # All that is not about the changed chord is the same object: nothing of it was computed.
    pairs = [
        (was, now)
        for old, new in zip(before, after, strict=True)
        for was, now in zip(old, new, strict=True)
    ]
    assert len(pairs) == 16 * 256
    assert 15 <= sum(was is not now for was, now in pairs) <= 1 + 15 * 4


@pytest.mark.parametrize("name", [name for name in GRIDS if "fine" not in name])
@pytest.mark.parametrize(
    ("kind", "style"), [(kind, style) for kind, styles in STYLES.items() for style in styles]
)
def test_a_rule_fits_the_metre_of_each_measure_or_rests(kind: str, style: str, name: str) -> None:
    grid, blanks = GRIDS[name], (Slot.blank(GRIDS[name]), Slot())
    chords = tuple((ChordSpan(Fraction(0), slot.grid.length, chord_of("C")),) for slot in blanks)
    other, usual = slots_played(blanks, kind, 0, Accompaniment(style), chords)
    assert not usual.empty
    if not knows(style, grid):
        assert other.empty
        assert grid.denominator == 8
        return
    assert other.grid == grid
    assert not other.silent
    # None reaches over the bar line.
    hits = other.as_pattern(96).hits
    assert all(hit.end <= grid.length for hit in hits)


def test_a_broken_chord_begins_anew_with_each_beat_of_a_compound_metre() -> None:
    slot = Slot.blank(GRIDS["6/8"])
    under = ((ChordSpan(Fraction(0), Fraction(3), chord_of("C")),),)
    (played,) = slots_played((slot,), "chords", 0, Accompaniment("arpeggio", swing=1.0), under)
    hits = played.as_pattern(96).hits
    # Eighths that are counted do not swing.
    assert [hit.onset for hit in hits] == [Fraction(at, 2) for at in range(6)]
    assert [hit.pitch for hit in hits[:3]] == [hit.pitch for hit in hits[3:]]
    sparse = Accompaniment("arpeggio", density=0.2)
    (few,) = slots_played((slot,), "chords", 0, sparse, under)
    assert [hit.onset for hit in few.as_pattern(96).hits] == [0, Fraction(3, 2)]


def test_a_rule_follows_the_chords_of_the_song_before_those_of_its_melody() -> None:
    song = band(Accompaniment("long"), "bass")
    placed = (
        PlacedChord(0, Fraction(2), chord_of("F")), PlacedChord(1, Fraction(0), None),
        PlacedChord(2, Fraction(0), chord_of("G/B")),
    )  # fmt: skip
    chorded = replace(song, chords=placed)
    roots = [(start, pitch % 12) for start, _, pitch, _ in timed(chorded)]
    # Before the first chord it rests, at N.C. too, and the last one lasts.
    assert roots == [(2.0, 5), (8.0, 11), (12.0, 11)]
    assert timed(song) != timed(chorded)


def test_a_rule_is_heard_in_the_order_of_the_sections() -> None:
    song = band(Accompaniment("long"), "bass")
    form = SongForm(
        (Section("A", 1), Section("B", 3)), (OrderEntry(1), OrderEntry(0, 2), OrderEntry(1))
    )
    straight, played = timed(song), timed(replace(song, form=form))
    by_measure = {int(start // 4): pitch for start, _, pitch, _ in straight}
    order = [1, 2, 3, 0, 0, 1, 2, 3]
    heard = {int(start // 4): pitch for start, _, pitch, _ in played}
    assert heard == {at: by_measure[slot] for at, slot in enumerate(order)}


def leads(song: Song) -> list[int]:
    """Return by how many semitones the last note of each measure of a walking bass is off.

    That is from the root of the next measure as it is played, up or down to the nearest.
    """
    notes = timed(song)
    firsts = [pitch for start, _, pitch, _ in notes if start % 4 == 0]
    lasts = [pitch for start, _, pitch, _ in notes if start % 4 == 3]
    return [(to - last + 6) % 12 - 6 for last, to in zip(lasts, firsts[1:] + firsts, strict=False)]


def test_a_bass_walks_to_the_chord_that_sounds_next_in_the_order() -> None:
    rule = Accompaniment("walking", complexity=0.9)
    roots = "C", "F#", "Eb", "A"
    chords = tuple(PlacedChord(at, Fraction(0), chord_of(name)) for at, name in enumerate(roots))
    straight = replace(band(rule, "bass"), chords=chords)
    assert {abs(each) for each in leads(straight)} == {1}
    # The second measure is followed by the third, by itself, and by the first.
    form = SongForm(
        (Section("A", 1), Section("B", 1), Section("C", 2)),
        (OrderEntry(0), OrderEntry(2), OrderEntry(1, 2), OrderEntry(0), OrderEntry(1)),
    )
    played = replace(straight, form=form)
    assert len(leads(played)) == len(played.steps)
    found = leads(played)
    same = [
        at for at, step in enumerate(played.steps)
        if played.steps[(at + 1) % len(played.steps)].slot == step.slot
    ]  # fmt: skip
    assert len(same) == 1
    assert {abs(each) for at, each in enumerate(found) if at not in same} == {1}


def test_what_a_chord_does_not_change_is_not_played_anew() -> None:
    rule = Accompaniment("walking")
    song = replace(band(rule, "bass"), chords=(PlacedChord(0, Fraction(0), chord_of("C")),))
    song = song.inserted(song.length, 60)
    placed = tuple(PlacedChord(at, Fraction(0), chord_of("CFGA"[at % 4])) for at in range(64))
    song = replace(song, chords=placed)
    before = song.heard(1)
    changed = replace(
        song, chords=(*placed[:9], PlacedChord(9, Fraction(0), chord_of("Bb")), *placed[10:])
    )
    after = changed.heard(1)
    assert [at for at in range(64) if before[at] is not after[at]] == [8, 9]
