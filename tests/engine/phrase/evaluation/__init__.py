"""Tests of engine.phrase.evaluation."""
