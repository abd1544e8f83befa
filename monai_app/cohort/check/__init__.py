"""Is a cohort what it says it is? Findings, counts, and a report."""
