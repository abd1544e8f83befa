"""Floor 4: films and volumes drawn from a condition, their scores, and that they give no patient away."""
