"""Floor 4: what a prediction rests on - modality, pixel, value, word - and how far such a map can be believed."""
