"""In-memory S3 behind boto3's client: it counts requests, and waits as long as the network is assumed to take.

The client builds, signs and reads its messages as it does in AWS; only the network is left out.
"""

from __future__ import annotations

import hashlib
import io
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

_MAX_KEYS = 1000
_ABSENT = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"


@dataclass
class MemoryS3:
    """Answers GET, PUT, LIST and multi-object DELETE of one bucket. ``waits_ms`` is by the kind of request."""

    waits_ms: Mapping[str, float] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Answer in place of the network: a handler of botocore's event ``before-send.s3``."""
        address = urlsplit(request.url)
        key = unquote(address.path).split("/", 2)[2] if address.path.count("/") > 1 else ""
        asked = parse_qs(address.query, keep_blank_values=True)
        kind = {"GET": "get" if key else "list", "PUT": "put", "POST": "delete"}[str(request.method)]
        self.requests[kind] += 1
        time.sleep(self.waits_ms.get(kind, 0.0) / 1000)
        status, body = getattr(self, f"_{kind}")(key, asked, request)
        headers = HTTPHeaders()
        if kind in ("get", "put"):
            headers["ETag"] = f'"{hashlib.md5(self.objects.get(key, b""), usedforsecurity=False).hexdigest()}"'
        return AWSResponse(request.url, status, headers, _Body(body))

    def _get(self, key: str, _asked: object, request: AWSPreparedRequest) -> tuple[int, bytes]:
        if key not in self.objects:
            return 404, _ABSENT
        content, span = self.objects[key], request.headers.get("Range")
        if span is None:
            return 200, content
        text = span.decode() if isinstance(span, bytes) else str(span)
        first, last = text.removeprefix("bytes=").split("-")
        return 206, content[int(first) : int(last) + 1]

    def _put(self, key: str, _asked: object, request: AWSPreparedRequest) -> tuple[int, bytes]:
        body: Any = request.body
        content: bytes = body if isinstance(body, bytes) else body.read()
        is_chunked = "X-Amz-Decoded-Content-Length" in request.headers
        self.objects[key] = b"".join(_read_chunks(content)) if is_chunked else content
        return 200, b""

    def _list(self, _key: str, asked: Mapping[str, list[str]], _request: object) -> tuple[int, bytes]:
        prefix = asked["prefix"][0]
        after = asked.get("continuation-token", asked.get("start-after", [""]))[0]
        keys = sorted(self.objects)
        found = [key for key in keys[bisect_right(keys, after) :] if key.startswith(prefix)]
        page = found[:_MAX_KEYS]
        listed = "".join(f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size></Contents>" for key in page)
        more = len(found) > len(page)
        token = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        name = "ListBucketResult"
        return 200, f"<{name}><IsTruncated>{str(more).lower()}</IsTruncated>{token}{listed}</{name}>".encode()

    def _delete(self, _key: str, _asked: object, request: AWSPreparedRequest) -> tuple[int, bytes]:
        body: Any = request.body
        for element in ElementTree.fromstring(body).iter():
            if element.tag.endswith("Key"):
                self.objects.pop(element.text or "", None)
        return 200, b"<DeleteResult></DeleteResult>"


def _read_chunks(content: bytes) -> Iterator[bytes]:
    """Yield the chunks of a body in the encoding aws-chunked, which ends with an empty one and checksums."""
    start = 0
    while size := int(content[start : (end := content.index(b"\r\n", start))], 16):
        yield content[end + 2 : end + 2 + size]
        start = end + 4 + size


class _Body(io.BytesIO):
    """What botocore asks of a raw answer."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()
