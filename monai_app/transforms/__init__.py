"""Floor 3: MONAI dictionary transforms for films, series, tables and notes."""
