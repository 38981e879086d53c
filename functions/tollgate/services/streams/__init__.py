"""Streams: decide on the records of a batch, and again on those that failed."""
