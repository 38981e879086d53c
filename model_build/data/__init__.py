"""Labeled payments: read, checked, split, and turned into a training set."""
