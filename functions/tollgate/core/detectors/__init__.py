"""Detector versions: what is sealed in one, and how it is opened."""
