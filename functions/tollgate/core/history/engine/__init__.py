"""History engine: what events read from their histories, and what they leave there, over columns."""
