"""Floor 3: metrics with patient-level intervals; what is undefined stays undefined (None), never a number."""
