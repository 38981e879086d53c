"""boto3 clients, made once per process. AWS_ENDPOINT_URL points them elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 4},
    max_pool_connections=32,
    s3={"addressing_style": "path"},
)
# Presigned addresses too: without it, those of us-east-1 are signed the old way, which new buckets refuse.
_S3_CONFIG = _CONFIG.merge(Config(signature_version="s3v4"))


@cache
def s3() -> S3Client:
    """Return the S3 client."""
    return boto3.client("s3", config=_S3_CONFIG)


@cache
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


def forget() -> None:
    """Make new clients from now on, for a process whose environment has changed."""
    s3.cache_clear()
    dynamodb.cache_clear()
