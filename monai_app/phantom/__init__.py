"""Floor 3: simulated patients with ground truth that no real data has."""
