"""The Performance page: how well models do, and what thresholds cost."""
