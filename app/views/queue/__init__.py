"""The Review queue: cases, the one that is looked at, and its label."""
