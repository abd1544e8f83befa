"""Whether a model gives its patients away: private training (Opacus accounts), copies, audits, membership."""
