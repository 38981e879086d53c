"""Today page: today's figures next to their baseline."""
