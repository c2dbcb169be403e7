"""Where takes are made, kept and played: the engine's side of the steer screen."""
