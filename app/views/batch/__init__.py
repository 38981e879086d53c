"""The Batch page: upload a file, watch it, and read what came out."""
