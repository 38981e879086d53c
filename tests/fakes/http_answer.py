"""Answers of a fake as botocore takes them from the network."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer over HTTP."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_response(self, url: str) -> AWSResponse:
        """Return it as botocore's HTTP session does."""
        headers = HTTPHeaders()
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            headers[name] = value
        return AWSResponse(url, self.status, headers, Body(self.body))


class Body(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()
