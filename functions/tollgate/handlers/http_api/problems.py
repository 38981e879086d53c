"""Problem answers of the web framework, and bodies that are refused before they are read as JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from tollgate.errors import TollgateError
from tollgate.handlers.http_api.encoding import (
    MAX_BODY_BYTES,
    MAX_LIST_BYTES,
    answer_error,
    describe_problem,
    read_body,
)

# In place of the library's own, by type of mistake.
_SENTENCES = {
    "value_error": "{error}",
    "too_short": "give at least {min_length:,}, not {actual_length:,}",
    "too_long": "give at most {max_length:,}, not {actual_length:,}",
}


class StrictRequest(Request):
    """A request whose body is JSON without NaN or Infinity, and of at most ``most_bytes``."""

    most_bytes = MAX_BODY_BYTES

    async def json(self) -> Any:  # noqa: ANN401 - as in Starlette
        """Return the parsed body; raise `InputError` or `BodyTooLargeError`."""
        if hasattr(self, "_json"):
            return self._json
        self._json = read_body(await self.body(), self.most_bytes)
        return self._json


class LargeRequest(StrictRequest):
    """The same with room for a list. Lambda takes 6 MB at most."""

    most_bytes = MAX_LIST_BYTES


class StrictRoute(APIRoute):
    """A route that reads its body with `StrictRequest`."""

    request_class: type[StrictRequest] = StrictRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            strict = self.request_class(request.scope, request.receive)
            if await strict.body():
                await strict.json()  # kept by the request; read here because FastAPI would hide the reason
            return await handle(strict)

        return handle_strictly


class LargeRoute(StrictRoute):
    """A route that reads its body with `LargeRequest`."""

    request_class = LargeRequest


def _answer(status: int, code: str, message: str, *, retry: bool) -> JSONResponse:
    return JSONResponse(describe_problem(code, message, retry=retry), status)


def answer_problems(app: FastAPI) -> None:
    """Make every error of ``app`` answer with a code and one sentence, never with a trace."""

    @app.exception_handler(TollgateError)
    @app.exception_handler(Exception)
    async def failed(_request: Request, error: Exception) -> JSONResponse:
        status, problem = answer_error(error)
        return JSONResponse(problem, status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["loc"] == ("body",):
            message = "The body has to be a JSON object, sent with Content-Type: application/json."
            return _answer(422, "invalid_request", message, retry=False)
        place = ".".join(str(part) for part in first["loc"])
        said = _SENTENCES[first["type"]].format(**first["ctx"]) if first["type"] in _SENTENCES else first["msg"]
        return _answer(422, "invalid_request", f"{place}: {said}.", retry=False)

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> JSONResponse:
        message = f"{request.method} {request.url.path}: {error.detail}."
        return _answer(error.status_code, "no_such_route", message, retry=False)
