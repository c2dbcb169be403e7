"""Songs opened, saved and kept; MIDI in and out of files."""
