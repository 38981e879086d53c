"""An endpoint between the functions and the emulator that can be told to hang, to throttle or to refuse."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

import pytest
from botocore.retries.standard import ExponentialBackoff

from tests.http_server import serving

# "refuse" is not tried again, and so is quick. "take every other": of the records that are put on a Kinesis stream; the
# others are throttled.
Fault = Literal["hang", "throttle", "refuse", "drop the answer", "cut the answer", "take every other"]
_HANGS_S = 5.0
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_ERRORS: Mapping[Fault | None, str] = {
    "throttle": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "refuse": "com.amazon.coral.service#AccessDeniedException",
}


@dataclass
class FaultyEndpoint:
    """``faults`` maps the name of an operation, or a part of an S3 path, to what happens to its requests.

    ``bodies`` does so for what is part of a request's body. It happens to one in ``one_in`` of them. ``at_each`` is
    called with each request before anything else happens.
    """

    url: str
    faults: dict[str, Fault] = field(default_factory=dict)
    bodies: dict[bytes, Fault] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    one_in: int = 1
    at_each: Callable[[str], None] = lambda _request: None
    released: threading.Event = field(default_factory=threading.Event)
    _hits: int = 0

    def fault_of(self, request: str, body: bytes) -> Fault | None:
        self.seen.append(request)
        self.at_each(request)
        by_name = (fault for part, fault in self.faults.items() if part in request)
        by_body = (fault for part, fault in self.bodies.items() if part in body)
        hit = next(by_name, None) or next(by_body, None)
        if hit is None:
            return None
        self._hits += 1
        return None if self._hits % self.one_in else hit


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.endpoint = FaultyEndpoint(f"http://127.0.0.1:{self.server_port}")


@contextmanager
def faulty_endpoint(behind: str) -> Iterator[FaultyEndpoint]:
    """Serve on a free port, passing on to ``behind`` whatever no fault is set for."""
    server = _Server(urlsplit(behind).netloc)
    with serving(server), _quick_retries():
        try:
            yield server.endpoint
        finally:
            server.endpoint.released.set()


@contextmanager
def _quick_retries() -> Iterator[None]:
    """Have boto3 try again as often as ever, after a twentieth of its usual waits, which are seconds together."""
    with pytest.MonkeyPatch.context() as patch:
        usual = ExponentialBackoff.delay_amount
        patch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: usual(self, context) / 20)
        yield


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.endpoint.fault_of(
            f"{self.headers.get('X-Amz-Target', '')} {self.command} {self.path}", body
        )
        if fault == "hang":
            self.server.endpoint.released.wait(_HANGS_S)
            self.close_connection = True
        elif fault == "throttle" and "X-Amz-Target" not in self.headers:
            self.send(503, {"Content-Type": "application/xml"}, _SLOW_DOWN)
        elif fault in _ERRORS:
            error = json.dumps({"__type": _ERRORS[fault]}).encode()
            self.send(400, {"Content-Type": "application/x-amz-json-1.0"}, error)
        elif fault == "take every other":
            self.take_every_other(body)
        else:
            answer = self.pass_on(body)
            if fault == "drop the answer":
                self.close_connection = True
            else:
                self.send(*answer, cut=fault == "cut the answer")

    def take_every_other(self, body: bytes) -> None:
        asked = json.loads(body)
        throttled = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        answers = [throttled] * len(asked["Records"])
        status, headers, content = self.pass_on(json.dumps({**asked, "Records": asked["Records"][::2]}).encode())
        answers[::2] = json.loads(content)["Records"]
        self.send(status, headers, json.dumps({"FailedRecordCount": len(answers) // 2, "Records": answers}).encode())

    def pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        headers = {**dict(self.headers.items()), "Content-Length": str(len(body))}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), content

    def send(self, status: int, headers: dict[str, str], content: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - as in the standard library
