"""Suffixes of the files that can be read."""

_TEXT = (".csv", ".jsonl", ".ndjson", ".tsv", ".txt")
SUFFIXES = (*_TEXT, *(f"{kind}{packed}" for kind in _TEXT for packed in (".gz", ".zst")), ".parquet")
