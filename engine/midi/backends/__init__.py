"""MIDI systems beside rtmidi's own scan, one module each."""
