"""Objects in S3, read whole, and written only if their ETag is still the one that was read (optimistic locking)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tollgate.adapters.errors import ABSENT, code_behind, translated
from tollgate.errors import ChangedError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHANGED = ABSENT | {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def get_with_etag(s3: S3Client, bucket: str, key: str) -> tuple[bytes, str] | None:
    """Return an object and its ETag, None where there is none; raise `UnavailableError` when S3 does not answer."""
    try:
        with translated("S3"):
            answer = s3.get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), bare(answer["ETag"])
    except UnavailableError as error:
        if code_behind(error) in ABSENT:
            return None
        raise


def put_if_unchanged(s3: S3Client, bucket: str, key: str, body: bytes, etag: str | None) -> str:
    """Write an object in place of the one with this ETag, or where there is none if it is None; return the new ETag.

    Raises `ChangedError` if there is another one, `UnavailableError` when the bucket does not take it.
    """
    condition: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": f'"{etag}"'}
    try:
        with translated("S3"):
            return bare(s3.put_object(Bucket=bucket, Key=key, Body=body, **condition)["ETag"])
    except UnavailableError as error:
        if code_behind(error) in _CHANGED:
            raise ChangedError from None
        raise


def bare(etag: str) -> str:
    """Return an ETag without its quotes."""
    return etag.strip('"')
