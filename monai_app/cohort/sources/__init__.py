"""Sources of cohorts, one module each with a function ``build``."""
