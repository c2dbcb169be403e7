"""The song screen: all tracks above each other, and how each is played."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.geometry import Region

from engine.protocol.base import Event
from engine.protocol.edit import SelectSlot
from engine.protocol.notices import JobProgressed
from engine.protocol.snapshot import Snapshot
from engine.protocol.tracks import SelectTrack
from engine.protocol.transport import ClockSyncMeasured, KeysPlayed, LatenessMeasured, PlayheadMoved
from tui.action_table import Place
from tui.actions import song as actions
from tui.layouts.song import SongArranged, song_regions
from tui.screens.base import SessionScreen
from tui.widgets.footer import KeysLine
from tui.widgets.layout_host import Desk
from tui.widgets.place_line import PlaceLine
from tui.widgets.too_small import TooSmall
from tui.widgets.track_grid import TrackGrid
from tui.widgets.transport import Transport


class SongScreen(SessionScreen):
    """Shows the tracks of the song, and turns keys into changes of how they are played."""

    PLACE: ClassVar[Place] = "song"
    HANDLERS = actions.HANDLERS
    SHOWS = (
        Snapshot,
        PlayheadMoved,
        KeysPlayed,
        LatenessMeasured,
        JobProgressed,
        ClockSyncMeasured,
    )
    AUTO_FOCUS = "#tracks"

    def compose(self) -> ComposeResult:
        """Make the parts; the arrangement says where they lie."""
        yield Desk(
            Transport(id="transport"),
            TrackGrid(id="tracks"),
            PlaceLine(id="place"),
            KeysLine(self.keymap.keys, "song", id="keys"),
            TooSmall(id="small"),
            arranged=SongArranged(),
        )

    def on_mount(self) -> None:
        """Lay the parts out."""
        self._built = True
        self.lay_out()
        self.query_one("#tracks").focus()
        self.draw()

    def regions(self) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return song_regions(*self.app.size)

    def show(self, event: Event) -> None:
        """Show an event that the session has taken in."""
        if not self.drawn:
            return
        match event:
            case Snapshot():
                self.draw()
            case PlayheadMoved():
                self._draw_transport()
                self._draw_tracks()
            case _:
                self._draw_transport()

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if not self.drawn:
            return
        self._draw_transport()
        self._draw_tracks()
        self.query_one(PlaceLine).show(actions.words_at(self))

    def _draw_tracks(self) -> None:
        shown = self.session.shown
        playing = self.session.playhead.slot if shown.playing else None
        self.query_one(TrackGrid).show(shown.song, shown.track, shown.selected, playing)

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
