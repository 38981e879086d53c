"""Evaluation: metrics, costs, thresholds, slices and importance."""
