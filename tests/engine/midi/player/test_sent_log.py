"""What was sent is told between deadlines, in order, and a flood is passed over with a count."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.midi.messages import Sent
from engine.midi.player.sent_log import COST, KEPT, SentLog

NOTE = b"\x90\x3c\x64"


def test_nothing_is_kept_while_nobody_wants_to_know() -> None:
    log = SentLog()
    log.note(1.0, 0.0, "alsa:synth", NOTE)
    assert log.pop(math.inf) == []
    log.switch(True)
    log.note(2.0, 0.001, "alsa:synth", NOTE)
    log.note(3.0, 0.0, None, NOTE)
    assert log.pop(math.inf) == [Sent(2.0, 0.001, "alsa:synth", NOTE)]
    log.note(4.0, 0.0, "alsa:synth", NOTE)
    log.switch(False)
    log.switch(True)
    assert log.pop(math.inf) == []


def test_a_deadline_at_hand_is_not_held_up() -> None:
    log = SentLog()
    log.switch(True)
    for n in range(8):
        log.note(float(n), 0.0, "alsa:synth", NOTE)
    assert log.pop(-0.001) == []
    assert log.reportable(COST / 2) == 0
    assert [sent.at for sent in log.pop(COST * 3.5)] == [0, 1, 2]
    assert [sent.at for sent in log.pop(math.inf)] == [3, 4, 5, 6, 7]


@given(st.lists(st.integers(0, 2 * KEPT) | st.floats(-0.1, 0.1), max_size=6))
def test_each_message_is_told_or_counted_as_missed(steps: list[int | float]) -> None:
    log = SentLog()
    log.switch(True)
    count = 0
    reports: list[Sent] = []
    for step in steps:
        if isinstance(step, int):
            for _ in range(step):
                log.note(float(count), 0.0, "alsa:synth", NOTE)
                count += 1
        else:
            reports += log.pop(step)
    while more := log.pop(math.inf):
        reports += more
    at = 0
    for sent in reports:
        at += sent.missed
        assert sent.at == at
        at += 1
    assert at == count
