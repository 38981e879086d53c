"""Fast path to a decision, without the web framework.

It takes a plain ``POST /v1/decisions`` of the HTTP API (payload 2.0) or of a function URL, and answers exactly as the
framework's route does, which `tests/doors/test_direct.py` holds. It leaves anything else, malformed requests too, to
the framework.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tollgate.core.explanations.explain import Wanted
from tollgate.handlers.http_api.access_log import log_request
from tollgate.handlers.http_api.encoding import answer_error, read_body, write_decision, write_json
from tollgate.services.container import open_container
from tollgate.services.decisions.decide import decide_and_publish

_PATH = "/v1/decisions"
_KEYS = frozenset({"event", "detector", "reasons"})
_WANTED = frozenset({"top", "all", "none"})


@dataclass(frozen=True)
class _Request:
    event: dict[str, Any]
    detector: str | None
    reasons: Wanted


def answer_directly(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer to a plain request for a decision; None for any other request."""
    began = time.perf_counter()
    body = _body_of(payload)
    if not body:
        return None
    try:
        request = _as_request(read_body(body))
        if request is None:
            return None
        decision = decide_and_publish(open_container(), request.event, request.detector, request.reasons)
        status, answer = 200, write_decision(decision)
    except Exception as error:
        status, problem = answer_error(error)
        answer = write_json(problem)
    log_request("POST", _PATH, status, began)
    headers = {"content-length": str(len(answer)), "content-type": "application/json"}
    return {"statusCode": status, "body": answer.decode(), "headers": headers, "isBase64Encoded": False}


def _body_of(payload: Mapping[str, Any]) -> bytes | None:
    """Return the body of a request for a decision that is sent as JSON; None if it is anything else."""
    http = (payload.get("requestContext") or {}).get("http")
    if payload.get("version") != "2.0" or not http or (http.get("method"), http.get("path")) != ("POST", _PATH):
        return None
    if (payload.get("headers") or {}).get("content-type") != "application/json":
        return None
    body = payload.get("body") or ""
    if not payload.get("isBase64Encoded"):
        return cast(str, body).encode()
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return None


def _as_request(content: object) -> _Request | None:
    """Return what `api_models.DecisionRequest` would read, None if that would refuse it."""
    if not isinstance(content, dict) or not content.keys() <= _KEYS:
        return None
    event, detector, reasons = content.get("event"), content.get("detector"), content.get("reasons", "none")
    if not isinstance(event, dict) or not isinstance(detector, str | None):
        return None
    if not isinstance(reasons, str) or reasons not in _WANTED:
        return None
    return _Request(event, detector, cast(Wanted, reasons))
