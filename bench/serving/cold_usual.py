"""Cold start of the usual stack, with the two boto3 clients that read features and write decisions."""

from __future__ import annotations

import boto3

from bench.serving.usual_stack import handler

boto3.client("dynamodb")
boto3.client("s3")

__all__ = ["handler"]
