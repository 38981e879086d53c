"""Requests of botocore, answered by a fake in place of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.fakes.http_answer import Answer

# Takes method, URL, headers by lower-case name, and body.
Answering = Callable[[str, str, Mapping[str, str], bytes], Answer]


def answer_request(answering: Answering, request: AWSPreparedRequest) -> AWSResponse:
    """Answer a request that botocore has prepared."""
    answer = answering(str(request.method), request.url, _headers_of(request), _body_of(request))
    return answer.to_response(request.url)


def _headers_of(request: AWSPreparedRequest) -> dict[str, str]:
    return {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }


def _body_of(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytearray) else bytes(body.read())
