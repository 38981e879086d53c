"""Search: write the index of decisions, and answer searches and sums of days."""
