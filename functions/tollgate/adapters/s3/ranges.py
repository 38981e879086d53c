"""Ranged reads of objects in S3, and a cache of ranges.

Requests are made with the parts of boto3's client: the client itself takes three times the processor time for each,
and a search reads a hundred ranges.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import botocore.session
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from tollgate.adapters.errors import translated

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client

# Sends a prepared request of botocore and returns its answer.
Send = Callable[[Any], Any]
_PAUSES_S = (0.05, 0.2, 0.8)
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
# Object, first byte, and the one after the last.
Place = tuple[str, int, int]


@cache
def connect(s3: S3Client) -> Send:
    """Return what sends requests with the time limits, the certificates and the proxies of a client."""
    config: Any = s3.meta.config
    certificates = botocore.session.get_session().get_config_variable("ca_bundle")
    options: dict[str, Any] = {
        "verify": certificates or True,
        "proxies": config.proxies or get_environ_proxies(s3.meta.endpoint_url),
        "timeout": (config.connect_timeout, config.read_timeout),
        "max_pool_connections": config.max_pool_connections,
    }
    send: Send = URLLib3Session(**options).send
    return send


@dataclass(frozen=True)
class ObjectRanges:
    """Reads of one bucket, under the address and in the region of a client whose addresses have the bucket in the path.

    ``credentials`` gives what botocore found, None for nothing. Without ``send``, requests go over connections that are
    like those of the client.
    """

    s3: S3Client
    bucket: str
    credentials: Callable[[], Credentials | None]
    send: Send | None = None

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``; errors that may pass are retried.

        Raises `UnavailableError` when S3 does not answer, or refuses.
        """
        with translated("S3"):
            for pause_s in _PAUSES_S:
                try:
                    return self._ask(key, start, stop)
                except (HTTPClientError, IncompleteReadError, ClientError) as error:
                    if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                        raise
                time.sleep(pause_s)
            return self._ask(key, start, stop)

    def _ask(self, key: str, start: int, stop: int) -> bytes:
        credentials = self.credentials()
        if credentials is None:
            raise NoCredentialsError
        url = f"{self.s3.meta.endpoint_url}/{self.bucket}/{quote(key)}"
        request = AWSRequest("GET", url, headers={"Range": f"bytes={start}-{stop - 1}"})
        S3SigV4Auth(credentials, "s3", self.s3.meta.region_name).add_auth(request)
        answer = (self.send or connect(self.s3))(request.prepare())
        content: bytes = answer.content
        if answer.status_code < 300:
            announced = int(answer.headers.get("Content-Length", len(content)))
            if len(content) != announced:
                raise IncompleteReadError(actual_bytes=len(content), expected_bytes=announced)
            return content
        found = _CODE.search(content)
        code = found[1].decode() if found else str(answer.status_code)
        said: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": answer.status_code}}
        raise ClientError(said, "GetObject")


@dataclass
class RangeCache:
    """The ranges that were asked for last, of objects that never change, of up to ``max_bytes`` together.

    Any number of threads may use it.
    """

    max_bytes: int
    _kept: OrderedDict[Place, bytes] = field(default_factory=OrderedDict, repr=False)
    _size_bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, place: Place) -> bytes | None:
        """Return a range, None if it is not kept."""
        with self._lock:
            content = self._kept.get(place)
            if content is not None:
                self._kept.move_to_end(place)
            return content

    def put(self, place: Place, content: bytes) -> None:
        """Keep a range, in place of the least recently used ones."""
        with self._lock:
            if place in self._kept:
                return
            self._kept[place] = content
            self._size_bytes += len(content)
            while self._size_bytes > self.max_bytes:
                self._size_bytes -= len(self._kept.popitem(last=False)[1])
