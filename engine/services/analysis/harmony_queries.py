"""What is asked about harmony: the key that the notes have, and chords for a place."""

from __future__ import annotations

from collections.abc import Callable

from engine.jobs import Job
from engine.protocol.analysis import AskHarmony, HarmonyFound
from engine.protocol.snapshot import Snapshot

KEYS = 5
"""How many keys are told."""


def harmony(command: AskHarmony, snapshot: Snapshot) -> Callable[[Job], None]:
    """Return the work of finding keys and chords; raises `OutOfRange` where there is no place."""
    song = snapshot.song
    song.slot(command.slot, command.row)

    def work(job: Job) -> None:
        # It imports numpy, which screens are not to wait for.
        from engine.harmony.song_harmony import keys_of_song, suggest_at

        keys = keys_of_song(song, command.row)[:KEYS]
        suggested = suggest_at(song, command.row, command.slot, command.place)
        job.tell(
            HarmonyFound(
                command,
                snapshot.revision,
                tuple((each.key, each.certainty) for each in keys),
                suggested.options,
                command.request,
            )
        )

    return work
