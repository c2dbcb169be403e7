"""Laboratory: trains the measure model."""
