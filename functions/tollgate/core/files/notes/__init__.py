"""Notes on a file: what a careful person would notice about its times, columns and keys."""
