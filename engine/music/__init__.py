"""Measures, their attributes, and songs made of them."""
