"""Columns of Arrow, of any type that a table may have, read into events."""
