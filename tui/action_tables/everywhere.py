"""What can be done on every screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

PLACES: tuple[Action, ...] = (
    *group(
        "Parts and screens",
        ("move.next", "next part", "Go on to the next part of the screen.", 10),
        ("move.previous", "part before", "Go back to the part of the screen before."),
        ("app.compose", "compose", "Go to the compose screen.", 1),
        ("app.notes", "notes", "Go to the notes screen, where notes are written by hand.", 3),
        ("app.song", "song", "Go to the song screen, where all tracks are.", 3),
        ("app.steer", "steer", "Go to the steer screen, where audio grows.", 3),
        ("app.influence", "influence", "Go to the screen of what a measure or take is like.", 3),
        ("app.monitor", "MIDI", "Go to the monitor of the MIDI that comes in and goes out.", 17),
        place="everywhere",
    ),
)
"""The screens, and the parts of one."""

PLAYING: tuple[Action, ...] = (
    *group(
        "Playing",
        ("play.toggle", "play song", "Play the loop from the selected measure, or stop.", 1),
        ("play.panic", "silence", "Stop, and silence every channel at once."),
        ("play.faster", "faster", "Raise the tempo by one."),
        ("play.slower", "slower", "Lower the tempo by one."),
        ("play.tap", "tap tempo", "Tap the beat: from the second tap on the tempo follows."),
        ("play.tempo", "tempo", "Type the tempo in quarter notes a minute."),
        ("play.sound", "sound", "Turn swing, humanise, key, lock, and how the track is played."),
        ("play.port", "port", "Choose the MIDI port.", 12),
        ("play.clock", "clock in", "Keep the clock of a MIDI input, or the song's own tempo."),
        ("play.clock_from", "clock from", "Choose the MIDI input whose clock is kept."),
        ("play.routes", "routes", "Play to other ports and channels, too, and transpose there."),
        ("compare.mark", "mark as B", "Mark the measure as it is now as B; what comes next is A."),
        ("compare.mark_song", "song as B", "Mark the whole song as it is now as B."),
        ("compare.flip", "A/B", "Hear the other of A and B; no step of undo until it is kept."),
        ("compare.keep", "keep A/B", "Keep what sounds of A and B, and take the mark away."),
        ("track.above", "track above", "Go to the track above."),
        ("track.below", "track below", "Go to the track below."),
        place="everywhere",
    ),
    *group(
        "Controllers",
        ("control.learn", "learn", "Bind a knob, pad or key to what is chosen: move it, done.", 9),
        ("control.list", "controllers", "See, change and take away what controls move; bind more."),
        place="everywhere",
    ),
)
"""Playing, and what a control surface moves."""

PROGRAM: tuple[Action, ...] = (
    *group(
        "Song",
        ("song.save", "save song", "Save the song where it was last saved.", 9),
        ("song.save_as", "save as", "Save the song as a file you name."),
        place="everywhere",
    ),
    *group(
        "Program",
        ("app.help", "help", "Show all keys.", 99),
        ("app.palette", "palette", "Look for anything that can be done, by name.", 16),
        ("app.theme", "theme", "Show the next theme: dark, light, the terminal's own, mono."),
        ("app.quit", "quit", "End; an unsaved song is kept and offered at the next start."),
        place="everywhere",
    ),
)
"""Saving, help and the end."""
