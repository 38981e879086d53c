"""Columns of Arrow into events: any type that a table may have."""
