"""Synthetic cohorts: a copula of records, stated shares, notes of fields, a gate, a datasheet."""
