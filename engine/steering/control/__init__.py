"""Steering while it generates: meters, control laws, the push, its settings."""
