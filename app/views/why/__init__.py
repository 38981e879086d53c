"""The Why page: what moves scores."""
