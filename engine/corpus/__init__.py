"""The training tunes as a table of measures."""
