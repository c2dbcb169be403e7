"""What is asked about surprise, and the answers: a question after each edit, one at a time."""

from __future__ import annotations

from collections.abc import Hashable

from engine.protocol.phrase import AskSurprise, SurpriseFound
from engine.protocol.snapshot import Snapshot
from tui.bridge import EngineLink


class SurpriseInquiry:
    """Follows the selected measure, and asks at once how unusual it is and those around it.

    A held key makes no backlog: while a question is not answered the next one waits.
    """

    def __init__(self, link: EngineLink) -> None:
        self._link = link
        self._shown = link.snapshot
        self._command: AskSurprise | None = None
        self._since = -1
        self._waiting = False
        self._requested: Hashable = None
        self._found: SurpriseFound | None = None

    def follow(self, shown: Snapshot) -> None:
        """Follow the state of the song."""
        self._shown = shown
        self._ask()

    def on_answer(self, answer: SurpriseFound) -> None:
        """Keep an answer, and ask about what has changed since the question."""
        if answer.asked == self._command and answer.revision >= self._since:
            self._found, self._waiting = answer, False
            self._ask()

    @property
    def percentiles(self) -> tuple[int | None, ...]:
        """How unusual each measure of the track is, as far as that is known."""
        found = self._found
        here = found is not None and found.asked.row == self._shown.track
        return found.percentiles if found is not None and here else ()

    @property
    def words(self) -> str:
        """What is said about the selected measure; empty while nothing is known."""
        found, shown = self._found, self._shown
        if found is None or found.bits is None or self._key() is None:
            return ""
        if (found.asked.row, found.asked.slot) != (shown.track, shown.selected):
            return ""
        percent = found.percentiles[found.asked.slot]
        said = f"{found.bits:.0f} bits, more unusual than {percent} % of printed measures"
        return f"{said} · {found.words[0]}" if found.words else said

    def _ask(self) -> None:
        key, shown = self._key(), self._shown
        if self._waiting and self._outdated():
            self._waiting = False
        if key is None or key == self._requested or self._waiting:
            return
        self._command = AskSurprise(shown.selected, track=shown.track)
        self._since, self._requested, self._waiting = shown.revision, key, True
        self._link.send(self._command)

    def _outdated(self) -> bool:
        """Whether what was asked about is there no more: it was refused, and is not answered."""
        asked, song = self._command, self._shown.song
        assert asked is not None  # Something is waited for.
        there = asked.row < len(song.tracks) and asked.slot < song.length
        return not (there and song.melodic(asked.row, asked.slot))

    def _key(self) -> Hashable:
        shown = self._shown
        # The measure model, and with it the gauges, come first.
        if shown.model.state == "loading":
            return None
        if not shown.song.melodic(shown.track, shown.selected) or shown.slot.measure.silent:
            return None
        row = tuple((slot.measure, slot.pattern is None) for slot in shown.row.slots)
        return shown.track, shown.selected, shown.song.key, row
