"""Kinesis: records read again, and the stream of results."""
