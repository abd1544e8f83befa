"""Known faults of films, series, tables and notes at a known severity, one file each, named for the artefact."""
