"""Laboratory: makes the table of measures from the tune books."""
