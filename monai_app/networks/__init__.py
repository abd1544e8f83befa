"""Floor 3: encoders, fusion systems and the network that joins them."""
