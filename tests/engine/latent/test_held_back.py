"""What is said where locked notes keep a gauge from what it asks for."""

from dataclasses import replace

import pytest

from engine.latent.held_back import held_back
from engine.latent.spec import Dimension
from engine.music.slot import Origin, Slot
from tests.support.fakes import FakeModel
from tests.support.measures import measure

TUNE = Origin("corpus", "The Tune")
DENSITY = FakeModel().spec.dimensions[2]


def slot(heard: str, asked: float, *locked: int) -> Slot:
    brought = measure("CDEF")
    (anchor,) = FakeModel().encode([brought])
    latent = (*anchor[:2], anchor[2] + asked, *anchor[3:])
    return Slot(measure(heard), latent, anchor, TUNE, True, brought, locked_notes=frozenset(locked))


def test_a_gauge_says_how_far_locked_notes_let_it_come() -> None:
    # Density is a third of a unit a note here.
    assert held_back(slot("CDE.", -1.0, 0, 6), DENSITY) == (
        "2 notes are locked: reached 0.3 of 1.0"
    )
    assert held_back(slot("CDEF", -1.0, 0), DENSITY) == "1 note is locked: reached 0.0 of 1.0"


def test_it_is_said_of_a_measure_that_was_not_brought_in_too() -> None:
    drawn = replace(slot("CDE.", -1.0, 0), source=None, origin=Origin("prior"))
    assert held_back(drawn, DENSITY) == "1 note is locked: reached 0.3 of 1.0"
    assert held_back(replace(drawn, locked_notes=frozenset()), DENSITY) == ""


def test_nothing_is_said_where_no_lock_stands_in_the_way() -> None:
    assert held_back(slot("CDE.", -1.0), DENSITY) == ""
    assert held_back(slot("C...", -1.0, 0), DENSITY) == ""
    assert held_back(slot("CDEF", 0.0, 0), DENSITY) == ""
    assert held_back(slot("CDE.", -1.0, 0), Dimension(7, "z7", "z7")) == ""


@pytest.mark.parametrize("place", [-3.0, -1.2, 0.0, 2.9])
def test_a_place_of_a_gauge_is_read_from_what_it_asks_for(place: float) -> None:
    asked = DENSITY.target(place)
    assert asked is not None
    assert DENSITY.reads(asked) == pytest.approx(place)
    assert DENSITY.reads(2.0) == 3.0
    assert Dimension(7, "z7", "z7").reads(1.0) is None
