"""The names of General MIDI: its 128 programs and its 47 drums."""

from __future__ import annotations

from engine.errors import OutOfRange

PROGRAMS: tuple[str, ...] = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavinet",
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone",
    "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Tango Accordion",
    "Nylon Guitar", "Steel Guitar", "Jazz Guitar", "Clean Guitar",
    "Muted Guitar", "Overdriven Guitar", "Distortion Guitar", "Guitar Harmonics",
    "Acoustic Bass", "Finger Bass", "Pick Bass", "Fretless Bass",
    "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
    "Violin", "Viola", "Cello", "Contrabass",
    "Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani",
    "String Ensemble 1", "String Ensemble 2", "Synth Strings 1", "Synth Strings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet",
    "French Horn", "Brass Section", "Synth Brass 1", "Synth Brass 2",
    "Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax",
    "Oboe", "English Horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan Flute",
    "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Square Lead", "Sawtooth Lead", "Calliope Lead", "Chiff Lead",
    "Charang Lead", "Voice Lead", "Fifths Lead", "Bass and Lead",
    "New Age Pad", "Warm Pad", "Polysynth Pad", "Choir Pad",
    "Bowed Pad", "Metallic Pad", "Halo Pad", "Sweep Pad",
    "Rain", "Soundtrack", "Crystal", "Atmosphere",
    "Brightness", "Goblins", "Echoes", "Sci-fi",
    "Sitar", "Banjo", "Shamisen", "Koto",
    "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock",
    "Taiko Drum", "Melodic Tom", "Synth Drum", "Reverse Cymbal",
    "Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone Ring", "Helicopter", "Applause", "Gunshot",
)  # fmt: skip
"""What each program is called, from 0."""

FIRST_DRUM = 35

DRUM_NAMES: tuple[str, ...] = (
    "Acoustic Bass Drum", "Bass Drum", "Side Stick", "Acoustic Snare", "Hand Clap",
    "Electric Snare", "Low Floor Tom", "Closed Hi-hat", "High Floor Tom", "Pedal Hi-hat",
    "Low Tom", "Open Hi-hat", "Low-mid Tom", "High-mid Tom", "Crash Cymbal 1", "High Tom",
    "Ride Cymbal 1", "Chinese Cymbal", "Ride Bell", "Tambourine", "Splash Cymbal", "Cowbell",
    "Crash Cymbal 2", "Vibraslap", "Ride Cymbal 2", "High Bongo", "Low Bongo",
    "Mute High Conga", "Open High Conga", "Low Conga", "High Timbale", "Low Timbale",
    "High Agogo", "Low Agogo", "Cabasa", "Maracas", "Short Whistle", "Long Whistle",
    "Short Guiro", "Long Guiro", "Claves", "High Woodblock", "Low Woodblock", "Mute Cuica",
    "Open Cuica", "Mute Triangle", "Open Triangle",
)  # fmt: skip
"""What each drum is called, from pitch `FIRST_DRUM` on."""

COMMON_DRUMS = (49, 51, 46, 42, 50, 47, 45, 39, 37, 38, 36)
"""The pitches of a usual kit, cymbals first as they are written."""


def drum_name(pitch: int) -> str:
    """Return what a drum is called; one that General MIDI lacks by its number."""
    at = pitch - FIRST_DRUM
    return DRUM_NAMES[at] if 0 <= at < len(DRUM_NAMES) else f"Drum {pitch}"


def program_named(text: str) -> int:
    """Return the program (from 0) of a number from 1, or of a name or a part of one alone.

    Raises `OutOfRange` where there is none or several are meant.
    """
    plain = " ".join(text.split()).casefold()
    if plain.isdecimal():
        if not 1 <= (number := int(plain[:4])) <= len(PROGRAMS):
            raise OutOfRange(f"A program lies from 1 to {len(PROGRAMS)}; {number} does not.")
        return number - 1
    names = [name.casefold() for name in PROGRAMS]
    if plain in names:
        return names.index(plain)
    words = plain.split()
    found = [at for at, name in enumerate(names) if words and all(word in name for word in words)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise OutOfRange(
            f"No program of General MIDI is called {text[:40]!r}.",
            "Name one, as Electric Piano 1, or its number from 1 to 128.",
        )
    several = ", ".join(PROGRAMS[at] for at in found[:6]) + (", ..." if len(found) > 6 else "")
    raise OutOfRange(f"{text[:40]!r} may be {several}.", "Name one of them.")
