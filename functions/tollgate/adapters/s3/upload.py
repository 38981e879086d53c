"""Multipart upload of results to S3, which a later run can resume."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import ABSENT, error_code
from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# An upload has at most 10,000 parts. A number belongs to the run that sends it, so that a run which lost its lease and
# lives on never overwrites what its successor sent; S3 wants the numbers in order, not without gaps.
_RUNS = 8
_MAX_PARTS = 10_000 // _RUNS
# Parts grow, so that few of them hold much: 30 GB with parts of 8 MB at first.
_GROWS_EVERY = 250
_WRITERS = 2


class WorkLostError(UnavailableError):
    """What an earlier run sent or noted is gone, such as by expiry. The file has to be scored from its beginning."""


@dataclass(frozen=True)
class SentResults:
    """What was sent of one results object: its parts, and the bytes that do not fill one yet."""

    key: str
    content_type: str
    upload_id: str | None = None
    parts: Sequence[tuple[int, str]] = ()
    tail: bytes = field(default=b"", repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return all but the tail."""
        return {
            "key": self.key,
            "content_type": self.content_type,
            "upload_id": self.upload_id,
            "parts": [list(part) for part in self.parts],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], tail: bytes) -> SentResults:
        """Rebuild what `to_json` wrote."""
        parts = [(int(number), str(etag)) for number, etag in plain["parts"]]
        return cls(plain["key"], plain["content_type"], plain["upload_id"], parts, tail)


class ResultUpload:
    """Sends results in parts of at least ``part_bytes`` while more are written.

    At most ``_WRITERS`` parts are under way at a time, so that memory stays bounded.
    """

    def __init__(self, s3: S3Client, bucket: str, sent: SentResults, run: int, part_bytes: int) -> None:
        self._s3 = s3
        self._object: dict[str, Any] = {"Bucket": bucket, "Key": sent.key}
        self._sent = sent
        self._upload_id = sent.upload_id
        self._parts = list(sent.parts)
        self._buffer = bytearray(sent.tail)
        self._run = run
        self._part_bytes = part_bytes
        self._under_way: deque[Future[tuple[int, str]]] = deque()
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="results")

    def write(self, content: bytes) -> None:
        """Add to the results; raise `UnavailableError` where an earlier part could not be sent."""
        self._buffer += content
        while len(self._buffer) >= (size_bytes := self._next_size_bytes()):
            self._send(bytes(memoryview(self._buffer)[:size_bytes]))
            del self._buffer[:size_bytes]

    def sent(self) -> SentResults:
        """Wait for the parts under way and return all that was sent, for `publish` or for a later run."""
        while self._under_way:
            self._parts.append(self._under_way.popleft().result())
        return SentResults(
            self._sent.key, self._sent.content_type, self._upload_id, tuple(self._parts), bytes(self._buffer)
        )

    def close(self) -> None:
        """Wait for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _next_size_bytes(self) -> int:
        return self._part_bytes * (1 + self._place() // _GROWS_EVERY)

    def _place(self) -> int:
        return len(self._parts) + len(self._under_way)

    def _send(self, content: bytes) -> None:
        place = self._place()
        if place >= _MAX_PARTS:
            raise UnavailableError(f"The results need more than {_MAX_PARTS} parts; raise TOLLGATE_PART_BYTES.")
        if self._upload_id is None:
            with translated(self._object["Key"]):
                begun = self._s3.create_multipart_upload(**self._object, ContentType=self._sent.content_type)
            self._upload_id = begun["UploadId"]
        if len(self._under_way) == _WRITERS:
            self._parts.append(self._under_way.popleft().result())
        number = place * _RUNS + self._run % _RUNS + 1
        self._under_way.append(self._pool.submit(self._send_part, self._upload_id, number, content))

    def _send_part(self, upload_id: str, number: int, content: bytes) -> tuple[int, str]:
        with translated(self._object["Key"]):
            etag = self._s3.upload_part(**self._object, UploadId=upload_id, PartNumber=number, Body=content)["ETag"]
        return number, etag


def publish(s3: S3Client, bucket: str, sent: SentResults, run: int) -> None:
    """Make an object of all that was sent. Doing it again changes nothing.

    Raises `WorkLostError` if the upload is gone and there is no such object either.
    """
    if sent.upload_id is None:
        with translated(sent.key):
            s3.put_object(Bucket=bucket, Key=sent.key, Body=sent.tail, ContentType=sent.content_type)
        return
    upload: dict[str, Any] = {"Bucket": bucket, "Key": sent.key, "UploadId": sent.upload_id}
    parts = list(sent.parts)
    try:
        with translated(sent.key):
            if sent.tail:
                number = len(parts) * _RUNS + run % _RUNS + 1
                parts.append((number, s3.upload_part(**upload, PartNumber=number, Body=sent.tail)["ETag"]))
            listed: Any = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
    except WorkLostError:
        # An earlier run completed it, and did not hear of it, or ended before it could note that.
        with translated(sent.key):
            s3.head_object(Bucket=bucket, Key=sent.key)


def abandon(s3: S3Client, bucket: str, sent: SentResults) -> None:
    """Abort an upload that nobody will complete; if that fails, the lifecycle rule of the bucket does it later."""
    if sent.upload_id is not None:
        with suppress(ClientError, BotoCoreError):
            s3.abort_multipart_upload(Bucket=bucket, Key=sent.key, UploadId=sent.upload_id)


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Turn what boto3 raises into `UnavailableError`."""
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in ("NoSuchUpload", "InvalidPart") or code in ABSENT:
            raise WorkLostError(f"The upload of {key} is gone ({code}); it begins anew.") from error
        raise UnavailableError(f"The bucket did not take {key}: {code}; try again.") from error
    except BotoCoreError as error:
        raise UnavailableError(f"The bucket did not take {key}: {type(error).__name__}; try again.") from error
