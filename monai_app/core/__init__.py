"""Floor 0: errors, records, atomic writes, safe loading, seeds, logging without patient data."""
