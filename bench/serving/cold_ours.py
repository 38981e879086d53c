"""Cold start of Tollgate's function, with a version folder as its bucket and in-memory tables for DynamoDB.

With BENCH_BOTO3 in the environment it loads boto3 and makes its two clients first, as in AWS.
"""

from __future__ import annotations

import os

from tollgate.adapters import clients

from bench.serving.version import keep_in_memory

if "BENCH_BOTO3" in os.environ:
    clients.dynamodb()
    clients.s3()
keep_in_memory()

from tollgate.handlers.api import handler  # noqa: E402 - it opens its storage as it is loaded

__all__ = ["handler"]
