"""Readers of files: bytes of CSV, JSON Lines and Parquet into chunks of rows."""
