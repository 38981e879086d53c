"""S3 in memory behind boto3's own client: it counts requests, and waits as long as the network is assumed to take.

The client builds, signs and reads its messages as it does in AWS; only the network is left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.fakes.s3 import S3
from tests.fakes.sending import answer_request


class MemoryS3:
    """One bucket, named in the path of addresses. ``waits_ms`` is by the kind of request: get, list, put, delete."""

    def __init__(self, bucket: str, waits_ms: Mapping[str, float] | None = None) -> None:
        self.bucket = bucket
        self.requests: Counter[str] = Counter()
        self._waits_ms = waits_ms or {}
        self._s3 = S3()
        self._s3.answer("PUT", f"/{bucket}", {}, b"")

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Answer in place of the network: a handler of botocore's event ``before-send.s3``."""
        has_key = request.url.partition("?")[0].count("/") > 3
        kind = {"GET": "get" if has_key else "list", "PUT": "put", "POST": "delete"}[str(request.method)]
        self.requests[kind] += 1
        time.sleep(self._waits_ms.get(kind, 0.0) / 1000)
        return answer_request(self._s3.answer, request)

    def put(self, key: str, content: bytes) -> None:
        """Put an object there without a request."""
        self._s3.answer("PUT", f"/{self.bucket}/{key}", {}, content)

    def sizes_bytes(self) -> list[int]:
        """Return the sizes of all objects."""
        return [len(stored.content) for stored in self._s3.buckets[self.bucket].objects.values()]
