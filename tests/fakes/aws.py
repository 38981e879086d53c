"""The fakes as one endpoint: reached by boto3 within this process, and over HTTP by whatever stands in between."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from localstack.emulator import CREDENTIALS
from tests.fakes.dynamodb import DynamoDB
from tests.fakes.errors import AwsError
from tests.fakes.eventbridge import EventBridge
from tests.fakes.http_answer import Answer
from tests.fakes.kinesis import Kinesis
from tests.fakes.s3 import S3
from tests.fakes.sending import answer_request
from tests.fakes.sqs import SQS
from tests.fakes.table_streams import TableStreams
from tests.http_server import serving

_WORD_BEGINS = re.compile(r"(?<=[a-z])(?=[A-Z])")

_FUNCTIONS = "/2015-03-31/functions/"
_NO_FUNCTION = Answer(404, b'{"Message":"Function not found"}', {"x-amzn-errortype": "ResourceNotFoundException"})


class FakeAws:
    """All fakes behind one address; there is no function of Lambda.

    What speaks JSON is found by the target that a request names; the rest is S3.
    """

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.dynamodb, self.s3, self.sqs, self.kinesis = DynamoDB(), S3(), SQS(endpoint_url), Kinesis()
        self._services: Mapping[str, object] = {
            "DynamoDB_20120810": self.dynamodb,
            "DynamoDBStreams_20120810": TableStreams(self.dynamodb.tables),
            "AmazonSQS": self.sqs,
            "Kinesis_20131202": self.kinesis,
            "AWSEvents": EventBridge(self.sqs),
        }

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to talk to the fakes with boto3."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint_url}

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request; the names of ``headers`` are in lower case."""
        target = headers.get("x-amz-target")
        if urlsplit(url).path.startswith(_FUNCTIONS):
            return _NO_FUNCTION
        if target is None:
            return self.s3.answer(method, url, headers, body)
        service, _, operation = target.partition(".")
        return answer_json(_find_method(self._services[service], operation), body, as_bytes=service[:8] == "DynamoDB")


def _find_method(service: object, operation: str) -> Callable[..., dict[str, Any]]:
    name = _WORD_BEGINS.sub("_", operation).lower()
    method: Callable[..., dict[str, Any]] | None = getattr(service, name, None)
    if method is None:
        raise NotImplementedError(f"The fake of {type(service).__name__} has no {operation}; write it, or ask less.")
    return method


def answer_json(method: Callable[..., dict[str, Any]], body: bytes, *, as_bytes: bool) -> Answer:
    """Answer a request in JSON by a method; ``as_bytes`` says that it takes and gives bytes, as DynamoDB's do."""
    asked = json.loads(body or b"{}", object_hook=_read_bytes if as_bytes else None)
    try:
        status, told = 200, method(**asked)
    except AwsError as error:
        status, told = error.status, {"__type": error.code, "message": str(error), **error.more}
    content = json.dumps(told, default=_write_bytes).encode()
    # By this the client knows an answer that was cut off.
    checksum = {"x-amz-crc32": str(crc32(content))}
    return Answer(status, content, {"Content-Type": "application/x-amz-json-1.0", **checksum})


def _read_bytes(content: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(content["B"])} if content.keys() == {"B"} else content


def _write_bytes(content: bytes) -> str:
    return base64.b64encode(content).decode()


@contextmanager
def running_fakes() -> Iterator[FakeAws]:
    """Serve empty fakes on a free port; boto3's clients in this process reach them without a network."""
    server = _Server()
    with serving(server), pytest.MonkeyPatch.context() as patch:
        send = URLLib3Session.send

        def send_or_answer(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
            if not request.url.startswith(server.fakes.endpoint_url + "/"):
                return send(session, request)
            return answer_request(server.fakes.answer, request)

        patch.setattr(URLLib3Session, "send", send_or_answer)
        yield server.fakes


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fakes = FakeAws(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.fakes.answer(self.command, self.path, headers, body)
        self.send_response_only(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - as in the standard library
