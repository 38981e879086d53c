"""Histories of entities: sums that fade, how they are stored, and how the past is replayed."""
