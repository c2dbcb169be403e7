"""Several tracks at once: each sounds as if it were alone, whatever is done to the others."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.midi import messages as m
from engine.midi.player.schedule import Schedule
from engine.music.pattern import Hit, Pattern
from engine.music.routes import Route
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.services.transport.routing import Routing
from engine.services.transport.sequencer import LEAD, MARGIN, Sequencer
from tests.support.measures import measure


def row(*measures: str, channel: int = 0, **played: object) -> Track:
    """Return a track of such measures."""
    slots = tuple(Slot.brought_in(measure(text), Origin("midi")) for text in measures)
    return Track(channel=channel, slots=slots, **played)  # type: ignore[arg-type]


def band(*tracks: Track, tempo: float = 60.0) -> Song:
    """Return a song of tracks."""
    return Song("Song", tempo, tracks)


class Players:
    """A sequencer, the routes of its song, a schedule for each outlet, and the time between."""

    def __init__(self, song: Song) -> None:
        self.routing = Routing()
        self.sequencer = Sequencer(song, self.routing.outlet_of)
        self.schedules: dict[int, Schedule] = {}
        self.now = -LEAD
        self.messages: list[m.ToPlayer] = []
        self.played: list[tuple[int, float, str, int, int]] = []
        self.send(self.routing.reroute(song, self.now))
        self.send(self.routing.spread(self.sequencer.play(self.now)))

    def send(self, messages: list[m.ToPlayer]) -> list[m.ToPlayer]:
        """Hand messages to the players of their outlets."""
        for message in messages:
            schedule = self.schedules.setdefault(m.outlet_of(message), Schedule())
            match message:
                case m.Notes(notes, _, voice):
                    schedule.add(notes, self.now, voice)
                case m.Flush(at, cut, _, voice):
                    schedule.flush(at, cut, self.now, voice)
                case m.Prolong(channel, pitch, off, _, voice):
                    schedule.prolong(channel, pitch, off, voice)
                case _:
                    self.messages.append(message)
        return messages

    def until(self, end: float) -> Players:
        """Move time on."""
        while True:
            wake = self.sequencer.next_wake()
            to = end if wake is None else min(end, wake)
            for outlet, schedule in self.schedules.items():
                while schedule.next_time <= to:
                    at = schedule.next_time
                    for due in schedule.pop_due(at):
                        self._hear(outlet, at, due.data)
            self.now = to
            if to == end:
                return self
            self.send(self.routing.spread(self.sequencer.advance(to)))

    def change(self, song: Song) -> list[m.ToPlayer]:
        """Play another song from now on, as the transport does."""
        sent = self.send(self.routing.spread(self.sequencer.change(song, self.now)))
        if not self.routing.follow(song):
            sent += self.send(self.routing.reroute(song, self.now))
            sent += self.send(self.routing.spread(self.sequencer.again(self.now)))
        return sent

    def _hear(self, outlet: int, at: float, data: bytes) -> None:
        if data[0] & 0xE0 == 0x80:
            kind = "on" if data[0] & 0xF0 == 0x90 else "off"
            self.played.append((outlet, round(at, 3), kind, data[0] & 0x0F, data[1]))

    def on(self, channel: int) -> list[tuple[float, str, int]]:
        """Return what was heard on a channel."""
        return [(at, kind, pitch) for _, at, kind, ch, pitch in self.played if ch == channel]


def test_tracks_sound_together_each_on_its_channel_and_in_its_register() -> None:
    players = Players(band(row("CDEF"), row("C---", channel=3, octave=-2, transpose=1)))
    players.until(3.5)
    assert players.on(0)[:3] == [(0.0, "on", 60), (1.0, "off", 60), (1.0, "on", 62)]
    assert players.on(3) == [(0.0, "on", 60 - 24 + 1)]


def test_a_note_below_the_range_of_midi_is_not_played() -> None:
    low = row("CDEF", channel=1, octave=-4, transpose=-24)
    players = Players(band(row("CDEF"), low))
    assert players.until(3.5).on(1) == []
    assert len(players.on(0)) == 7


def test_an_edit_of_one_track_leaves_the_note_of_another_alone() -> None:
    players = Players(band(row("CDEF"), row("G---", channel=1)))
    players.until(0.5)
    sent = players.change(band(row("AAAA"), row("G---", channel=1)))
    assert {each.voice for each in sent if isinstance(each, m.Flush)} == {0}
    players.until(3.9)
    assert players.on(1) == [(0.0, "on", 67)]
    at = round(0.5 + MARGIN, 3)
    assert players.on(0)[:4] == [(0.0, "on", 60), (at, "off", 60), (at, "on", 69), (1.0, "off", 69)]


def test_a_muted_track_ends_its_note_and_comes_back_with_its_next() -> None:
    melody, bass = row("CDEF"), row("GAGA", channel=1)
    players = Players(band(melody, bass))
    players.until(0.5)
    players.change(band(melody, replace(bass, muted=True)))
    players.until(1.5)
    players.change(band(melody, bass))
    players.until(2.5)
    at = round(0.5 + MARGIN, 3)
    assert players.on(1) == [(0.0, "on", 67), (at, "off", 67), (2.0, "on", 67)]
    assert [each for each in players.on(0) if each[1] == "on"] == [
        (0.0, "on", 60), (1.0, "on", 62), (2.0, "on", 64),
    ]  # fmt: skip


def test_solo_silences_the_others_and_of_two_that_are_solo_both_are_heard() -> None:
    tracks = [row("CDEF", channel=each) for each in range(3)]
    tracks[0], tracks[2] = replace(tracks[0], solo=True), replace(tracks[2], solo=True)
    players = Players(band(*tracks)).until(1.5)
    assert (len(players.on(0)), players.on(1), len(players.on(2))) == (3, [], 3)


def test_a_track_that_comes_in_while_the_loop_runs_disturbs_no_other() -> None:
    melody, bass = row("C---"), row("G---", channel=1)
    players = Players(band(melody))
    players.until(1.25)
    players.change(band(melody, bass))
    players.until(2.25)
    players.change(band(melody))
    players.until(3.9)
    assert players.on(0) == [(0.0, "on", 60)]
    # It comes in with the note that would sound, and goes with it.
    assert players.on(1) == [(1.252, "on", 67), (2.25, "off", 67)]


def test_each_instrument_is_set_up_on_its_own_channel_and_port() -> None:
    song = band(
        row("C---", program=5, level=90, pan=20),
        row("C---", channel=1, program=33, bank_msb=2, port="Bass"),
    )
    players = Players(song)
    sends = [each for each in players.messages if isinstance(each, m.Send)]
    assert [(each.data, each.outlet) for each in sends] == [
        (b"\xc0\x05", 0), (b"\xb0\x07\x5a", 0), (b"\xb0\x0a\x14", 0),
        (b"\xb1\x00\x02", 1), (b"\xc1\x21", 1),
    ]  # fmt: skip
    players.until(0.5)
    assert {(outlet, channel) for outlet, _, _, channel, _ in players.played} == {(0, 0), (1, 1)}
    players.messages.clear()
    # Only what has changed is said again.
    players.change(song.with_track(0, level=91))
    sends = [each for each in players.messages if isinstance(each, m.Send)]
    assert [each.data for each in sends] == [b"\xc0\x05", b"\xb0\x07\x5b", b"\xb0\x0a\x14"]


def test_a_track_moves_to_another_port_and_leaves_no_note_behind() -> None:
    song = band(row("C---"), row("G---", channel=1))
    players = Players(song)
    players.until(0.5)
    players.change(song.with_track(1, port="Other"))
    players.until(4.5)
    ends = [(outlet, kind) for outlet, _, kind, channel, _ in players.played if channel == 1]
    assert ends == [(0, "on"), (0, "off"), (1, "on")]


def test_a_route_follows_its_own_track_alone() -> None:
    route = Route("", 5, None, 12)
    players = Players(band(row("CDEF"), row("G---", channel=1, routes=(route,))))
    players.until(3.5)
    assert players.on(5) == [(0.0, "on", 79)]


ROWS = st.lists(
    st.text("CDEFGA-.", min_size=4, max_size=4).map(measure), min_size=2, max_size=2
).map(lambda measures: tuple(Slot.brought_in(each, Origin("midi")) for each in measures))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.05, 1.5), st.integers(0, 2), ROWS), min_size=1, max_size=6),
    st.tuples(ROWS, ROWS, ROWS),
)
def test_a_track_sounds_as_if_it_were_alone(
    changes: list[tuple[float, int, tuple[Slot, ...]]],
    first: tuple[tuple[Slot, ...], tuple[Slot, ...], tuple[Slot, ...]],
) -> None:
    def heard(only: int | None) -> list[list[tuple[float, str, int]]]:
        song = band(*(Track(channel=at, slots=slots) for at, slots in enumerate(first)))

        def shown() -> Song:
            # Alone: the others are muted from the start.
            if only is None:
                return song
            return replace(
                song,
                tracks=tuple(
                    replace(track, muted=at != only) for at, track in enumerate(song.tracks)
                ),
            )

        players = Players(shown())
        for wait, track, slots in changes:
            players.until(players.now + wait)
            song = song.with_track(track, slots=slots)
            players.change(shown())
        players.until(players.now + 9)
        return [players.on(channel) for channel in range(3)]

    together = heard(None)
    for track in range(3):
        alone = heard(track)
        assert together[track] == alone[track]
        assert not any(alone[other] for other in range(3) if other != track)


def struck(
    *texts: str, channel: int = 9, pitches: tuple[int, ...] = (36, 42, 38), **kind: object
) -> Track:
    """Return a track of one measure of drums: a line of text a pitch, "x" an eighth, "=" on."""
    found = []
    for text, pitch in zip(texts, pitches, strict=False):
        for at, sign in enumerate(text):
            if sign == "x":
                length = 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip("="))
                found.append(Hit(Fraction(at, 2), pitch, Fraction(length, 2)))
    slot = Slot(origin=Origin("written"), pattern=Pattern.of(found))
    return Track(channel=channel, slots=(slot,), **kind)  # type: ignore[arg-type]


def test_drums_sound_beside_a_melody_several_at_once_and_in_every_turn() -> None:
    players = Players(band(row("CDEF"), struck("x...x...", "xxxxxxxx", kind="drums")))
    players.until(7.9)
    on = [(at, pitch) for at, kind, pitch in players.on(9) if kind == "on"]
    kicks = [at for at, pitch in on if pitch == 36]
    assert kicks == [0.0, 2.0, 4.0, 6.0]
    assert [at for at, pitch in on if pitch == 42] == [each / 2 for each in range(16)]
    assert len([each for each in players.on(0) if each[1] == "on"]) == 8


def test_an_edit_of_a_chord_ends_what_is_gone_begins_what_is_new_and_lets_the_rest_sound() -> None:
    pitches = (60, 64, 67, 69)
    before = struck("x=======", "x=======", "x=======", channel=2, pitches=pitches, kind="chords")
    after = struck("x=======", "", "x===", "x=======", channel=2, pitches=pitches, kind="chords")
    players = Players(band(before)).until(0.5)
    players.change(band(after))
    players.until(3.9)
    at = round(0.5 + MARGIN, 3)
    assert players.on(2) == [
        (0.0, "on", 60), (0.0, "on", 64), (0.0, "on", 67),
        (at, "off", 64), (at, "on", 69), (2.0, "off", 67),
    ]  # fmt: skip


def test_a_drum_is_not_struck_again_by_an_edit_while_it_sounds() -> None:
    players = Players(band(struck("x===", kind="drums"))).until(0.5)
    players.change(band(struck("x===....", "..x.", kind="drums")))
    players.until(1.9)
    assert [each for each in players.on(9) if each[1] == "on"] == [(0.0, "on", 36), (1.0, "on", 42)]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.floats(0.05, 1.5),
            st.lists(st.text("x=.", min_size=8, max_size=8), min_size=3, max_size=3),
            st.sampled_from([60.0, 97.0, 180.0]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_chords_are_edited_what_sounds_in_the_end_is_what_is_written(
    edits: list[tuple[float, list[str], float]],
) -> None:
    pitches = (60, 64, 67)
    players = Players(band(struck("x===", channel=2, pitches=pitches, kind="chords")))
    last = players.sequencer._song
    for wait, texts, tempo in edits:
        players.until(players.now + wait)
        last = band(struck(*texts, channel=2, pitches=pitches, kind="chords"), tempo=tempo)
        players.change(last)
    # Past a turn of the loop nothing is left of how it came to be.
    players.until(players.now + 5.0)
    line = last.line()
    for _ in range(20):
        players.until(players.now + 0.237)
        run = players.sequencer._loop.run
        assert run is not None
        position = run.at(players.now)
        near = line.between(position - 9, position + 1)
        if all(abs(each - position) > 0.02 for n in near for each in (n.start, n.end)):
            sounding = {pitch for _, pitch in players.schedules[0].sounding}
            assert sounding == {note.pitch for note in line.covering(position)}


def test_a_drum_by_itself_is_heard_once_on_the_channel_of_its_track_and_not_over_the_loop() -> None:
    song = band(row("C---"), struck("x...", kind="drums"))
    sequencer = Sequencer(song)
    pattern = Pattern((Hit(Fraction(0), 50, Fraction(1), 80),))
    (sent,) = [each for each in sequencer.strike(pattern, 3.0, 1) if isinstance(each, m.Notes)]
    (note,) = sent.notes
    assert (note.channel, note.pitch, note.velocity, note.off - note.on) == (9, 50, 80, 1.0)
    sequencer.play(4.0)
    assert sequencer.strike(pattern, 5.0, 1) == []
