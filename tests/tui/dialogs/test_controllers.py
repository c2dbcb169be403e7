"""Learning on the screens: C, move a knob, done; and the list of what controls move."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Input, Label, OptionList

from engine.midi.controllers import map_files
from engine.midi.controllers.bindings import Binding, DeviceMap
from engine.midi.controllers.controls import Control
from engine.midi.controllers.targets import SORTS, Target
from engine.midi.messages import MidiReceived
from engine.protocol.devices import CancelLearn, Forget, Learn, SetBinding
from engine.protocol.facts import MarkInputs
from engine.protocol.snapshot import InputStatus
from tests.support.fake_engine import FakeEngine
from tests.support.fake_generation import FakeStudio
from tests.support.pictures import lines
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.controllers import ControllersSheet
from tui.dialogs.form import Form
from tui.dialogs.midi_learn import LearnSheet
from tui.widgets.gauges import NamedGauges
from tui.widgets.trait_rows import TraitRows

NANO = "alsa:nano"
KNOB = Control("cc", 0, 16)
DENSITY = Target("gauge", "note_density")


def turned(*values: int, number: int = 16, at: float = 0.0) -> list[MidiReceived]:
    """Return what a knob says that goes through values."""
    return [
        MidiReceived(at + n / 100, NANO, bytes((0xB0, number, value)))
        for n, value in enumerate(values)
    ]


@pytest.fixture
def nano(engine: FakeEngine) -> FakeEngine:
    """Return the engine with a device that is heard."""
    engine.listen(NANO)
    engine.send(MarkInputs(InputStatus(heard=(NANO,))))
    return engine


def label(app: ArmonicaApp, part: str) -> str:
    """Return the text of a label of the sheet."""
    return str(app.screen.query_one(part, Label).render())


async def test_c_and_a_knob_bind_the_chosen_gauge(app: ArmonicaApp, nano: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "down", "C")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        assert "knob, fader or pad for note density" in label(app, "#what")
        assert "Heard: alsa:nano" in label(app, "#now")
        nano.hear(*turned(20, 25, 30, 35))
        await until(pilot, lambda: app.screen is app.composing)
        assert map_files.read(map_files.own_file("nano")).bindings == (Binding(KNOB, DENSITY),)
        gauges = app.composing.query_one(NamedGauges)
        await until(pilot, lambda: "∙" in lines(gauges)[4])
        # The knob stands low, the gauge in the middle: it waits, and the screen says where.
        nano.hear(*turned(10, 12, at=2.0))
        await until(pilot, lambda: "◇" in lines(gauges)[4])
        assert "its knob waits at -2.43" in gauges.plain()
        nano.hear(*turned(60, 127, at=3.0))
        await until(pilot, lambda: "◇" not in lines(gauges)[4])
        assert "+3.00" in lines(gauges)[4]


async def test_escape_leaves_and_nothing_is_bound(app: ArmonicaApp, nano: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.composing)
        assert nano.of(CancelLearn)
        nano.hear(*turned(20, 30, 40))
        assert not map_files.own_folder().exists()


async def test_without_a_device_the_sheet_says_so(app: ArmonicaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        assert "No MIDI device is heard" in label(app, "#now")


async def test_the_strip_learns_the_choice_of_measures(app: ArmonicaApp, nano: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "C")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        assert nano.of(Learn) == [Learn(Target("measure"))]


@pytest.fixture
def bound(engine: FakeEngine) -> FakeEngine:
    """Return an engine with a device whose map has three bindings."""
    bindings = (
        Binding(KNOB, DENSITY),
        Binding(Control("cc", 0, 17), Target("tempo")),
        Binding(Control("note", 9, 36), Target("play")),
    )
    map_files.write(map_files.own_file("nano"), DeviceMap("nano", bindings))
    engine.listen(NANO)
    return engine


def rows(app: ArmonicaApp) -> list[str]:
    """Return the lines of the list."""
    found = app.screen.query_one(OptionList)
    return [str(found.get_option_at_index(n).prompt) for n in range(found.option_count)]


async def open_list(app: ArmonicaApp, pilot: Any) -> None:
    """Open the list once the application knows of the controllers."""
    await pilot.press("B")
    await until(pilot, lambda: isinstance(app.screen, ControllersSheet))


async def test_the_list_shows_all_bindings(app: ArmonicaApp, bound: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        bound.tell(bound.controllers.shown)
        await until(pilot, lambda: app.session.controls.devices)
        await open_list(app, pilot)
        shown = rows(app)
        assert shown[0].startswith("nano, own map")
        assert ["note density" in shown[1], "-3 to 3" in shown[1]] == [True, True]
        assert "40 to 240" in shown[2]
        assert "at a press" in shown[3]
        assert all(len(line) <= 73 for line in shown)


async def test_range_curve_and_pickup_are_changed_by_keyboard(
    app: ArmonicaApp, bound: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        bound.tell(bound.controllers.shown)
        await until(pilot, lambda: app.session.controls.devices)
        await open_list(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Form))
        for field, value in (("0", "60"), ("1", "140"), ("2", "s-shape"), ("3", "jump")):
            app.screen.query_one(f"#field-{field}", Input).value = value
        await pilot.press("enter")
        await until(pilot, lambda: bound.of(SetBinding))
        changed = map_files.read(map_files.own_file("nano")).bindings[1]
        assert (changed.range, changed.curve, changed.takeover) == ((60, 140), "s-shape", "jump")
        await until(pilot, lambda: "60 to 140, s-shape, jump" in rows(app)[2])


async def test_a_value_that_a_binding_cannot_have_is_told_beside_it(
    app: ArmonicaApp, bound: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        bound.tell(bound.controllers.shown)
        await until(pilot, lambda: app.session.controls.devices)
        await open_list(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Form))
        app.screen.query_one("#field-2", Input).value = "steep"
        await pilot.press("enter")
        assert app.screen.query_one("#field-2", Input).has_class("-wrong")
        assert not bound.of(SetBinding)


async def test_delete_takes_a_binding_away(app: ArmonicaApp, bound: FakeEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        bound.tell(bound.controllers.shown)
        await until(pilot, lambda: app.session.controls.devices)
        await open_list(app, pilot)
        await pilot.press("delete")
        await until(pilot, lambda: len(rows(app)) == 3)
        assert bound.of(Forget) == [Forget(DENSITY, "nano")]


async def test_anything_that_can_be_done_is_learned_from_the_list(
    app: ArmonicaApp, nano: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_list(app, pilot)
        # What needs no name comes first, in the order of the words.
        words = [sort.word for sort in SORTS.values() if not sort.named]
        await pilot.press("n", *["down"] * words.index("play"), "enter")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        assert nano.of(Learn) == [Learn(Target("play"))]
        nano.hear(MidiReceived(0.0, NANO, bytes((0x99, 36, 90))))
        await until(pilot, lambda: isinstance(app.screen, ControllersSheet))
        await until(pilot, lambda: any("note 36 ch 10" in row for row in rows(app)))


async def test_a_trait_is_learned_by_what_its_arrows_move() -> None:
    studio = FakeStudio()
    studio.open()
    app = ArmonicaApp(studio, seed=1)
    async with app.run_test(size=(80, 24)) as pilot:
        studio.tell(studio.studio)
        await pilot.press("f3")
        await until(pilot, lambda: app.screen is app.steering and app.session.studio.traits)
        trait = studio.studio.traits[0]
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, LearnSheet))
        word = "aim" if trait.arm == "closed-loop" else "strength"
        assert studio.of(Learn) == [Learn(Target(word, trait.name))]
        studio.hear(*turned(20, 30, 40))
        await until(pilot, lambda: app.screen is app.steering)
        rows = app.steering.query_one(TraitRows)
        await until(pilot, lambda: "∙" in lines(rows)[1])
        await pilot.press("tab", "C")
        await until(pilot, lambda: len(studio.of(Learn)) == 2)
        assert studio.of(Learn)[1] == Learn(Target("take"))
