"""Floor 3: losses of every task kind, and what their outputs mean."""
