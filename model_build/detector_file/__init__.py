"""Detector file, detector.toml: a model of each of its sections, and the reader that puts them together."""
