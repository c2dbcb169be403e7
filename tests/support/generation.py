"""An engine with a studio in which nothing sounds, and a subscriber."""

from __future__ import annotations

from collections.abc import Callable

from engine.midi import messages as m
from engine.midi.client import Player
from engine.music.measure import HOLD, Measure
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.base import Command, with_request
from engine.protocol.generation import GenerationState, OpenAudioModel, Prompt, Take
from engine.protocol.notices import CommandFailed
from engine.runtime.engine import Engine
from engine.services.generation import take_store
from engine.services.generation.backends import StudioParts
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.songs import one_track

MELODY = Measure.from_tokens([60, *[HOLD] * 11, 64, *[HOLD] * 11])
SONG = one_track("Song", 240.0, slots=(Slot.brought_in(MELODY, Origin("corpus", "The Tune")),) * 2)
NOTHING = Prompt("nothing")


class StudioHarness:
    """An engine with a studio in which nothing sounds, and a subscriber."""

    def __init__(self, parts: StudioParts, song: Song = SONG) -> None:
        self.listener, self.player = Listener(), RecordingPlayer()
        self.engine = Engine(FakeModel, self._player, song=song, studio=parts)
        self.engine.subscribe(self.listener)
        self.engine.start()

    def _player(self, tell: Callable[[m.FromPlayer], None]) -> Player:
        del tell
        return self.player

    @property
    def shown(self) -> GenerationState:
        """The state of the studio as it was published last."""
        states = self.listener.of(GenerationState)
        return states[-1] if states else GenerationState()

    def do(self, *commands: Command) -> StudioHarness:
        """Send commands."""
        for command in commands:
            self.engine.send(command)
        return self

    def until(self, condition: Callable[[GenerationState], object]) -> GenerationState:
        """Wait until the state is like that."""
        self.listener.until(lambda: condition(self.shown))
        return self.shown

    def opened(self, name: str = "toy") -> StudioHarness:
        """Open a model and wait for it, and for the takes and the sound."""
        self.do(OpenAudioModel(name)).until(
            lambda s: s.model.state == "ready" and (s.sound or s.silence)
        )
        return self

    def take(self, *commands: Command) -> Take:
        """Ask for a take and return it once it is kept and nothing grows any more."""
        before = {take.id for take in self.shown.takes}

        def new() -> list[Take]:
            return [take for take in self.shown.takes if take.id not in before]

        self.do(*commands).until(lambda s: s.job is None and new())
        return new()[0]

    def refused(self, command: Command) -> CommandFailed:
        """Send a command that is refused, and return the refusal."""
        self.do(request := with_request(command))
        return self.listener.refused(request)


def files() -> list[str]:
    """Return the endings of all files of takes."""
    folder = take_store.takes_folder()
    return sorted(path.suffix for path in folder.iterdir()) if folder.is_dir() else []
