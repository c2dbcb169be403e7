"""The sheets on which it is turned how the song is sounded, and what a gauge moves."""

from __future__ import annotations

from textual.widgets import Label

from engine.music.groove import Groove
from engine.music.modulation import Modulation
from engine.music.routes import Route
from engine.music.scales import Key
from engine.protocol.edit import SetKey
from engine.protocol.facts import MarkPort, MarkRoutes
from engine.protocol.snapshot import PortStatus
from engine.protocol.tracks import (
    Nudge,
    NudgeModulation,
    SetBank,
    SetGroove,
    SetModulation,
    SetTrack,
)
from engine.protocol.transport import Play, Stop
from tests.support.fake_engine import FakeEngine
from tests.support.pictures import lines
from tests.support.screens import toasts
from tests.support.waiting import until
from tui.app import ArmonicaApp
from tui.dialogs.parameters import DialSheet
from tui.view_models.parameters import modulation_dials, sound_dials
from tui.widgets.gauges import NamedGauges
from tui.widgets.parameter_rows import DialRows
from tui.widgets.transport import Transport


def foot(app: ArmonicaApp) -> str:
    """Return what the line under the dials says."""
    return str(app.screen.query_one("#foot", Label).render())


async def test_swing_humanise_and_key_are_turned_and_heard_at_once(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        await pilot.press("down", "right", "right", "L", "j", "l", "j", "l", "j", "L", "l")
        await pilot.press("j", "j", "l", "l", "j", "l", "j", "enter")
        song = engine.snapshot.song
        assert song.tracks[0].groove == Groove(56, "sixteenths", 0.5, 6)
        assert (song.key, song.lock) == (Key(2, "natural minor"), True)
        # A held key is one step, whatever it went through.
        assert engine.snapshot.undo[-1] == "swing 56 % of eighths"
        await pilot.press("u")
        await until(pilot, lambda: not app.session.shown.song.lock)
        await pilot.press("escape")
        assert app.screen is app.composing


async def test_the_lock_says_what_it_constrains_and_how_many_notes_it_moves(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        foreign, notes = engine.snapshot.song.foreign()
        assert 0 < foreign < notes
        sentence = "constrains what is sounded, not what is decoded"
        assert sentence in foot(app)
        assert f"would move {foreign} of {notes}" in foot(app)
        await pilot.press(*"kkkkkkkkkkk", "right")
        await until(pilot, lambda: f"; moves {foreign} of {notes}" in foot(app))
        assert engine.of(Nudge) == [Nudge("lock", 1, gesture=1)]
        # Every line fits eighty cells, and so does what it means.
        rows = lines(app.screen.query_one(DialRows))
        assert len(rows) == 19
        assert not [line for line in rows if line.endswith("…")]
        await pilot.press("escape", "?")
        await until(pilot, lambda: sentence in str(app.screen.query_one("#close", Label).render()))


async def test_values_are_typed_and_what_is_none_is_told_beside_it(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("I", *"jjjjjjjjjj", "enter", "1", "7", "enter")
        form = app.screen
        await until(pilot, lambda: "1 to 16" in str(form.query_one("#hint", Label).render()))
        await pilot.press(*["backspace"] * 2, "3", "enter")
        await until(pilot, lambda: engine.of(SetTrack))
        assert engine.of(SetTrack) == [SetTrack(channel=2)]
        await pilot.press("j", "enter", "7", "4", "enter")
        await pilot.press("j", "l", "j", "enter", "8", "enter")
        await until(pilot, lambda: engine.of(SetBank))
        track = engine.snapshot.song.tracks[0]
        assert (track.channel, track.program, track.bank_msb, track.bank_lsb) == (2, 73, 0, 8)
        sheet = app.screen
        assert isinstance(sheet, DialSheet)
        await until(pilot, lambda: "8" in sheet.query_one(DialRows).plain())
        await pilot.press("k", "h")
        assert engine.snapshot.row.bank_msb is None


async def test_the_music_is_played_and_stopped_beside_the_dials(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("I", "space")
        await until(pilot, lambda: app.session.shown.playing)
        await pilot.press("space")
        assert engine.of(Play, Stop) == [Play(), Stop()]


async def test_the_transport_says_how_the_song_is_sounded(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    for command in (SetGroove(swing=62, timing=8), SetKey(2, "dorian", True)):
        engine.state.apply(command)
    async with app.run_test(size=(120, 40)):
        line = app.composing.query_one(Transport).plain()
        assert all(word in line for word in ("swing 62 %", "lock D dorian", "humanised"))


async def test_a_gauge_is_given_a_controller_and_wears_its_mark(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "j", "G")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        assert "moves nothing" in foot(app)
        await pilot.press("right")
        await until(pilot, lambda: "to CC 74 ch 1" in foot(app))
        await pilot.press("j", "l", "j", "l", "j", "L", "j", "enter", "1", "0", "0", "enter")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        assert engine.snapshot.row.modulations == (Modulation(2, "cc", 1, 75, 10, 100),)
        await pilot.press("escape")
        gauges = app.composing.query_one(NamedGauges)
        assert "moves CC 75 ch 2 = 55" in gauges.plain()
        row, under = lines(gauges)[4:6]
        assert row.rstrip().endswith("»")
        assert under.endswith("CC 75 ch 2 = 55")
        await pilot.press("G", "h")
        assert engine.of(NudgeModulation)[-1] == NudgeModulation(2, "kind", -1, gesture=5)
        assert not engine.snapshot.row.modulations


async def test_kinds_of_controller_follow_each_other_and_pass_over_what_is_taken(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    engine.state.apply(SetModulation(Modulation(0, "cc", 0, 74)))
    engine.state.apply(SetModulation(Modulation(1, "bend", 0, 0, 0, 16_383)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "j", "G", "right")
        assert engine.snapshot.row.modulations[2] == Modulation(2, "cc", 0, 75)
        await pilot.press("j", "j", "left")
        assert engine.snapshot.row.modulations[2].number == 73
        await pilot.press("k", "k", "right")
        assert engine.snapshot.row.modulations[2] == Modulation(2, "cc14", 0, 1, 0, 16_383)
        await pilot.press("right")
        assert engine.snapshot.row.modulations[2] == Modulation(2, "bend", 1, 0, 0, 16_383)
        await until(pilot, lambda: "bend ch 2" in foot(app))


async def test_what_the_engine_refuses_is_said_on_the_sheet(
    app: ArmonicaApp, engine: FakeEngine
) -> None:
    for at in range(16):
        engine.state.apply(SetModulation(Modulation(at, "bend", at, 0, 0, 16_383)))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("]", "G")
        app.session.gauge = 20
        await pilot.press("escape", "G", "left")
        await until(pilot, lambda: "moved by another gauge already" in foot(app))
        await pilot.pause()
        assert not toasts(pilot)


def test_every_dial_asks_for_what_it_shows(engine: FakeEngine) -> None:
    typed = FakeEngine()
    for value in (0, 1):
        for dials in (sound_dials, lambda shown: modulation_dials(shown, 3)):
            at = 0
            while at < len(dials(engine.snapshot)):
                dial = dials(engine.snapshot)[at]
                number = dial.number
                assert number is not None
                to = number.moved((1 - 2 * value) * number.step)
                turned = dial.turned(1 - 2 * value, False, 0)
                assert turned is not None
                engine.state.apply(turned)
                typed.state.apply(number.ask(to, 0))
                for each in (engine, typed):
                    there = dials(each.snapshot)[at].number
                    assert there is not None
                    assert there.value == to
                at += 1


async def test_routes_are_added_turned_and_left_again(app: ArmonicaApp, engine: FakeEngine) -> None:
    engine.state.apply(MarkPort(PortStatus("Main", "open", known=("Main", "alsa:Synth", "B"))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("@")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        assert "0 of at most 7" in foot(app)
        await pilot.press("j", "right")
        # On the song's own port: an octave above, or it would be heard twice the same.
        assert engine.snapshot.row.routes == (Route("", 0, None, 12),)
        await pilot.press("right", "j", "l", "j", "enter", "3", "4", "enter")
        await until(pilot, lambda: isinstance(app.screen, DialSheet))
        await pilot.press("j", "H", "H", "j", "l")
        assert engine.snapshot.row.routes == (Route("alsa:Synth", 1, 33, -12, False),)
        status = PortStatus("alsa:Synth", "lost")
        engine.state.apply(MarkRoutes((("alsa:Synth", status),)))
        engine.tell(engine.snapshot)
        await until(pilot, lambda: "alsa:Synth has gone" in foot(app))
        # Another one, then the first is left.
        await pilot.press("k", "k", "k", "k", "k", "l", "j", "h")
        routes = engine.snapshot.row.routes
        assert [route.port for route in routes] == ["alsa:Synth", "B"]
        await pilot.press("k", "h", "j", "h", "h")
        assert [route.port for route in engine.snapshot.row.routes] == ["B"]
        await pilot.press("escape")
        assert app.screen is app.composing
