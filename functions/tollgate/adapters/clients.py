"""boto3 clients, made once per process. AWS_ENDPOINT_URL points them elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def _config(signature_version: str) -> Config:
    from botocore.config import Config  # noqa: PLC0415 - loaded with boto3, when a client is made

    return Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "max_attempts": 4},
        max_pool_connections=32,
        s3={"addressing_style": "path"},
        signature_version=signature_version,
    )


@cache
def s3() -> S3Client:
    """Return the S3 client."""
    import boto3  # noqa: PLC0415 - most of a process's start, where it is not needed

    # Presigned addresses too: without it, those of us-east-1 are signed the old way, which new buckets refuse.
    return boto3.client("s3", config=_config("s3v4"))


@cache
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    import boto3  # noqa: PLC0415

    return boto3.client("dynamodb", config=_config("v4"))


def forget() -> None:
    """Make new clients from now on, for a process whose environment has changed."""
    s3.cache_clear()
    dynamodb.cache_clear()
