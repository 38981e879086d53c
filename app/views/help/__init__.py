"""The Settings and help page."""
