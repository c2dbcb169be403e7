"""Laboratory: renders tunes with accompaniment as training clips."""
