"""The song: its state, its edits, undo."""
