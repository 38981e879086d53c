"""Source of a file's bytes in S3: one version of one object, read ahead in ranges."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.dynamodb.items import pause
from tollgate.adapters.errors import ABSENT, error_code
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BLOCK_BYTES = 4 << 20
_BLOCKS_AHEAD = 2
# Blocks that are kept: that of the reader, those ahead, and one that a reader of Parquet may come back to.
_BLOCKS_KEPT = _BLOCKS_AHEAD + 2
_TRIES = 8
_REPLACED = frozenset({"PreconditionFailed", "412"})


def open_source(s3: S3Client, bucket: str, key: str, etag: str) -> S3Source:
    """Open an object whose content has this ETag, or whichever it has where ``etag`` is empty.

    Raises `InputError` if it is gone or was replaced, `UnavailableError` if the bucket does not answer.
    """
    condition: dict[str, Any] = {"IfMatch": f'"{etag.strip(chr(34))}"'} if etag else {}
    try:
        found = s3.head_object(Bucket=bucket, Key=key, **condition)
    except (ClientError, BotoCoreError) as error:
        raise _translate(key, error) from error
    return S3Source(s3, bucket, key, found["ETag"], found["ContentLength"])


class S3Source:
    """An object of ``size_bytes`` whose blocks are fetched before they are read. One thread reads at a time.

    ``place`` is the end of what was read last.
    """

    def __init__(self, s3: S3Client, bucket: str, key: str, etag: str, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.place = 0
        self._request: dict[str, Any] = {"Bucket": bucket, "Key": key, "IfMatch": etag}
        self._s3 = s3
        self._blocks: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._pool = ThreadPoolExecutor(_BLOCKS_AHEAD, thread_name_prefix="s3-source")

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset`` on: fewer only at the end.

        Raises `InputError` if the object is no longer the one that was opened, `UnavailableError` if the bucket does
        not answer.
        """
        parts, place, end = [], offset, min(offset + length, self.size_bytes)
        while place < end:
            number, within = divmod(place, _BLOCK_BYTES)
            parts.append(memoryview(self._block(number))[within : within + end - place])
            place += len(parts[-1])
        self.place = place
        return b"".join(parts)

    def close(self) -> None:
        """Forget what was fetched; what is on its way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._blocks.clear()

    def _block(self, number: int) -> bytes:
        read_on = number == 0 or number - 1 in self._blocks
        for wanted in range(number, number + 1 + (_BLOCKS_AHEAD if read_on else 0)):
            if wanted not in self._blocks and wanted * _BLOCK_BYTES < self.size_bytes:
                self._blocks[wanted] = self._pool.submit(self._fetch, wanted * _BLOCK_BYTES)
        self._blocks.move_to_end(number)
        while len(self._blocks) > _BLOCKS_KEPT:
            oldest = next(iter(self._blocks))
            self._blocks.pop(oldest).cancel()
        return self._blocks[number].result()

    def _fetch(self, start: int) -> bytes:
        size_bytes = min(_BLOCK_BYTES, self.size_bytes - start)
        byte_range = f"bytes={start}-{start + size_bytes - 1}"
        for attempt in range(_TRIES):
            try:
                content = self._s3.get_object(**self._request, Range=byte_range)["Body"].read()
                if len(content) == size_bytes:
                    return content
            except (ClientError, BotoCoreError) as error:
                # Besides what boto3 tries again by itself, an answer can break off while it is read.
                translated = _translate(self._request["Key"], error)
                if isinstance(translated, InputError) or attempt == _TRIES - 1:
                    raise translated from error
            pause(attempt)
        raise UnavailableError(f"The bucket gave {self._request['Key']} in parts only; try again.")


def _translate(key: str, error: ClientError | BotoCoreError) -> InputError | UnavailableError:
    if not isinstance(error, ClientError):
        return UnavailableError(f"The bucket did not give {key}: {type(error).__name__}; try again.")
    code = error_code(error)
    if code in ABSENT:
        return InputError("The file was removed before it was read; drop it again.")
    if code in _REPLACED:
        return InputError("Another file was dropped under the same key before this one was read; that one counts.")
    return UnavailableError(f"The bucket did not give {key}: {code}; try again.")
