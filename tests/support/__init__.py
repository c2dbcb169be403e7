"""Fakes, builders and waiting helpers that tests share."""
