"""Encoding of bodies, decisions and errors, shared by the fast path and the framework."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from tollgate.core.decisions.decision import Decision, to_plain
from tollgate.core.events.strict_json import read_json
from tollgate.errors import BodyTooLargeError, TollgateError
from tollgate.observability import describe_error

MAX_BODY_BYTES = 256 * 1024
MAX_LIST_BYTES = 5 * 1024 * 1024
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=to_plain).encode
_log = logging.getLogger(__name__)


def read_body(body: bytes, most_bytes: int = MAX_BODY_BYTES) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return what a body of strict JSON holds; raise `InputError` or `BodyTooLargeError`."""
    if len(body) > most_bytes:
        raise BodyTooLargeError(f"The body has {len(body):,} bytes; at most {most_bytes:,} are taken.")
    return read_json(body)


def write_json(content: Mapping[str, Any]) -> bytes:
    """Return an answer's body."""
    return _encode(content).encode()


def write_decision(decision: Decision) -> bytes:
    """Return a decision as it is answered."""
    return write_json(vars(decision))


def describe_problem(code: str, message: str, *, retry: bool) -> dict[str, Any]:
    """Return a problem as it is answered: a code for programs, a sentence for people, and whether to try again."""
    return {"code": code, "message": message, "retry": retry}


def answer_error(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return status and content of the answer to an error, and log it when the fault is ours; never tell its trace."""
    if isinstance(error, TollgateError):
        if error.status >= 500:
            _log.error("%s", describe_error(error))
        return error.status, describe_problem(error.code, str(error), retry=error.retry)
    _log.error("Unexpected: %s", describe_error(error))
    return 500, describe_problem("internal", "Something went wrong on our side; it was logged.", retry=True)
