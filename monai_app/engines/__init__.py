"""Floor 5: training, evaluation and checkpoints on Ignite; the only room that imports it."""
