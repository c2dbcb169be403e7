"""Where the regions of each screen lie at a given size."""
