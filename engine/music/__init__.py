"""Pure values of music: songs, measures, attributes, grids, grooves, scales; no files, no time."""
