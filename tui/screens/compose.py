"""The compose screen: gauges, map, piano roll and song, drawn from snapshots."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.timer import Timer
from textual.widget import Widget

from engine.latent.spec import serves
from engine.music.attributes import NAMES
from engine.protocol.analysis import (
    DrawMap,
    Explain,
    InfluenceFound,
    MapComputed,
    SensitivityComputed,
)
from engine.protocol.base import Event
from engine.protocol.devices import ControllersState
from engine.protocol.edit import MoveLatents, SelectSlot, SetLatents
from engine.protocol.phrase import SurpriseFound
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import KeysPlayed, PlayheadMoved
from tui.action_tables.action import Place
from tui.actions.compose import HANDLERS, roll_gauge, set_gauge
from tui.keymap import Keymap
from tui.layouts.compose import arrangement
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models import gauges
from tui.view_models.freshness import SETTLE, Freshness
from tui.widgets.attribute_map import AttributeMap
from tui.widgets.explanation import Explanation
from tui.widgets.gauges import GaugeBank, Gauges, NamedGauges
from tui.widgets.nearest_match import NearestLine
from tui.widgets.piano_roll import PianoRoll
from tui.widgets.sensitivity_table import SensitivityTable
from tui.widgets.song_strip import SongStrip

PARTS = ("gauges", "bank", "map", "strip")
"""What can be held, in the order in which Tab goes through."""


class Map(AttributeMap, inherit_bindings=False):
    """The attribute map with its keys left to the keymap."""


class ComposeScreen(SessionScreen):
    """Shows the engine's state and turns what the user does into commands."""

    PLACE: ClassVar[Place] = "compose"
    HANDLERS = HANDLERS
    SHOWS = (
        ControllersState,
        Snapshot,
        PlayheadMoved,
        KeysPlayed,
        InfluenceFound,
        MapComputed,
        SensitivityComputed,
        SurpriseFound,
    )

    AUTO_FOCUS = "#gauges"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.amount = 0.3
        self.axes = (2, 1)
        self.attribute = 2
        self.matrix = False
        self._map_freshness = Freshness()
        self._why_freshness = Freshness()
        self._explained: SensitivityComputed | None = None
        self._filled: MapComputed | None = None
        self._settling: Timer | None = None

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            SongStrip(id="strip"),
            NamedGauges(id="gauges"),
            Explanation(id="why"),
            SensitivityTable(id="matrix"),
            NearestLine(id="nearest"),
            PianoRoll(id="roll"),
            Map(id="map"),
            GaugeBank(id="bank"),
        )

    def on_mount(self) -> None:
        """Draw what is known by now."""
        self.session.shown = self.session.link.snapshot

    # What the parts need to know

    @property
    def map(self) -> Map:
        """The attribute map."""
        return self.query_one(Map)

    def bank_page_size(self) -> int:
        """Return how many gauges a page of the bank holds, also while it is out of sight."""
        width, height = self.app.size
        region = arrangement(width, height, "bank").get("bank")
        return GaugeBank.holding(region.width, region.height) if region is not None else 1

    def visible_part(self, part: str) -> bool:
        """Return whether a part has a place on the screen."""
        return bool(self.query_one(f"#{part}").display)

    @property
    def held(self) -> str:
        """The part that is held: its keys are those of the gauges where it is none."""
        focused = self.focused
        return focused.id if focused is not None and focused.id in PARTS else "gauges"

    def hold(self, part: str) -> None:
        """Go to a part of the screen, bringing it into sight."""
        if part == "gauges" and self.session.gauge >= gauges.NAMED:
            self.choose(0)
        elif part == "bank" and self.session.gauge < gauges.NAMED:
            self.choose(gauges.NAMED)
        else:
            if part == "map" and not self.visible_part("map"):
                self.matrix = False
                self.session.gauge = min(self.session.gauge, gauges.NAMED - 1)
                self.lay_out()
                self.draw()
            self.query_one(f"#{part}").focus()

    def choose(self, index: int) -> None:
        """Choose a gauge by its dimension and go to it."""
        count = len(gauges.dimensions(self.session.shown))
        self.session.gauge = max(0, min(count - 1, index))
        self.lay_out()
        self.query_one("#gauges" if self.session.gauge < gauges.NAMED else "#bank").focus()
        self.draw()

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        side = "bank" if self.session.gauge >= gauges.NAMED else "matrix" if self.matrix else "map"
        return arrangement(width, height, side)

    # Drawing

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        if not self._built:
            return
        match event:
            case ControllersState():
                if self.is_current:
                    self._draw_gauges()
            case Snapshot():
                self.draw()
                if self.session.ending and not event.waiting:
                    self.session.ending = False
                    if event.model.state == "ready":
                        self.action_do("app.quit")
            case PlayheadMoved():
                if self.is_current:
                    if self.session.shown.recording is not None:
                        self._draw_roll()
                    self._draw_roll_place()
                    self._draw_strip()
            case KeysPlayed():
                if self.is_current:
                    self._draw_roll()
            case InfluenceFound():
                if self.is_current:
                    self._draw_nearest()
            case SurpriseFound():
                if self.is_current:
                    self._draw_strip()
            case MapComputed():
                if self._is_shown(event) and self._map_freshness.answered(event.revision):
                    self._filled = event
                    self._draw_map()
            case SensitivityComputed():
                if self._is_shown(event) and self._why_freshness.answered(event.revision):
                    self._explained = event
                    self._draw_reasons()
            case _:
                pass

    def _is_shown(self, event: MapComputed | SensitivityComputed) -> bool:
        shown = self.session.shown
        return (event.slot, event.track) == (shown.selected, shown.track)

    def draw(self) -> None:
        """Draw everything from the snapshot; parts that show it already do nothing.

        Behind another screen nothing is drawn; it is when this one comes back.
        """
        if not self.drawn:
            return
        self._draw_gauges()
        self._draw_transport()
        self._draw_strip()
        self._draw_roll()
        self._draw_map()
        self._draw_reasons()
        self._draw_nearest()
        self._settle()

    @property
    def _amount(self) -> float:
        return self.amount

    def _draw_gauges(self) -> None:
        readings = gauges.gauges(self.session.shown, self.session.controls)
        named, others = readings[: gauges.NAMED], readings[gauges.NAMED :]
        self.query_one(NamedGauges).show(named, self.session.gauge)
        self.query_one(GaugeBank).show(others, self.session.gauge)

    def _draw_strip(self) -> None:
        playing = self.session.playhead.slot if self.session.shown.playing else None
        surprise = self.session.surprise
        self.query_one(SongStrip).show(
            self.session.shown, playing, surprise.percentiles, surprise.words
        )

    def _draw_roll(self) -> None:
        slots, here = self.session.shown.row.slots, self._rolled()
        slot = slots[here]
        self.query_one(PianoRoll).show(
            slots[here - 1].measure if here else None,
            slot.measure,
            slots[here + 1].measure if here + 1 < len(slots) else None,
            slot.source if slot.moved else None,
            locked=slot.locked_notes,
            whole=slot.locked,
        )
        keys = self.session.keys
        self.query_one(PianoRoll).play(keys.notes if keys.slot == here else (), keys.held)
        self._draw_roll_place()

    def _rolled(self) -> int:
        """The slot on the piano roll: while it is recorded, the one that is."""
        playing, count = self.session.playhead.slot, self.session.shown.song.length
        if self.session.shown.recording is not None and playing is not None and playing < count:
            return playing
        return self.session.slot

    def _draw_roll_place(self) -> None:
        here = self.session.shown.playing and self.session.playhead.slot == self._rolled()
        self.query_one(PianoRoll).playhead(self.session.playhead.beat if here else None)

    def _draw_map(self) -> None:
        latent, slot = (
            gauges.shown_code(self.session.shown),
            self.session.shown.slot,
        )
        x, y = self.axes
        self.query_one(Map).show(
            self._filled.surface if self._filled is not None else None,
            (latent[x], latent[y]) if latent is not None else None,
            spec=self.session.shown.model.spec,
            stale=self._map_freshness.stale(self._map_key()),
            done=self._filled is None or self._filled.done,
            measure=None if slot.empty else slot.measure,
        )

    def _draw_reasons(self) -> None:
        spec, empty = (
            self.session.shown.model.spec,
            self.session.shown.slot.empty,
        )
        rests = not serves(self.session.shown.slot.grid)
        explained = None if empty or rests else self._explained
        stale = self._why_freshness.stale(self._why_key())
        self.query_one(Explanation).show(
            explained.effects if explained else (),
            spec,
            focused=self.session.gauge,
            stale=stale,
            waiting=gauges.waiting(self.session.shown),
        )
        self.query_one(SensitivityTable).show(
            explained.sensitivity if explained else None,
            spec,
            focused=self.session.gauge,
            stale=stale,
            rests=rests,
        )

    def _draw_nearest(self) -> None:
        self.query_one(NearestLine).show(
            self.session.inquiry.answer("measure"),
            stale=self.session.inquiry.stale("measure"),
            instead=gauges.unlooked(self.session.shown),
        )

    # Maps and reasons follow an edit when it has settled.

    @property
    def _place(self) -> tuple[int, int]:
        return self.session.shown.track, self.session.slot

    def _map_key(self) -> Hashable:
        latent = gauges.shown_code(self.session.shown)
        if self.session.shown.model.spec is None or latent is None or not self.visible_part("map"):
            return None
        x, y = self.axes
        # Where the measure stands on the two axes of the map does not change the map.
        rest = tuple(v for i, v in enumerate(latent) if i not in self.axes)
        return (self._place, x, y, self.attribute, self.query_one(Map).wanted(), rest)

    def _why_key(self) -> Hashable:
        slot = self.session.shown.slot
        if self.session.shown.model.spec is None or slot.latent is None:
            return None
        return (self._place, slot.latent, self._dimensions())

    def _dimensions(self) -> tuple[int, ...]:
        named = tuple(range(gauges.NAMED))
        return named if self.session.gauge < gauges.NAMED else (self.session.gauge, *named)

    @property
    def settled(self) -> bool:
        """Whether map and reasons were asked for as the measure stands, and reasons came."""
        return self._settling is None and self._explained is not None and not self._due

    @property
    def _due(self) -> bool:
        return self._map_freshness.due(self._map_key()) or self._why_freshness.due(self._why_key())

    def _settle(self) -> None:
        due = self._due
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if due:
            self._settling = self.set_timer(SETTLE, self._ask)

    def _ask(self) -> None:
        self._settling = None
        key = self._why_key()
        if self._why_freshness.due(key):
            self._why_freshness.ask(key, self.session.shown.revision)
            self.session.send(Explain(self.session.slot, self._dimensions()))
        key = self._map_key()
        if self._map_freshness.due(key):
            self._map_freshness.ask(key, self.session.shown.revision)
            (x, y), name = self.axes, NAMES[self.attribute]
            self.session.send(DrawMap(self.session.slot, x, y, name, *self.query_one(Map).wanted()))

    # What the user does

    def action_do(self, action: str) -> None:
        """Do one of the actions of the table."""
        self.session.part = self.held
        super().action_do(action)

    @on(Gauges.Chosen)
    def _on_gauge_chosen(self, message: Gauges.Chosen) -> None:
        self.choose(message.index)

    @on(Gauges.Dragged)
    def _on_gauge_dragged(self, message: Gauges.Dragged) -> None:
        set_gauge(self, message.index, message.value, "drag")

    @on(Gauges.Released)
    def _on_gauge_released(self) -> None:
        self.session.gestures.end()

    @on(Gauges.Rolled)
    def _on_gauge_rolled(self, message: Gauges.Rolled) -> None:
        roll_gauge(self, message.index, message.steps)

    @on(SongStrip.Chosen)
    def _on_slot_chosen(self, message: SongStrip.Chosen) -> None:
        self.hold("strip")
        self.session.send(SelectSlot(message.slot))

    @on(SongStrip.Rolled)
    def _on_strip_rolled(self, message: SongStrip.Rolled) -> None:
        HANDLERS["measure.later" if message.steps > 0 else "measure.earlier"](self)

    @on(AttributeMap.Moved)
    def _on_map_moved(self, message: AttributeMap.Moved) -> None:
        x, y = self.axes
        if gauges.shown_code(self.session.shown) is not None:
            slot, gesture = self.session.slot, message.gesture
            if message.by is not None:
                ways = ((x, message.by[0]), (y, message.by[1]))
                self.session.send(MoveLatents(slot, ways, gesture))
            else:
                self.session.send(SetLatents(slot, ((x, message.x), (y, message.y)), gesture))
