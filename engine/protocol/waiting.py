"""What is said of edits that wait for the model."""

from __future__ import annotations


def lost_words(count: int) -> str:
    """Say that so many edits still waited at the end."""
    many = "edits that waited for the model were" if count != 1 else "edit that waited for it was"
    return f"The model was still loading: {count} {many} not made."
