"""Tests of engine.phrase."""
