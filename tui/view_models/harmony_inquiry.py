"""What is asked about harmony, and the answers: the key of the melody, and chords for a place."""

from __future__ import annotations

from collections.abc import Callable

from engine.music.scales import Key
from engine.protocol.analysis import AskHarmony, HarmonyFound
from engine.protocol.base import with_request
from engine.protocol.snapshot import Snapshot
from tui.bridge import EngineLink
from tui.view_models.queries import FOLLOW


class HarmonyInquiry:
    """Asks for the key once the song has changed, and for chords where that is wanted.

    ``later`` does something after so many seconds: edits that come within `FOLLOW` are asked about
    once.
    """

    def __init__(
        self, link: EngineLink, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._link = link
        self._later = later
        self._shown = link.snapshot
        self._waiting = False
        self._followed: object = None
        self._key: HarmonyFound | None = None
        self._wanted = ""
        self._then: Callable[[HarmonyFound], None] = lambda _: None

    @property
    def key(self) -> tuple[Key, float] | None:
        """The likeliest key of the notes and its certainty, as far as that is known."""
        return self._key.keys[0] if self._key is not None and self._key.keys else None

    @property
    def settled(self) -> bool:
        """Whether the key of the notes as they are has been answered."""
        return self._key is not None and not self._waiting and self._followed == self._notes()

    def follow(self, shown: Snapshot) -> None:
        """Ask for the key of the track shown, if its notes may be others than before."""
        self._shown = shown
        if not self._waiting and self._followed != self._notes():
            self._waiting = True
            self._later(FOLLOW, self._ask_key)

    def ask(self, command: AskHarmony, then: Callable[[HarmonyFound], None]) -> None:
        """Ask for chords; ``then`` is called with the answer, unless it is asked again before."""
        command = with_request(command)
        self._wanted, self._then = command.request, then
        self._link.send(command)

    def on_answer(self, answer: HarmonyFound) -> None:
        """Keep an answer, and pass it to who waits for it."""
        if self._key is None or answer.revision >= self._key.revision:
            self._key = answer
        if answer.request and answer.request == self._wanted:
            self._wanted = ""
            self._then(answer)

    def _notes(self) -> object:
        return self._shown.track, self._shown.song.tracks

    def _ask_key(self) -> None:
        self._waiting, self._followed = False, self._notes()
        self._link.send(AskHarmony(self._shown.selected, track=self._shown.track))
