"""S3: versions, lists, files of payments, results, and segments of the index."""
