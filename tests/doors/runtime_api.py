"""The Lambda Runtime API on this machine, for running a function under AWS's own runtime client.

It serves https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: next, response, error and init error.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.http_server import serving

VERSION = "/2018-06-01/runtime"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:tollgate"
TIMEOUT_S = 60.0
# What functions are told of when they are ended: the longest that Lambda has.
ENDS_AFTER_S = 900.0


@dataclass(frozen=True)
class Outcome:
    """What a function made of an invocation: ``kind`` is response, error or init error."""

    kind: str
    content: Any


class RuntimeApi(ThreadingHTTPServer):
    """Hands payloads to the runtime client and takes its answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.payloads: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self._number = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in socketserver
        """Say nothing of a function that was ended while it waited."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def invoke(self, payload: Mapping[str, Any]) -> Outcome:
        """Hand a payload to the function and wait for what becomes of it."""
        self._number += 1
        self.payloads.put((f"00000000-0000-4000-8000-{self._number:012d}", json.dumps(payload).encode()))
        return self.outcomes.get(timeout=TIMEOUT_S)


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        # Or every answer waits 44 ms for the client's acknowledgement.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - as in http.server
        """Say nothing."""

    def do_GET(self) -> None:
        """Wait for the next payload and hand it out."""
        if self.path != f"{VERSION}/invocation/next" or (waiting := self.server.payloads.get()) is None:
            self._answer(404, b"")
            return
        request_id, payload = waiting
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + ENDS_AFTER_S) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-6a1d8f40-0123456789abcdef01234567",
        }
        self._answer(200, payload, headers)

    def do_POST(self) -> None:
        """Take a response, an error, or the news that the function did not start."""
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        kind = "init error" if self.path == f"{VERSION}/init/error" else self.path.rsplit("/", 1)[-1]
        self._answer(202, b'{"status":"OK"}')
        self.server.outcomes.put(Outcome(kind, content))

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running_function(handler: str, environment: Mapping[str, str], log: Path) -> Iterator[RuntimeApi]:
    """Run a function under AWS's runtime client, as Lambda's Python runtime does, with nothing else around it."""
    api = RuntimeApi()
    reserved = {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "tollgate",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/tollgate",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/06/01/[1]0123456789abcdef",
        "PATH": os.environ["PATH"],
    }
    with serving(api), log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            env={**environment, **reserved},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield api
        finally:
            process.kill()
            process.wait()
            api.payloads.put(None)
