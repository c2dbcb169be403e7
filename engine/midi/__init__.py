"""MIDI ports, files, and the process that keeps time."""
