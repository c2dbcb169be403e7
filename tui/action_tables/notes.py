"""What can be done on the notes screen."""

from __future__ import annotations

from tui.action_tables.action import Action, group

_STEP = (
    "Step by a whole, half, quarter, eighth, sixteenth, quarter or eighth triplet, dotted "
    "quarter, thirty-second."
)

ACTIONS: tuple[Action, ...] = (
    *group(
        "Notes",
        ("notes.left", "left", "Go left by a step; over the bar line, to the measure before."),
        ("notes.right", "right", "Go right by a step; over the bar line, to the next measure."),
        ("notes.up", "up", "Go up by a semitone."),
        ("notes.down", "down", "Go down by a semitone."),
        ("notes.left_beat", "beat left", "Go left by a beat."),
        ("notes.right_beat", "beat right", "Go right by a beat."),
        ("notes.up_octave", "octave up", "Go up by an octave."),
        ("notes.down_octave", "octave down", "Go down by an octave."),
        ("notes.next", "next note", "Go to the next note of the measure."),
        ("notes.previous", "note before", "Go to the note before."),
        ("notes.measure_earlier", "measure before", "Go to the measure before."),
        ("notes.measure_later", "next measure", "Go to the next measure."),
        *((f"notes.step_{n}", "step", _STEP, 2 * (n == 1)) for n in range(1, 10)),
        ("notes.put", "put note", "Put a note of one step at the cursor, and go on by it.", 1),
        ("notes.remove", "remove", "Remove the note at the cursor, or what is selected.", 1),
        ("notes.select", "select", "Begin a selection at the cursor, or end it.", 1),
        ("notes.all", "all", "Select the whole measure."),
        ("notes.none", "nothing", "Select nothing."),
        ("notes.copy", "copy", "Copy what is selected, or the note at the cursor.", 4),
        ("notes.cut", "cut", "Copy and remove it."),
        ("notes.paste", "paste", "Put the copied notes at the cursor.", 4),
        ("notes.earlier", "earlier", "Move it a step to the left; it may cross the bar line."),
        ("notes.later", "later", "Move it a step to the right; it may cross the bar line."),
        ("notes.semitone_up", "semitone up", "Transpose it a semitone up.", 3),
        ("notes.semitone_down", "semitone down", "Transpose it a semitone down."),
        ("notes.degree_up", "degree up", "Transpose it to the next degree of the key above."),
        ("notes.degree_down", "degree down", "Transpose it to the next degree below."),
        ("notes.octave_up", "octave up", "Transpose it an octave up."),
        ("notes.octave_down", "octave down", "Transpose it an octave down."),
        ("notes.longer", "longer", "Make it a step longer, over the bar line also.", 3),
        ("notes.shorter", "shorter", "Make it a step shorter, down to a sixteenth."),
        ("notes.split", "split", "Strike the note that sounds at the cursor again there.", 5),
        ("notes.join", "join", "Join the notes that are selected, or this one with the next.", 5),
        ("notes.invert", "invert", "Turn it upside down, about its first note."),
        ("notes.reverse", "reverse", "Turn it back to front."),
        ("notes.double", "double", "Make it twice as long."),
        ("notes.halve", "halve", "Make it half as long."),
        ("notes.louder", "louder", "Raise its velocity by 8."),
        ("notes.softer", "softer", "Lower its velocity by 8."),
        ("notes.lock", "lock", "Lock or unlock the note here, or what is selected.", 7),
        ("notes.lock_measure", "lock measure", "Lock the measure against every change, or let go."),
        ("notes.vary", "vary", "Vary it by chance, as far as on the compose screen."),
        ("notes.vary_what", "vary what", "Vary its notes, rhythm or pitches."),
        ("notes.hear", "hear note", "Hear the note at the cursor.", 6),
        ("notes.audition", "hear measure", "Hear the measure once while the loop rests.", 6),
        ("notes.metre", "metre", "Give the measure, or several, another metre.", 6),
        ("notes.chord", "chord", "Type or play the chord that begins at the cursor.", 3),
        ("notes.suggest", "chords", "Choose one of the five likeliest chords there.", 5),
        ("notes.key", "take key", "Take the key that the notes have as the song's key."),
        ("notes.undo", "undo", "Take the last step back; one gesture is one step.", 3),
        ("notes.redo", "redo", "Do again what was taken back."),
        place="notes",
    ),
)
