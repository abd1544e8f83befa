"""Floor 5, on top of engines: comparisons of fusion systems that a reader can trust."""
