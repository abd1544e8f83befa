"""Training and evaluation of networks of volumes: windows, validation, per-case tables, reports."""
