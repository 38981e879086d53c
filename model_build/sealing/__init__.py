"""Sealing of a version: its manifest, its sample events and its name."""
