"""Histories of a file's entities, chunk by chunk, for more keys than memory holds."""
