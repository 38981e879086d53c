"""The detector file, detector.toml: a reader for each of its sections."""
