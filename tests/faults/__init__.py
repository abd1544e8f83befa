"""Generators of bad input, and of the sound input that it is compared with."""
