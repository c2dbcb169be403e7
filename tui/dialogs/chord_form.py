"""A line for chords: typed, or played on a keyboard."""

from __future__ import annotations

from textual.widgets import Input

from engine.music.scales import Key
from engine.music.tension import chord_of_keys
from engine.protocol.base import Event
from engine.protocol.transport import KeysPlayed
from tui.dialogs.form import Field, Form


class ChordForm(Form):
    """Asks for chords; keys that are held on a keyboard write theirs, named as in a key."""

    def __init__(self, title: str, field: Field, key: Key) -> None:
        super().__init__(title, [field])
        self._key = key

    def on_engine_event(self, event: Event) -> bool:
        """Write the chord that is held; what was typed is kept while it is none."""
        if isinstance(event, KeysPlayed) and len(event.held) > 2:
            chord = chord_of_keys(event.held)
            if chord is not None:
                line = self.query_one("#field-0", Input)
                line.value = chord.name(self._key)
                line.cursor_position = len(line.value)
        return super().on_engine_event(event)
