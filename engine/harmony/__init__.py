"""Harmony: the key of a melody with its certainty, and the chords that may lie under it."""
