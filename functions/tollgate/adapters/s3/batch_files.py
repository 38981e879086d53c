"""Store of batch files in S3: files in the inbox, results beside them, and checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tollgate.adapters.errors import error_code, translated
from tollgate.adapters.s3 import upload
from tollgate.adapters.s3.batch_names import is_marker
from tollgate.adapters.s3.objects import bare
from tollgate.adapters.s3.source import S3Source, open_source
from tollgate.adapters.s3.upload import ResultUpload, SentResults
from tollgate.errors import TableError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INBOX = "inbox/"
UPLOAD_EXPIRES_S = 900
DOWNLOAD_EXPIRES_S = 3600
_ABSENT = ("NoSuchKey", "404")


@dataclass(frozen=True)
class InboxObject:
    """A file in the inbox, and when it was put there."""

    key: str
    etag: str
    size_bytes: int
    put_at: datetime


@dataclass(frozen=True)
class BatchStore:
    """The inbox and the results. Where S3 does not do what is asked, `UnavailableError` is raised."""

    s3: S3Client
    bucket: str

    def presign_upload(self, key: str) -> str:
        """Return an address to which a file can be put for 15 minutes."""
        parameters = {"Bucket": self.bucket, "Key": key}
        return self.s3.generate_presigned_url("put_object", Params=parameters, ExpiresIn=UPLOAD_EXPIRES_S)

    def presign_download(self, key: str) -> str:
        """Return an address from which a result can be got for an hour."""
        parameters = {"Bucket": self.bucket, "Key": key}
        return self.s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=DOWNLOAD_EXPIRES_S)

    def open(self, key: str, etag: str) -> S3Source:
        """Open a file to be read in ranges, pinned to its content."""
        return open_source(self.s3, self.bucket, key, etag)

    def upload(self, sent: SentResults, run: int, part_bytes: int) -> ResultUpload:
        """Begin an upload of results, or resume that of an earlier run."""
        return ResultUpload(self.s3, self.bucket, sent, run, part_bytes)

    def publish(self, sent: SentResults, run: int) -> None:
        """Complete an upload: make an object of the results that were sent."""
        upload.publish(self.s3, self.bucket, sent, run)

    def abandon(self, sent: SentResults) -> None:
        """Abort an upload of results that will not be published."""
        upload.abandon(self.s3, self.bucket, sent)

    @translated("S3")
    def read(self, key: str, largest_bytes: int | None = None) -> bytes | None:
        """Return an object's content, None if there is none; raise `TableError` if it is larger than allowed."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise
        if largest_bytes is not None and answer["ContentLength"] > largest_bytes:
            raise TableError(f"The file is larger than {largest_bytes >> 20} MB; split it.")
        return answer["Body"].read()

    @translated("S3")
    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Write an object, in place of one that may be there."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    @translated("S3")
    def write_once(self, key: str, content: bytes, content_type: str) -> bool:
        """Write an object unless there is one; return whether it was written."""
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    @translated("S3")
    def write_file(self, key: str, path: Path) -> None:
        """Write a file of this machine, of up to 5 GB."""
        with path.open("rb") as body:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    @translated("S3")
    def read_file(self, key: str, path: Path) -> None:
        """Read an object into a file of this machine."""
        from boto3.exceptions import Boto3Error  # noqa: PLC0415 - only files need it

        try:
            self.s3.download_file(self.bucket, key, str(path))
        except Boto3Error as error:
            raise UnavailableError(f"S3 did not give {key} whole; try again.") from error

    @translated("S3")
    def keys(self, prefix: str) -> Sequence[str]:
        """Return the keys that begin with a prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [stored["Key"] for page in pages for stored in page.get("Contents", [])]

    @translated("S3")
    def inbox(self, most_pages: int) -> tuple[list[InboxObject], bool]:
        """Return the files in the inbox, by key, and whether these are all: a page has a thousand."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=INBOX)
        found, number = [], 0
        for number, page in enumerate(pages, 1):
            found += [
                InboxObject(one["Key"], bare(one["ETag"]), one["Size"], one["LastModified"])
                for one in page.get("Contents", [])
                if not is_marker(one["Key"], one["Size"])
            ]
            if number == most_pages:
                return found, not page.get("IsTruncated", False)
        return found, True

    @translated("S3")
    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to a thousand objects."""
        if keys:
            objects: Any = [{"Key": key} for key in keys]
            self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})


def to_json(plain: Mapping[str, Any]) -> bytes:
    """Return plain data as the bytes of a JSON object, the same for the same data."""
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()
