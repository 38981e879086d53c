"""boto3 clients, made once per process. AWS_ENDPOINT_URL points them elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from tollgate.adapters.event_bus import EventsClient

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
def hasty_s3() -> S3Client:
    """Return an S3 client for detector versions, without which a function may go on: it gives up after 7 seconds."""
    soon = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client("s3", config=_S3_CONFIG.merge(soon))


@cache
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def impatient_dynamodb(patience_s: float) -> DynamoDBClient:
    """Return a DynamoDB client that gives up soon: twice ``patience_s``, and a pause of a second at most between."""
    soon = Config(
        connect_timeout=patience_s,
        read_timeout=patience_s,
        # The second try is for connections that were closed while the function was frozen.
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    return boto3.client("dynamodb", config=_CONFIG.merge(soon))


@cache
def events() -> EventsClient:
    """Return the EventBridge client, which gives up soon: a caller waits for the answer meanwhile."""
    soon = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
    client: EventsClient = boto3.client("events", config=soon)
    return client


def forget() -> None:
    """Make new clients from now on, for a process whose environment has changed."""
    s3.cache_clear()
    hasty_s3.cache_clear()
    dynamodb.cache_clear()
    impatient_dynamodb.cache_clear()
    events.cache_clear()
