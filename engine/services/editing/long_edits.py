"""Edits that take long: worked out beside the engine thread, and settled when that is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.jobs import Job
from engine.music.song import Song
from engine.protocol.base import Edit, Event
from engine.services.editing.edits import EditContext, apply_edit, change_words


@dataclass(frozen=True, slots=True)
class WorkedOut(Event):
    """What an edit makes of a song, and what is said of it; it goes to the editing alone."""

    command: Edit
    before: Song
    song: Song
    words: str


def work_of(command: Edit, song: Song, context: EditContext) -> Callable[[Job], None]:
    """Return the work of a job that tells what an edit makes of a song."""

    def work(job: Job) -> None:
        job.tell(worked_out(command, song, context))

    return work


def worked_out(command: Edit, song: Song, context: EditContext) -> WorkedOut:
    """Return what an edit makes of a song; raises an `ArmonicaError` where it cannot be done."""
    made = apply_edit(command, song, context)
    return WorkedOut(command, song, made, change_words(command, song, made))
