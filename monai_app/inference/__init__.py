"""Floor 4: running a trained network on a volume, lean in time and memory; deploy, review and the CLI share it."""
