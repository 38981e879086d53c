"""One log line a request: what was asked, how it was answered, how long it took. Never what an event holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

_log = logging.getLogger(__name__)


def log_requests(app: FastAPI) -> None:
    """Log each request of ``app`` by its route, without ids."""

    @app.middleware("http")
    async def log_request(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.perf_counter()
        response = await call_next(request)
        route = request.scope.get("route")
        path = getattr(route, "path", "no such route")
        took_ms = (time.perf_counter() - began) * 1000
        _log.info("%s %s: %d in %.1f ms", request.method, path, response.status_code, took_ms)
        return response
