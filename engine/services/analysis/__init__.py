"""Questions about the music: map, sensitivity, influence."""
