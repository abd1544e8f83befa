"""Rules of the house that no linter knows, as functions from source text to violations."""
