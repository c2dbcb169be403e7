"""Laboratory: the measure model's metrics and tables."""
