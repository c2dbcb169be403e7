"""The phrase model: how likely the notes of a measure are among the measures around it."""
