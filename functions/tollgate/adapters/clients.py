"""boto3 clients with their time limits and retries, made once per process. AWS_ENDPOINT_URL points them elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.credentials import Credentials
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from tollgate.adapters.eventbridge import EventsClient


def _config(signature_version: str, *, connect_s: float = 2, read_s: float = 10, tries: int = 5) -> Config:
    from botocore.config import Config  # noqa: PLC0415 - loaded with boto3, when a client is made

    return Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"mode": "standard", "total_max_attempts": tries},
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


def credentials() -> Credentials | None:
    """Return the credentials that clients sign with, None if there are none."""
    import boto3  # noqa: PLC0415

    return (boto3.DEFAULT_SESSION or boto3.Session()).get_credentials()


@cache
def hasty_s3() -> S3Client:
    """Return an S3 client for detector versions, without which a function may go on: it gives up after 7 seconds."""
    import boto3  # noqa: PLC0415

    return boto3.client("s3", config=_config("s3v4", connect_s=1, read_s=3, tries=2))


@cache
def dynamodb() -> DynamoDBClient:
    """Return the DynamoDB client."""
    import boto3  # noqa: PLC0415

    return boto3.client("dynamodb", config=_config("v4"))


@cache
def impatient_dynamodb(patience_s: float) -> DynamoDBClient:
    """Return a DynamoDB client that gives up soon: twice ``patience_s``, and a pause of a second at most between."""
    import boto3  # noqa: PLC0415

    # The second try is for connections that were closed while the function was frozen.
    return boto3.client("dynamodb", config=_config("v4", connect_s=patience_s, read_s=patience_s, tries=2))


@cache
def events() -> EventsClient:
    """Return the EventBridge client, which gives up soon: a caller waits for the answer meanwhile."""
    import boto3  # noqa: PLC0415

    client: EventsClient = boto3.client("events", config=_config("v4", connect_s=1, read_s=1, tries=2))
    return client


@cache
def kinesis() -> KinesisClient:
    """Return the Kinesis client."""
    import boto3  # noqa: PLC0415

    return boto3.client("kinesis", config=_config("v4"))


@cache
def hasty_kinesis() -> KinesisClient:
    """Return a Kinesis client for results, whose caller retries: one try takes 4 seconds at most."""
    import boto3  # noqa: PLC0415

    return boto3.client("kinesis", config=_config("v4", connect_s=1, read_s=3, tries=1))


@cache
def functions() -> LambdaClient:
    """Return the Lambda client, which waits for longer than the stream function may take."""
    import boto3  # noqa: PLC0415

    return boto3.client("lambda", config=_config("v4", read_s=75))


@cache
def sqs() -> SQSClient:
    """Return the SQS client."""
    import boto3  # noqa: PLC0415

    return boto3.client("sqs", config=_config("v4"))


@cache
def hasty_sqs() -> SQSClient:
    """Return an SQS client for dead letters, which gives up after 8 seconds: a batch of records waits meanwhile."""
    import boto3  # noqa: PLC0415

    return boto3.client("sqs", config=_config("v4", connect_s=1, read_s=3, tries=2))


def forget() -> None:
    """Make new clients from now on, for a process whose environment has changed."""
    s3.cache_clear()
    hasty_s3.cache_clear()
    dynamodb.cache_clear()
    impatient_dynamodb.cache_clear()
    events.cache_clear()
    kinesis.cache_clear()
    hasty_kinesis.cache_clear()
    functions.cache_clear()
    hasty_sqs.cache_clear()
    sqs.cache_clear()
