"""Nearest training measures: index, channels, fusion, calibration."""
