"""Accompaniment by rule: what bass, chords and drums play under chords, measure by measure.

The figures are those that training audio is rendered with (`engine.corpus.audio.accompaniment`),
where chance chooses among them.
"""
