"""What the window shows, as values and pure functions: no Qt, no torch."""
