"""Influence: what in the training data lies behind what was made."""
