"""Floor 4: films and volumes drawn from a condition, what is needed to judge them, and that they give no patient away."""
