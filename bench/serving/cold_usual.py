"""The usual stack as it starts, with the two boto3 clients that it would read features and write decisions with."""

from __future__ import annotations

import boto3

from bench.serving.usual_stack import handler

boto3.client("dynamodb")
boto3.client("s3")

__all__ = ["handler"]
