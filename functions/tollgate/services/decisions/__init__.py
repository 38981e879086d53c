"""Decisions: decide on an event, record it, find it, explain it."""
