"""Training, drawing and judging of generative models."""
