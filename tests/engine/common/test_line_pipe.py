"""Lines are cut wherever the pipe cut them, and a full pipe never blocks."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from engine.common.line_pipe import MAX_LINE, LineReader, PipeWriter


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(1, 9)))
def test_lines_do_not_depend_on_how_they_arrive(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"\n".join(pieces)
    whole = LineReader().feed(stream)
    lines, found = LineReader(), []
    while stream:
        size = cuts.pop() if cuts else len(stream)
        found += lines.feed(stream[:size])
        stream = stream[size:]
    assert found == whole


def test_a_line_without_an_end_takes_no_memory_and_the_next_is_read() -> None:
    lines = LineReader()
    for _ in range(100):
        assert lines.feed(b"x" * 10_000) == []
    first, second = lines.feed(b"x\nshort\n")
    assert len(first) == MAX_LINE + 1
    assert second == b"short"


def test_a_full_pipe_keeps_what_fits_its_limit_and_loses_the_rest() -> None:
    reader, writer = os.pipe()
    outbox = PipeWriter(writer, limit=100_000)
    line = b"x" * 999 + b"\n"
    sent = 0
    while outbox.put(line):
        sent += 1
    received = 0
    while outbox.waiting:
        received += len(os.read(reader, 65_536))
        outbox.flush()
    received += len(os.read(reader, 200_000))
    assert received == sent * len(line) > 65_536
    os.close(reader)
    assert not outbox.put(line)
    os.close(writer)
