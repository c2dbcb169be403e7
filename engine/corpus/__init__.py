"""The tunes that the model learns from, as a table of measures."""
