"""Decisions: made, degraded, explained by facts, and recomputed."""
