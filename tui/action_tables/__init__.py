"""Everything the user can do, as data: one module a screen, and one for what holds on all."""
