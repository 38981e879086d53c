"""Detectors: their versions, description and contributions of features."""
