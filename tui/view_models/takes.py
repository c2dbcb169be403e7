"""Which take is chosen, what plays, and where each was left: plain state of the steer screen."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol.generation import GenerationState, PlaybackMoved, Take

END = 0.3
"""Seconds before the end of a take from which it counts as played to its end."""


class TakeChoice:
    """Follows the studio; ``id`` is the chosen take, that which grows among them.

    ``read`` returns the present state of generation; `follow_studio` is to be called when that
    has changed.

    With ``follow`` the next take that begins to grow is chosen.
    """

    def __init__(self, read: Callable[[], GenerationState]) -> None:
        self._read = read
        studio = read()
        self._job = studio.job
        self.played = PlaybackMoved(studio.playing, 0.0)
        self.id: str | None = None
        self.follow = studio.job is not None
        self._left: dict[str, float] = {}
        self._settle(begun=studio.job is not None)

    # What there is

    @property
    def studio(self) -> GenerationState:
        """The present state of generation."""
        return self._read()

    @property
    def grows(self) -> str | None:
        """The id of the take that grows, if one does."""
        if self.studio.job is None:
            return None
        return self.studio.growing or "growing"

    @property
    def listed(self) -> tuple[Take, ...]:
        """The takes that are finished, the newest first."""
        order = sorted(enumerate(self.studio.takes), key=lambda each: (each[1].made, each[0]))
        return tuple(take for _, take in reversed(order) if take.id != self.grows)

    @property
    def ids(self) -> list[str]:
        """The ids of what can be chosen, in the order of the list."""
        growing = [] if self.grows is None else [self.grows]
        return growing + [take.id for take in self.listed]

    @property
    def chosen(self) -> Take | None:
        """The chosen take, if one that is finished is chosen."""
        return next((take for take in self.listed if take.id == self.id), None)

    def twin_of(self, take: Take) -> str | None:
        """Return the id of the other take of a pair."""
        if take.twin is not None:
            return take.twin
        return next((each.id for each in self.studio.takes if each.twin == take.id), None)

    @property
    def plays(self) -> bool:
        """Whether what is chosen is what plays."""
        return self.id is not None and self.studio.playing == self.id

    @property
    def position(self) -> float:
        """Where the chosen take plays, or was left, in seconds."""
        return self.played.at if self.plays else self._left.get(self.id or "", 0.0)

    # What changes it

    def choose(self, take: str) -> None:
        """Choose a take by its id, if it is in the list."""
        if take in self.ids:
            self.id = take

    def choose_by(self, by: int) -> None:
        """Choose a take further down or up the list."""
        ids = self.ids
        if ids:
            at = ids.index(self.id) if self.id in ids else 0
            self.id = ids[max(0, min(len(ids) - 1, at + by))]

    def leave(self, at: float) -> None:
        """Remember where the chosen take stands."""
        if self.id is not None:
            self._left[self.id] = at

    def follow_studio(self) -> None:
        """Handle a change of the state of generation."""
        studio = self.studio
        before, self._job = self._job, studio.job
        if studio.playing is None:
            self.on_playback(PlaybackMoved(None, self.played.at))
        self._settle(begun=studio.job is not None and studio.job != before)

    def on_playback(self, event: PlaybackMoved) -> None:
        """Keep where the take that plays is; one that was played to its end begins anew."""
        before, self.played = self.played, event
        if before.take is not None and event.take != before.take:
            known = next((take for take in self.studio.takes if take.id == before.take), None)
            ended = known is not None and before.at >= known.seconds - END
            self._left[before.take] = 0.0 if ended else before.at

    def _settle(self, *, begun: bool) -> None:
        ids = self.ids
        if begun and self.follow:
            self.id, self.follow = self.grows, False
        elif self.id not in ids:
            self.id = ids[0] if ids else None
