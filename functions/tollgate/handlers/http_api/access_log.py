"""Access log: one line per request with its route, status and duration, and no value of an event."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)


def log_request(method: str, route: str, status: int, began: float) -> None:
    """Log one request by its route, without ids; ``began`` is when it came, by `time.perf_counter`."""
    _log.info("%s %s: %d in %.1f ms", method, route, status, (time.perf_counter() - began) * 1000)


class LoggedApp:
    """A web application whose requests are logged when they are answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        began, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            route = getattr(scope.get("route"), "path", "no such route")
            log_request(scope["method"], route, status, began)
