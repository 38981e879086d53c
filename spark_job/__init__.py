"""Spark application: files too large for one function, and streams in micro-batches, with the same core.

Histories are sums, so a big file is cut into spans of time. What each span adds is summed apart from the others; what a
key had before a span is what the spans before it added. On top of that, a span is decided on as a file is.
"""
