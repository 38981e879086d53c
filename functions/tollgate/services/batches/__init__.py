"""Batches: files of payments scored once, under a lease, with checkpoints."""
