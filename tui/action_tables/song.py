"""What can be done on the song screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

_TRACK = "Go to track 1 to 9."

ACTIONS: tuple[Action, ...] = (
    *group(
        "Tracks",
        ("tracks.left", "measure before", "Go to the measure before."),
        ("tracks.right", "next measure", "Go to the next measure."),
        ("tracks.left_far", "far left", "Go four measures back."),
        ("tracks.right_far", "far right", "Go four measures on."),
        ("tracks.up", "track above", "Go to the track above."),
        ("tracks.down", "track below", "Go to the track below."),
        *((f"tracks.{n}", "go to track", _TRACK) for n in range(1, 10)),
        ("tracks.open", "notes", "Go to the notes of the measure.", 2),
        ("tracks.add", "add track", "Add an empty track below the others.", 1),
        ("tracks.name", "name", "Name the track.", 4),
        ("tracks.kind", "kind", "Say what the track is for, or add one of chords, bass, drums.", 4),
        ("tracks.instrument", "instrument", "Choose its program by name from a list.", 5),
        ("tracks.rule", "by rule", "Let a rule play its empty measures; or freeze it to notes.", 3),
        ("tracks.copy", "copy track", "Add a copy of the track below it."),
        ("tracks.remove", "remove track", "Take the track out of the song.", 6),
        ("tracks.move_up", "track up", "Move the track up."),
        ("tracks.move_down", "track down", "Move the track down."),
        ("tracks.mute", "mute", "Mute the track, or let it be heard again.", 1),
        ("tracks.solo", "solo", "Hear this track alone, with others that are solo; or all.", 1),
        ("tracks.lock", "lock", "Lock the track, so that its measures are not edited; or not.", 5),
        ("tracks.louder", "louder", "Raise the level (controller 7) by 4.", 2),
        ("tracks.softer", "softer", "Lower the level by 4; below 0 it is not sent.", 2),
        ("tracks.pan_left", "pan left", "Move it to the left (controller 10) by 4."),
        ("tracks.pan_right", "pan right", "Move it to the right by 4."),
        ("tracks.octave_up", "octave up", "Let its notes lie an octave higher.", 3),
        ("tracks.octave_down", "octave down", "Let its notes lie an octave lower.", 3),
        ("tracks.program_more", "next program", "Play it with the next program."),
        ("tracks.program_less", "program before", "Play it with the program before."),
        ("tracks.channel_more", "next channel", "Send it on the next channel."),
        ("tracks.channel_less", "channel before", "Send it on the channel before."),
        ("cell.audition", "hear measure", "Hear the measure of the track once.", 6),
        ("cell.copy", "copy measure", "Copy the measure of the track.", 4),
        ("cell.paste", "paste", "Put the copied measure here; it may come from another track.", 4),
        ("cell.clear", "clear", "Empty the measure of the track."),
        ("cell.insert", "insert", "Add an empty measure to all tracks before this one."),
        ("cell.remove", "remove measure", "Take the measure out of all tracks."),
        ("tracks.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("tracks.redo", "redo", "Do again what was taken back."),
        place="song",
    ),
)
