"""The song screen: all tracks above each other, and how each is played."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.geometry import Region
from textual.widget import Widget

from engine.protocol.analysis import HarmonyFound
from engine.protocol.base import Event
from engine.protocol.edit import SelectSlot
from engine.protocol.form import SelectEntry
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import SelectTrack
from engine.protocol.transport import PlayheadMoved
from tui.action_tables.action import Place
from tui.actions import song as actions
from tui.layouts.song import song_regions
from tui.screens.base import SessionScreen
from tui.widgets.order_line import OrderLine
from tui.widgets.place_line import PlaceLine
from tui.widgets.track_grid import TrackGrid


class SongScreen(SessionScreen):
    """Shows the tracks of the song, and turns keys into changes of how they are played."""

    PLACE: ClassVar[Place] = "song"
    HANDLERS = actions.HANDLERS
    SHOWS = (Snapshot, PlayheadMoved, HarmonyFound)
    AUTO_FOCUS = "#tracks"

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return OrderLine(id="order"), TrackGrid(id="tracks"), PlaceLine(id="place")

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return song_regions(width, height)

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        if not self.drawn:
            return
        match event:
            case Snapshot() | HarmonyFound():
                self.draw()
            case _:
                self._draw_tracks()

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if not self.drawn:
            return
        self.session.harmony.follow(self.session.shown)
        self._draw_transport()
        self._draw_tracks()
        self.query_one(PlaceLine).show(actions.words_at(self))

    def _draw_tracks(self) -> None:
        shown = self.session.shown
        playing = self.session.playhead.slot if shown.playing else None
        self.query_one(TrackGrid).show(shown.song, shown.track, shown.selected, playing)
        begin = self.keymap.label("form.split")
        self.query_one(OrderLine).show(shown, self.session.playhead, begin)

    @on(OrderLine.Chosen)
    def _on_entry_chosen(self, message: OrderLine.Chosen) -> None:
        self.session.send(SelectEntry(message.entry))

    @on(TrackGrid.Chosen)
    def _on_chosen(self, message: TrackGrid.Chosen) -> None:
        self.session.send(SelectTrack(message.track))
        if message.slot is not None:
            self.session.send(SelectSlot(message.slot))
            if message.twice:
                self.go("notes")

    @on(TrackGrid.Rolled)
    def _on_rolled(self, message: TrackGrid.Rolled) -> None:
        self.action_do("tracks.down" if message.steps > 0 else "tracks.up")
