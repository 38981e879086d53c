"""Readers of files: bytes of CSV, JSON lines and Parquet into chunks of rows."""
