"""S3 in memory, as far as the adapters use it: objects with ETags, conditions, ranges, lists, uploads."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.fakes.errors import AwsError
from tests.fakes.http_answer import Answer

_MAX_KEYS = 1000
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEPT_HEADERS = ("content-type", "content-encoding", "content-disposition")
_REFUSED = AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


@dataclass(frozen=True)
class Stored:
    """An object's content; ``etag`` without quotes."""

    content: bytes
    etag: str
    headers: Mapping[str, str]
    put_s: float

    @cached_property
    def listed(self) -> str:
        """What a list of objects says of it, besides its key."""
        put_at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.put_s))
        size = f"<Size>{len(self.content)}</Size><LastModified>{put_at}</LastModified>"
        return f"<ETag>&quot;{self.etag}&quot;</ETag>{size}"


@dataclass
class Upload:
    """A multipart upload under way: number → content of its parts."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Bucket:
    """Objects by key, and uploads by id."""

    objects: dict[str, Stored] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What is asked: ``query`` by name, ``headers`` by lower-case name."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
        """Read a request whose path begins with the bucket."""
        address = urlsplit(url)
        bucket, _, key = unquote(address.path.lstrip("/")).partition("/")
        is_chunked = "x-amz-decoded-content-length" in headers
        content = b"".join(_read_chunks(body)) if is_chunked else body
        return cls(method, bucket, key, dict(parse_qsl(address.query, keep_blank_values=True)), headers, content)


class S3:
    """Buckets by name. Any number of threads may use it."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._lock = threading.RLock()
        self._uploads = 0

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request; an error is an answer too."""
        asked = Request.of(method, url, headers, body)
        try:
            with self._lock:
                return self._carry_out(asked)
        except AwsError as error:
            more = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.more.items())
            told = f"<Error><Code>{error.code}</Code><Message>{escape(str(error))}</Message>{more}</Error>"
            is_bare = method == "HEAD" or error.status == 304
            return Answer(error.status, b"" if is_bare else told.encode(), {"Content-Type": "application/xml"})

    def _carry_out(self, asked: Request) -> Answer:
        if not asked.key:
            return self._of_bucket(asked)
        bucket = self._bucket(asked)
        if "uploadId" in asked.query or "uploads" in asked.query:
            return self._of_upload(bucket, asked)
        if asked.method == "PUT":
            return _put(bucket, asked)
        if asked.method == "DELETE":
            bucket.objects.pop(asked.key, None)
            return Answer(204)
        return _get(bucket, asked)

    def _of_bucket(self, asked: Request) -> Answer:
        if asked.method == "PUT":
            if not _BUCKET_NAME.fullmatch(asked.bucket):
                raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=asked.bucket)
            self.buckets.setdefault(asked.bucket, Bucket())
            return Answer(headers={"Location": f"/{asked.bucket}"})
        bucket = self._bucket(asked)
        if asked.method == "POST" and "delete" in asked.query:
            for name in _texts(asked.body, "Key"):
                bucket.objects.pop(name, None)
            return Answer(body=b"<DeleteResult></DeleteResult>")
        return _list(bucket, asked.query) if asked.method == "GET" else Answer()

    def _of_upload(self, bucket: Bucket, asked: Request) -> Answer:
        if "uploads" in asked.query:
            self._uploads += 1
            upload_id = f"upload-{self._uploads}"
            bucket.uploads[upload_id] = Upload(asked.key, _kept_headers(asked))
            return Answer(body=f"<R><UploadId>{upload_id}</UploadId></R>".encode())
        upload_id = asked.query["uploadId"]
        upload = bucket.uploads.get(upload_id)
        if upload is None or upload.key != asked.key:
            raise AwsError("NoSuchUpload", "The specified multipart upload does not exist.", 404)
        if asked.method == "PUT":
            upload.parts[int(asked.query["partNumber"])] = asked.body
            return Answer(headers={"ETag": f'"{_md5(asked.body).hex()}"'})
        del bucket.uploads[upload_id]
        if asked.method == "DELETE":
            return Answer(204)
        try:
            content, etag = _join_parts(upload, asked.body)
        except AwsError:
            bucket.uploads[upload_id] = upload
            raise
        bucket.objects[asked.key] = Stored(content, etag, upload.headers, time.time())
        return Answer(body=f"<R><ETag>&quot;{etag}&quot;</ETag></R>".encode())

    def _bucket(self, asked: Request) -> Bucket:
        if asked.bucket not in self.buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=asked.bucket)
        return self.buckets[asked.bucket]


def _put(bucket: Bucket, asked: Request) -> Answer:
    etag = _md5(asked.body).hex()
    before = bucket.objects.get(asked.key)
    wanted, unwanted = asked.headers.get("if-match"), asked.headers.get("if-none-match")
    if wanted is not None and before is None:
        raise _absent(asked.key)
    if before and (unwanted == "*" or (wanted is not None and wanted.strip('"') != before.etag)):
        raise _REFUSED
    bucket.objects[asked.key] = Stored(asked.body, etag, _kept_headers(asked), time.time())
    return Answer(headers={"ETag": f'"{etag}"'})


def _get(bucket: Bucket, asked: Request) -> Answer:
    stored = bucket.objects.get(asked.key)
    if stored is None:
        raise _absent(asked.key)
    if asked.headers.get("if-match", stored.etag).strip('"') != stored.etag:
        raise _REFUSED
    if asked.headers.get("if-none-match", "").strip('"') == stored.etag:
        raise AwsError("NotModified", "Not Modified", 304)
    size = len(stored.content)
    headers = {**stored.headers, "ETag": f'"{stored.etag}"', "Last-Modified": formatdate(stored.put_s, usegmt=True)}
    status, content = 200, stored.content
    if span := asked.headers.get("range"):
        first, _, last = span.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last or size), size - 1) + 1
        if start >= size:
            raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
        status, content = 206, stored.content[start:stop]
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if asked.method == "HEAD":
        return Answer(status, b"", {**headers, "Content-Length": str(len(content))})
    return Answer(status, content, headers)


def _list(bucket: Bucket, query: Mapping[str, str]) -> Answer:
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    most = min(int(query.get("max-keys", _MAX_KEYS)), _MAX_KEYS)
    keys = sorted(bucket.objects, key=str.encode)
    token = query.get("continuation-token")
    after = bytes.fromhex(token).decode() if token else query.get("start-after", "")
    listed: list[str] = []
    folders: dict[str, None] = {}
    last, is_cut = "", False
    for key in keys[bisect_right(keys, after.encode(), key=str.encode) :]:
        if not key.startswith(prefix):
            continue
        folder = prefix + key[len(prefix) :].partition(delimiter)[0] + delimiter if delimiter else ""
        is_inside = bool(delimiter) and delimiter in key[len(prefix) :]
        if is_inside and (folder in folders or after.startswith(folder)):
            last = key if folder in folders else last
            continue
        if len(listed) + len(folders) == most:
            is_cut = True
            break
        last = key
        if is_inside:
            folders[folder] = None
        else:
            listed.append(key)
    more = f"<NextContinuationToken>{last.encode().hex()}</NextContinuationToken>" if is_cut else ""
    parts = [f"<Contents><Key>{quote(key)}</Key>{bucket.objects[key].listed}</Contents>" for key in listed]
    parts += [f"<CommonPrefixes><Prefix>{quote(folder)}</Prefix></CommonPrefixes>" for folder in folders]
    head = f"<EncodingType>url</EncodingType><IsTruncated>{str(is_cut).lower()}</IsTruncated>{more}"
    return Answer(body=f"<ListBucketResult>{head}{''.join(parts)}</ListBucketResult>".encode())


def _join_parts(upload: Upload, listing: bytes) -> tuple[bytes, str]:
    """Return the whole content and its ETag; refuse parts that were not sent so, or not in order."""
    numbers, etags = [int(text) for text in _texts(listing, "PartNumber")], list(_texts(listing, "ETag"))
    if numbers != sorted(set(numbers)):
        raise AwsError("InvalidPartOrder", "The list of parts was not in ascending order.")
    found = [upload.parts.get(number) for number in numbers]
    parts = [part for part in found if part is not None]
    if len(parts) < len(found) or [_md5(part).hex() for part in parts] != [etag.strip('"') for etag in etags]:
        raise AwsError("InvalidPart", "One or more of the specified parts could not be found.")
    return b"".join(parts), f"{_md5(b''.join(map(_md5, parts))).hex()}-{len(parts)}"


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _absent(key: str) -> AwsError:
    return AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=key)


def _kept_headers(asked: Request) -> dict[str, str]:
    kept = {name: asked.headers[name] for name in _KEPT_HEADERS if name in asked.headers}
    return {"content-type": "binary/octet-stream", **kept}


def _texts(body: bytes, name: str) -> Iterator[str]:
    for element in ElementTree.fromstring(body).iter():
        if element.tag.rpartition("}")[2] == name:
            yield element.text or ""


def _read_chunks(content: bytes) -> Iterator[bytes]:
    """Yield the chunks of a body in the encoding aws-chunked, which ends with an empty one and checksums."""
    start = 0
    while size := int(content[start : (end := content.index(b"\r\n", start))].partition(b";")[0], 16):
        yield content[end + 2 : end + 2 + size]
        start = end + 4 + size
