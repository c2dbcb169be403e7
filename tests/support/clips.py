"""How many clips of each split the tests render."""

COUNTS = {"validation": 4, "test": 4, "train": 6}
