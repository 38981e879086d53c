"""Tollgate on Spark: files beyond one function, and streams in micro-batches, through the same core.

Histories are sums, so a big file is cut into spans of time. What each span adds is summed apart from the others; a key's
sums before a span are those of the spans before it, added up. On top of them a span is decided on as a file is.
"""
