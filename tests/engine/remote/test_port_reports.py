"""Whoever comes later is told what became last of the port that is wanted, and no more."""

from __future__ import annotations

from engine.midi import messages as m
from engine.remote.port_reports import PortReports


def test_only_the_latest_of_the_songs_own_port_is_kept() -> None:
    reports = PortReports()
    assert (reports.latest, reports.chosen) == ((), None)
    seen, lost = m.PortsSeen(("a", "b")), m.PortLost("a")
    for report in (m.PortOpened("a"), seen, m.PortFailed("b", "busy", 1), lost, m.Ready(1, False)):
        reports.add(report)
    assert (reports.latest, reports.chosen) == ((seen, lost), lost)
