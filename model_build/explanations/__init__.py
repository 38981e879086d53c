"""Explanations that a version is sealed with: tables and arrays of trees, and their checks."""
