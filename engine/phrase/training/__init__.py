"""Laboratory: training of the phrase model."""
