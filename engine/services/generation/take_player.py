"""What plays, as the engine thread knows it: takes are started, sought and stopped by jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import NotReady, OutOfRange, UserError
from engine.jobs import Job, Jobs
from engine.protocol.base import Event
from engine.protocol.generation import GenerationState, PlaybackMoved
from engine.protocol.notices import CommandFailed
from engine.services.generation import worker_events
from engine.services.generation.playback import Playback
from engine.services.generation.validation import known

if TYPE_CHECKING:
    from engine.audio.output import Playing
    from engine.services.generation.streaming_take import StreamingTake

SOUND = "sound"
"""The lane of what is played: making a take holds up nothing of it."""

PLAYED = 0.08
"""Seconds between two events that say where the take that plays is."""

LAST = 0.05
"""How far before the end of a take a key goes at most, in seconds."""


class TakePlayer:
    """Starts, seeks and stops takes; ``show`` changes the state of generation that ``read`` gives.

    ``growth`` is the sound of the take that grows, once there is some.
    """

    growth: StreamingTake | None = None

    def __init__(
        self,
        jobs: Jobs,
        playback: Playback,
        read: Callable[[], GenerationState],
        show: Callable[..., None],
        publish: Callable[[Event], None],
    ) -> None:
        self._jobs, self._playback = jobs, playback
        self._read, self._show, self._publish = read, show, publish
        # What is to play, which the sound device comes to later; and the job that starts it.
        self._wanted: str | None = None
        self._starting: int | None = None
        self._on_deck: str | None = None
        self._told_at = float("-inf")
        # Where what plays is; while it is started, where it will be.
        self._position = 0.0

    def look(self, request: str) -> None:
        """Look for a sound device."""
        self._jobs.start(SOUND, "look for sound", "asking for sound", self._playback.look, request)

    def play(self, take: str | None, at: float, request: str) -> None:
        """Play a take, or with None the one that grows; raises an `ArmonicaError` for neither."""
        if not isinstance(at, int | float) or not 0 <= at < float("inf"):
            raise OutOfRange(f"A place in a take is 0 seconds or later, not {at!r:.40}.")
        growing = self._read().growing
        growth = None
        if take is None or take == growing:
            growth = self.growth
            if growing is None or growth is None:
                raise UserError("Nothing grows that could be heard yet.")
            take = growing
        chosen = take if growth is not None else known(take, self._lengths())
        self._wanted, self._position = chosen, at

        def work(job: Job) -> None:
            self._playback.play(job, chosen, at, growth)

        def ended(job: Job) -> None:
            job.tell(worker_events.JobOver(job.number))

        self._starting = self._jobs.start(SOUND, "play", "playing the take", work, request, ended)

    def toggle(self, take: str, at: float, request: str) -> None:
        """Stop a take that plays, and else play it; empty, any that plays, or the newest."""
        takes = self._read().takes
        if self._wanted is not None and take in ("", self._wanted):
            self.stop(request)
        elif take or takes:
            self.play(take or takes[-1].id, at, request)
        else:
            raise NotReady("There is no take to play yet.")

    def seek(self, by: float, request: str) -> None:
        """Go on or back in the take that plays, as far as it goes."""
        playing, growth = self._wanted, self.growth
        if playing is None:
            raise NotReady("No take plays.")
        end = self._lengths().get(playing, growth.samples / growth.rate if growth else 0.0) - LAST
        self.play(playing, round(max(0.0, min(end, self._position + by)), 3), request)

    def stop(self, request: str) -> None:
        """Stop what plays."""
        self._wanted = self._starting = None
        self._jobs.start(SOUND, "play", "stopping the take", self._playback.stop, request)

    def on_report(self, report: worker_events.StudioReport, now: float) -> None:
        """Take in what the sound device and the jobs report."""
        match report:
            case worker_events.JobOver(job) if job == self._starting:
                self._starting, self._wanted = None, self._read().playing
            case worker_events.SoundFound(sound, silence):
                self._show(sound=sound, silence=silence)
            case worker_events.PlayBegan(take):
                self._on_deck = take
                self._show(playing=take)
            case worker_events.SoundMoved(playing):
                self._moved(playing, now)

    def close(self) -> None:
        """End the sound."""
        self._playback.close()

    def _moved(self, playing: Playing, now: float) -> None:
        shown = self._read()
        if playing.state == "failed":
            self._playback.failed(playing.reason)
            if shown.playing is not None:
                self._publish(CommandFailed("Sound", playing.reason, "The take lies in its file."))
            self._show(sound="", silence=playing.reason)
        if playing.state in ("playing", "waiting"):
            if self._starting is None:
                self._position = playing.position
            self._show(playing=self._on_deck)
            if now - self._told_at >= PLAYED and self._on_deck is not None:
                self._told_at = now
                self._publish(PlaybackMoved(self._on_deck, playing.position))
        elif playing.state != "paused" and shown.playing is not None:
            if self._starting is None:
                self._wanted = None
            self._show(playing=None)
            self._publish(PlaybackMoved(None, playing.position))

    def _lengths(self) -> dict[str, float]:
        return {take.id: take.seconds for take in self._read().takes}
