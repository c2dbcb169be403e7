"""Laboratory: the phrase model judged on held-out tunes."""
