"""Labelled payments: read, checked, split, and made into a training set."""
