"""Scores of generated images: likeness, diversity, fidelity to the condition, use for training, coverage, copies."""
