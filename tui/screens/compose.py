"""The compose screen: gauges, map, piano roll and song, drawn from snapshots."""

from __future__ import annotations

import random
from collections.abc import Hashable
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from engine.music.attributes import NAMES
from engine.protocol.analysis import DrawMap, Explain, Explained, InfluenceFound, MapFilled
from engine.protocol.base import Command, Event
from engine.protocol.devices import ControlsShown
from engine.protocol.edit import SelectSlot, SetLatents
from engine.protocol.generation import StudioShown
from engine.protocol.notices import JobProgressed
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import ClockFollowed, KeysHeard, LatenessMeasured, PlayheadMoved
from tui.action_table import Place
from tui.actions.compose import DEEDS, roll_gauge, set_gauge
from tui.bridge import EngineLink
from tui.keymap import Keymap
from tui.layouts.compose import arrangement
from tui.view_models import gauges, gestures
from tui.view_models.freshness import SETTLE, Freshness
from tui.view_models.gestures import Gestures
from tui.view_models.queries import Inquiry
from tui.widgets.attribute_map import AttributeMap
from tui.widgets.explanation import Explanation
from tui.widgets.footer import KeysLine
from tui.widgets.gauges import GaugeBank, Gauges, NamedGauges
from tui.widgets.layout_host import Desk
from tui.widgets.nearest_match import NearestLine
from tui.widgets.piano_roll import PianoRoll
from tui.widgets.sensitivity_table import SensitivityTable
from tui.widgets.song_strip import SongStrip
from tui.widgets.too_small import TooSmall
from tui.widgets.transport import Transport

PARTS = ("gauges", "bank", "map", "strip")
"""What can be held, in the order in which Tab goes through."""


class Map(AttributeMap, inherit_bindings=False):
    """The attribute map with its keys left to the keymap."""


