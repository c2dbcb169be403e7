"""What was just played is kept: notes, pedal, phrases, and nothing without an end."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.note_buffer import (
    LONGEST,
    MOST,
    SILENCE,
    STUCK,
    Capture,
    Struck,
    one_voice,
)

C, D, E, G = 60, 62, 64, 67


def on(pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    """A key struck."""
    return bytes((0x90 | channel, pitch, velocity))


def off(pitch: int, channel: int = 0) -> bytes:
    """A key let go."""
    return bytes((0x80 | channel, pitch, 0))


def control(number: int, value: int, channel: int = 0) -> bytes:
    """A controller moved."""
    return bytes((0xB0 | channel, number, value))


def capture_of(*messages: tuple[float, bytes], only: tuple[int, ...] = ()) -> Capture:
    """A capture that has heard messages."""
    capture = Capture(only)
    for at, data in messages:
        capture.receive(at, data)
    return capture


def played(capture: Capture, now: float = 100.0) -> list[tuple[float, float, int, int]]:
    """What is kept, without the channel."""
    return [(note.on, note.off, note.pitch, note.velocity) for note in capture.notes(now)]


def test_notes_are_kept_with_their_velocities() -> None:
    capture = capture_of((1, on(C, 40)), (1.5, off(C)), (1.5, on(E, 100)), (2, on(E, 0)))
    assert played(capture) == [(1, 1.5, C, 40), (1.5, 2, E, 100)]


def test_a_key_that_is_down_sounds_until_now_and_goes_on() -> None:
    capture = capture_of((1, on(C)), (2, on(E)))
    assert capture.held() == (C, E)
    assert played(capture, 3) == [(1, 3, C, 80), (2, 3, E, 80)]
    capture.receive(4, off(C))
    assert played(capture, 5) == [(1, 4, C, 80), (2, 5, E, 80)]


def test_one_channel_is_listened_to_where_one_is_chosen() -> None:
    messages = (1, on(C, channel=2)), (1, on(E, channel=3)), (2, off(C, 2)), (2, off(E, 3))
    assert played(capture_of(*messages, only=(3,))) == [(1, 2, E, 80)]
    assert len(played(capture_of(*messages))) == 2
    capture = capture_of(*messages[:2])
    capture.listen((2,), 1.5)
    assert capture.held() == (C,)
    assert played(capture, 3) == [(1, 3, C, 80), (1, 1.5, E, 80)]


def test_the_pedal_holds_what_is_let_go() -> None:
    capture = capture_of(
        (0, control(64, 127)), (1, on(C)), (2, off(C)), (3, on(E)), (4, control(64, 0))
    )
    assert played(capture, 5) == [(1, 4, C, 80), (3, 5, E, 80)]
    capture.receive(6, off(E))
    assert played(capture) == [(1, 4, C, 80), (3, 6, E, 80)]


def test_a_note_struck_again_under_the_pedal_is_two_notes() -> None:
    capture = capture_of((0, control(64, 64)), (1, on(C)), (2, off(C)), (3, on(C)), (4, off(C)))
    assert played(capture, 5) == [(1, 3, C, 80), (3, 5, C, 80)]


def test_lost_ends_are_made_up_for() -> None:
    again = capture_of((1, on(C)), (2, on(C)), (3, off(C)))
    assert played(again) == [(1, 2, C, 80), (2, 3, C, 80)]
    stuck = capture_of((1, on(C)), (1 + STUCK + 5, on(E)))
    assert played(stuck, 80) == [(1, 1 + STUCK, C, 80), (66, 80, E, 80)]
    assert played(capture_of((1, on(C))), 1000) == [(1, 1 + STUCK, C, 80)]
    for number in (120, 123):
        assert played(capture_of((1, on(C)), (2, control(number, 0)))) == [(1, 2, C, 80)]
    gone = capture_of((0, control(64, 127)), (1, on(C)))
    gone.release(2)
    gone.receive(3, on(E))
    gone.receive(4, off(E))
    assert played(gone) == [(1, 2, C, 80), (3, 4, E, 80)]


def test_a_silence_begins_a_phrase() -> None:
    capture = capture_of((1, on(C)), (2, off(C)), (2 + SILENCE - 0.1, on(E)))
    assert capture.phrase() == 1
    capture.receive(20, off(E))
    capture.receive(20 + SILENCE, on(G))
    assert capture.phrase() == 20 + SILENCE
    assert [note.pitch for note in capture.notes(30, since=20)] == [G]
    assert Capture().phrase() is None


def test_what_is_long_past_is_forgotten() -> None:
    capture = capture_of((0, on(C)), (1, off(C)), (LONGEST, on(D)), (LONGEST + 1.5, off(D)))
    assert [pitch for _, _, pitch, _ in played(capture)] == [D]


def struck(*notes: tuple[float, float, int]) -> tuple[Struck, ...]:
    """Note as they were played."""
    return tuple(Struck(start, end, pitch, 80, 0) for start, end, pitch in notes)


def voice(*notes: tuple[float, float, int]) -> list[tuple[float, float, int]]:
    """What one voice keeps of them."""
    return [(note.on, note.off, note.pitch) for note in one_voice(struck(*notes))]


def test_of_a_chord_the_top_note_is_kept() -> None:
    assert voice((0, 1, C), (0.01, 1, E), (0.03, 1, G)) == [(0.03, 1, G)]
    assert voice((0, 1, G), (0.02, 1.1, C), (1, 2, E)) == [(0, 1, G), (1, 2, E)]


def test_a_note_is_cut_where_the_next_begins() -> None:
    assert voice((0, 1.2, G), (1, 4, C), (2, 3, E)) == [(0, 1, G), (1, 2, C), (2, 3, E)]
    # A run of 30 notes a second, each key down a little into the next.
    run = voice((0, 0.04, C), (0.033, 0.07, D), (0.066, 0.1, E))
    assert [pitch for _, _, pitch in run] == [C, D, E]


messages = st.one_of(
    st.binary(max_size=5),
    st.tuples(
        st.sampled_from([0x80, 0x90, 0xB0]), st.integers(0, 15), st.integers(0, 127),
        st.integers(0, 127),
    ).map(lambda four: bytes((four[0] | four[1], four[2], four[3]))),
    st.tuples(st.sampled_from([0x80, 0x90]), st.sampled_from([C, D]), st.integers(0, 127)).map(
        lambda three: bytes(three)
    ),
    st.sampled_from([control(64, 127), control(64, 0), control(123, 0)]),
)  # fmt: skip


@given(
    st.lists(st.tuples(st.floats() | st.floats(0, 200), messages), max_size=60),
    st.lists(st.integers(0, 15), max_size=2).map(tuple),
    st.floats(0, 300),
)
def test_whatever_comes_in_notes_come_out(
    messages: list[tuple[float, bytes]], only: tuple[int, ...], now: float
) -> None:
    capture = Capture(only)
    for at, data in messages:
        capture.receive(at, data)
    notes = capture.notes(now)
    assert len(notes) <= MOST + 16 * 128
    for note in notes:
        assert math.isfinite(note.on)
        assert note.on < note.off <= note.on + STUCK
        assert 0 <= note.pitch <= 127
        assert 1 <= note.velocity <= 127
        assert not only or note.channel in only
    line = one_voice(notes)
    assert all(a.on < b.on and a.off <= b.on for a, b in pairwise(line))
    assert bool(line) == bool(notes)
    capture.release(now)
    assert not capture.held()


def test_memory_is_bounded() -> None:
    capture = Capture()
    for count in range(3 * MOST):
        capture.receive(count / 1000, on(C))
        capture.receive(count / 1000 + 0.0005, off(C))
    assert len(capture.notes(20)) == MOST
