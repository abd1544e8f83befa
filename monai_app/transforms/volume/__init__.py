"""Transforms of volumes (CT, MR) and of what goes with them, one a file."""