class ComposeScreen(Screen[None]):
    """Shows the engine's state and turns what the player does into commands."""

    DEFAULT_CSS = """
    ComposeScreen { background: $background; layers: base; }
    ComposeScreen #desk { width: 1fr; height: 1fr; overflow: hidden; }
    """

    AUTO_FOCUS = "#gauges"

    # Textual repaints the whole screen when the focus goes on; the parts do it themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, link: EngineLink, keymap: Keymap, draws: random.Random) -> None:
        super().__init__()
        self.link = link
        self.keymap = keymap
        self.draws = draws
        self.shown = link.snapshot
        self.chosen = 0
        self.amount = 0.3
        self.reach = 2.0
        self.axes = (2, 1)
        self.attribute = 2
        self.matrix = False
        self.copied: int | None = None
        self.saving: Command | None = None
        self.controls = ControlsShown()
        self.studio = StudioShown()
        self.gestures = Gestures(lambda: gestures.moved_at(self.app))
        self.inquiry = Inquiry(link, lambda after, deed: self.app.set_timer(after, deed))
        self._playhead = PlayheadMoved(None, 0.0)
        self._keys = KeysHeard()
        self._lateness: LatenessMeasured | None = None
        self._clock: ClockFollowed | None = None
        self._jobs: dict[int, JobProgressed] = {}
        self._map_asked = Freshness()
        self._why_asked = Freshness()
        self._explained: Explained | None = None
        self._filled: MapFilled | None = None
        self._settling: Timer | None = None
        self._regions: dict[str, Region] = {}
        self.ending = False
        """Whether it ends as soon as nothing waits for the model."""
        self._built = False

    def compose(self) -> ComposeResult:
        """Makes the parts; the arrangement says where they lie."""
        yield Desk(
            Transport(id="transport"),
            SongStrip(id="strip"),
            NamedGauges(id="gauges"),
            Explanation(id="why"),
            SensitivityTable(id="matrix"),
            NearestLine(id="nearest"),
            PianoRoll(id="roll"),
            Map(id="map"),
            GaugeBank(id="bank"),
            KeysLine(self.keymap.keys, "compose", id="keys"),
            TooSmall(id="small"),
        )

    def on_mount(self) -> None:
        """Lays the parts out, holds the gauges, and draws what is known."""
        self._built = True
        self.shown = self.link.snapshot
        self.lay_out()
        self.query_one("#gauges").focus()
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        """Lays the parts out anew."""
        del event
        if not self._built:
            return
        self.lay_out()
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Draws what came while another screen was shown."""
        if self._built:
            self.lay_out()
            self.draw()

    # What the parts need to know

    @property
    def slot(self) -> int:
        """The selected slot."""
        return self.shown.selected

    def send(self, command: Command) -> None:
        """Sends a command to the engine."""
        self.link.send(command)

    def go(self, place: Place) -> None:
        """Goes to a screen."""
        self.app.go(place)  # type: ignore[attr-defined]

    @property
    def map(self) -> Map:
        """The attribute map."""
        return self.query_one(Map)

    def bank_page_size(self) -> int:
        """Gives how many gauges a page of the bank holds, also while it is out of sight."""
        width, height = self.app.size
        region = arrangement(width, height, "bank").get("bank")
        return GaugeBank.holding(region.width, region.height) if region is not None else 1

    def visible_part(self, part: str) -> bool:
        """Tells whether a part has a place on the screen."""
        return bool(self.query_one(f"#{part}").display)

    @property
    def held(self) -> str:
        """The part that is held: its keys are those of the gauges where it is none."""
        focused = self.focused
        return focused.id if focused is not None and focused.id in PARTS else "gauges"

    def hold(self, part: str) -> None:
        """Goes to a part of the screen, bringing it into sight."""
        if part == "gauges" and self.chosen >= gauges.NAMED:
            self.choose(0)
        elif part == "bank" and self.chosen < gauges.NAMED:
            self.choose(gauges.NAMED)
        else:
            if part == "map" and not self.visible_part("map"):
                self.matrix = False
                self.chosen = min(self.chosen, gauges.NAMED - 1)
                self.lay_out()
                self.draw()
            self.query_one(f"#{part}").focus()

    def choose(self, index: int) -> None:
        """Chooses a gauge by its dimension and goes to it."""
        count = len(gauges.dimensions(self.shown))
        self.chosen = max(0, min(count - 1, index))
        self.lay_out()
        self.query_one("#gauges" if self.chosen < gauges.NAMED else "#bank").focus()
        self.draw()

    def lay_out(self) -> None:
        """Gives each part its place, or none."""
        side = "bank" if self.chosen >= gauges.NAMED else "matrix" if self.matrix else "map"
        width, height = self.app.size
        regions = arrangement(width, height, side)
        if regions == self._regions:
            return
        self._regions = regions
        desk = self.query_one(Desk)
        desk.arranged.side = side
        for part in desk.children:
            part.display = part.id in regions
        desk.refresh(layout=True)

    # Drawing

    def show(self, event: Event) -> None:
        """Shows what the engine tells."""
        if isinstance(event, ControlsShown):
            self.controls = event
        elif isinstance(event, StudioShown):
            self.studio = event
        if not self._built:
            return
        match event:
            case ControlsShown():
                if self.is_current:
                    self._draw_gauges()
            case Snapshot():
                if event.revision >= self.shown.revision:
                    self.shown = event
                    self.inquiry.follow(event)
                    self.draw()
                    if self.ending and not event.waiting:
                        self.ending = False
                        if event.model.state == "ready":
                            self.action_do("app.quit")
            case PlayheadMoved():
                self._playhead = event
                self._draw_transport()
                if self.is_current:
                    if self.shown.recording is not None:
                        self._draw_roll()
                    self._draw_roll_place()
                    self._draw_strip()
            case KeysHeard():
                self._keys = event
                self._draw_transport()
                if self.is_current:
                    self._draw_roll()
            case LatenessMeasured():
                self._lateness = event
                self._draw_transport()
            case ClockFollowed():
                self._clock = event
                self._draw_transport()
            case JobProgressed(job, _, done):
                self._jobs.pop(job, None)
                if done < 1:
                    self._jobs[job] = event
                self._draw_transport()
            case InfluenceFound():
                self.inquiry.hear(event)
                if self.is_current:
                    self._draw_nearest()
            case MapFilled(slot) if slot == self.slot and self._map_asked.answered(event.revision):
                self._filled = event
                self._draw_map()
            case Explained(slot) if slot == self.slot and self._why_asked.answered(event.revision):
                self._explained = event
                self._draw_reasons()
            case _:
                pass

    def draw(self) -> None:
        """Draws everything from the snapshot; parts that show it already do nothing.

        Behind another screen nothing is drawn; it is when this one comes back.
        """
        if not self._built or not self.is_current:
            return
        self._draw_gauges()
        self._draw_transport()
        self._draw_strip()
        self._draw_roll()
        self._draw_map()
        self._draw_reasons()
        self._draw_nearest()
        self._settle()

    def fill(self, line: Transport, amount: float | None = None) -> None:
        """Shows on a transport line what is known of song, port and jobs."""
        jobs, count = (*self._jobs.values(),), self._keys.count
        line.show(self.shown, self._playhead, self._lateness, amount, jobs, count, self._clock)

    def _draw_gauges(self) -> None:
        readings = gauges.gauges(self.shown, self.controls)
        named, others = readings[: gauges.NAMED], readings[gauges.NAMED :]
        self.query_one(NamedGauges).show(named, self.chosen)
        self.query_one(GaugeBank).show(others, self.chosen)

    def _draw_transport(self) -> None:
        if self.is_current:
            self.fill(self.query_one(Transport), self.amount)

    def _draw_strip(self) -> None:
        playing = self._playhead.slot if self.shown.playing else None
        self.query_one(SongStrip).show(self.shown.song, self.slot, playing)

    def _draw_roll(self) -> None:
        slots, here = self.shown.song.slots, self._rolled()
        slot = slots[here]
        self.query_one(PianoRoll).show(
            slots[here - 1].measure if here else None,
            slot.measure,
            slots[here + 1].measure if here + 1 < len(slots) else None,
            slot.source if slot.moved else None,
        )
        keys = self._keys
        self.query_one(PianoRoll).play(keys.notes if keys.slot == here else (), keys.held)
        self._draw_roll_place()

    def _rolled(self) -> int:
        """The slot on the piano roll: while it is recorded, the one that is."""
        playing, count = self._playhead.slot, len(self.shown.song.slots)
        if self.shown.recording is not None and playing is not None and playing < count:
            return playing
        return self.slot

    def _draw_roll_place(self) -> None:
        here = self.shown.playing and self._playhead.slot == self._rolled()
        self.query_one(PianoRoll).playhead(self._playhead.beat if here else None)

    def _draw_map(self) -> None:
        latent, slot = gauges.stands(self.shown), self.shown.song.slots[self.slot]
        x, y = self.axes
        self.query_one(Map).show(
            self._filled.surface if self._filled is not None else None,
            (latent[x], latent[y]) if latent is not None else None,
            spec=self.shown.model.spec,
            stale=self._map_asked.stale(self._map_key()),
            done=self._filled is None or self._filled.done,
            measure=None if slot.empty else slot.measure,
        )

    def _draw_reasons(self) -> None:
        spec, empty = self.shown.model.spec, self.shown.song.slots[self.slot].empty
        told = None if empty else self._explained
        stale = self._why_asked.stale(self._why_key())
        self.query_one(Explanation).show(
            told.effects if told else (),
            spec,
            focused=self.chosen,
            stale=stale,
            waiting=gauges.waiting(self.shown),
        )
        self.query_one(SensitivityTable).show(
            told.sensitivity if told else None, spec, focused=self.chosen, stale=stale
        )

    def _draw_nearest(self) -> None:
        self.query_one(NearestLine).show(
            self.inquiry.answer("measure"),
            stale=self.inquiry.stale("measure"),
            instead=gauges.unlooked(self.shown),
        )

    # Maps and reasons follow an edit when it has settled.

    def _map_key(self) -> Hashable:
        latent = gauges.stands(self.shown)
        if self.shown.model.spec is None or latent is None or not self.visible_part("map"):
            return None
        x, y = self.axes
        # Where the measure stands on the two axes of the map does not change the map.
        rest = tuple(v for i, v in enumerate(latent) if i not in self.axes)
        return (self.slot, x, y, self.attribute, self.query_one(Map).wanted(), rest)

    def _why_key(self) -> Hashable:
        slot = self.shown.song.slots[self.slot]
        if self.shown.model.spec is None or slot.latent is None:
            return None
        return (self.slot, slot.latent, self._dimensions())

    def _dimensions(self) -> tuple[int, ...]:
        named = tuple(range(gauges.NAMED))
        return named if self.chosen < gauges.NAMED else (self.chosen, *named)

    def _settle(self) -> None:
        due = self._map_asked.due(self._map_key()) or self._why_asked.due(self._why_key())
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if due:
            self._settling = self.set_timer(SETTLE, self._ask)

    def _ask(self) -> None:
        self._settling = None
        key = self._why_key()
        if self._why_asked.due(key):
            self._why_asked.ask(key, self.shown.revision)
            self.send(Explain(self.slot, self._dimensions()))
        key = self._map_key()
        if self._map_asked.due(key):
            self._map_asked.ask(key, self.shown.revision)
            (x, y), name = self.axes, NAMES[self.attribute]
            self.send(DrawMap(self.slot, x, y, name, *self.query_one(Map).wanted()))

    # What the player does

    def action_do(self, action: str) -> None:
        """Does one of the actions of the table."""
        DEEDS[action](self)

    @on(Gauges.Chosen)
    def _on_gauge_chosen(self, message: Gauges.Chosen) -> None:
        self.choose(message.index)

    @on(Gauges.Dragged)
    def _on_gauge_dragged(self, message: Gauges.Dragged) -> None:
        set_gauge(self, message.index, message.value, "drag")

    @on(Gauges.Released)
    def _on_gauge_released(self) -> None:
        self.gestures.end()

    @on(Gauges.Rolled)
    def _on_gauge_rolled(self, message: Gauges.Rolled) -> None:
        roll_gauge(self, message.index, message.steps)

    @on(SongStrip.Chosen)
    def _on_slot_chosen(self, message: SongStrip.Chosen) -> None:
        self.hold("strip")
        self.send(SelectSlot(message.slot))

    @on(SongStrip.Rolled)
    def _on_strip_rolled(self, message: SongStrip.Rolled) -> None:
        DEEDS["measure.later" if message.steps > 0 else "measure.earlier"](self)

    @on(Transport.Pressed)
    def _on_transport_pressed(self) -> None:
        DEEDS["play.toggle"](self)

    @on(Transport.Rolled)
    def _on_transport_rolled(self, message: Transport.Rolled) -> None:
        DEEDS["play.faster" if message.steps > 0 else "play.slower"](self)

    @on(AttributeMap.Moved)
    def _on_map_moved(self, message: AttributeMap.Moved) -> None:
        x, y = self.axes
        if gauges.stands(self.shown) is not None:
            moves = ((x, message.x), (y, message.y))
            self.send(SetLatents(self.slot, moves, message.gesture))


def screen_class(keymap: Keymap) -> type[ComposeScreen]:
    """Gives the compose screen with a keymap's bindings; Textual takes bindings from classes."""
    body: dict[str, Any] = {
        "BINDINGS": keymap.bindings("compose"),
        "__doc__": ComposeScreen.__doc__,
    }
    return type("ComposeScreen", (ComposeScreen,), body, inherit_bindings=False)
