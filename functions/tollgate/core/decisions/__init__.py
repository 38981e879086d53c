"""Decisions: made, degraded, explained by facts, and made again."""
