"""Floor 2: MEDS events, an image index and labels become samples that nothing later can reach."""
