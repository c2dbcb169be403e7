"""New notes win where they sound, old notes stay elsewhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.music.measure import HOLD, REST, Measure
from engine.music.overdub import overlaid
from engine.music.performance import Touch
from tests.support.measures import LETTERS, measure

OLD, NEW = Touch(50), Touch(100)


def laid(old: str, new: str, over: str) -> tuple[str, list[int | None]]:
    """Lay eighths over eighths; ``over`` marks those that sound."""
    below, above = measure(old), measure(new)
    touches = (OLD,) * len(below.pitches), (NEW,) * len(above.pitches)
    where = [mark == "x" for mark in over for _ in range(3)]
    found, kept = overlaid(below, touches[0], above, touches[1], where)
    letters = {token: letter for letter, token in LETTERS.items()}
    return "".join(letters[token] for token in found.tokens[::3]), [
        None if touch is None else touch.velocity for touch in kept
    ]


def test_new_notes_win_where_they_sound() -> None:
    assert laid("CDEFGFED", "..G-.---", "..xx....") == (
        "CDG-GFED",
        [50, 50, 100, 50, 50, 50, 50],
    )


def test_an_old_note_that_is_covered_does_not_come_back() -> None:
    assert laid("C-------", "..G-.---", "..xx....") == ("C-G-.---", [50, 100])
    assert laid("C---D---", ".-.G.---", "...x....") == ("C--GD---", [50, 100, 50])


def test_a_new_note_may_go_on_from_the_measure_before() -> None:
    assert laid("C---D---", "--.-----", "xx......") == ("--.-D---", [50])


def test_without_touches_there_are_none() -> None:
    found, kept = overlaid(measure("CDEF...."), (), measure("........"), (), [False] * 24)
    assert found == measure("CDEF....")
    assert kept == ()


tokens = st.lists(st.sampled_from([HOLD, REST, 60, 72]), min_size=24, max_size=24).map(
    Measure.from_tokens
)


@given(tokens, tokens, st.lists(st.booleans(), min_size=24, max_size=24))
def test_every_note_of_both_has_its_touch(old: Measure, new: Measure, over: list[bool]) -> None:
    below, above = (OLD,) * len(old.pitches), (NEW,) * len(new.pitches)
    found, kept = overlaid(old, below, new, above, over)
    assert len(kept) == len(found.pitches)
    for tick, token in enumerate(found.tokens):
        if token > REST:
            assert token == (new if over[tick] else old).tokens[tick]
