"""The latest that a player has reported of its ports."""

from __future__ import annotations

from engine.midi import messages as m


class PortReports:
    """Keeps which ports there are, and what became last of the one that is wanted."""

    def __init__(self) -> None:
        self._seen: m.PortsSeen | None = None
        self.chosen: m.PortOpened | m.PortLost | m.PortFailed | None = None

    def add(self, report: m.FromPlayer) -> None:
        """Take a report; what is not about the ports of the song's own outlet is passed over."""
        match report:
            case m.PortsSeen():
                self._seen = report
            case m.PortOpened() | m.PortLost() | m.PortFailed() if not report.outlet:
                self.chosen = report

    @property
    def latest(self) -> tuple[m.FromPlayer, ...]:
        """The reports for whoever knows nothing of these ports, in order."""
        return tuple(each for each in (self._seen, self.chosen) if each is not None)
