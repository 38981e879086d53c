"""Calling the functions as AWS does, in this process."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent.parent / "events"
Payload = dict[str, Any]


def load_event(name: str) -> Payload:
    """Return a payload of the gallery in tests/events."""
    payload: Payload = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return payload


def invoke(door: str, payload: Mapping[str, Any]) -> Any:  # noqa: ANN401 - each door answers otherwise
    """Call a function's handler in this process."""
    return importlib.import_module(f"tollgate.handlers.{door}").handler(payload, None)


def write_http(method: str, path: str, body: object = None, query: str = "") -> Payload:
    """Return what the HTTP API sends for a request; ``body`` is sent as JSON, or as it is when it is a text."""
    payload = load_event("http_api_v2_post")
    payload |= {"rawPath": path, "rawQueryString": query}
    payload["requestContext"]["http"] |= {"method": method, "path": path}
    if body is None:
        del payload["body"], payload["headers"]["content-type"]
    else:
        payload["body"] = body if isinstance(body, str) else json.dumps(body)
    return payload


def read_http(answer: Mapping[str, Any]) -> tuple[int, Any]:
    """Return status and content of an answer."""
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
    return answer["statusCode"], json.loads(body)


def call(method: str, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
    """Call the HTTP door; return status and content."""
    return read_http(invoke("api", write_http(method, path, body, query)))


def write_notice(key: str, etag: str, message_id: str = "m") -> Payload:
    """Return the SQS record of an S3 notice; ``key`` is as S3 writes it there."""
    record: Payload = load_event("sqs_s3_put")["Records"][0]
    notice = json.loads(record["body"])
    notice["Records"][0]["s3"]["object"] |= {"key": key, "eTag": etag}
    return {**record, "messageId": message_id, "body": json.dumps(notice)}


def write_kinesis(events: Sequence[object]) -> Payload:
    """Return a lot of Kinesis records; bytes are sent as they are, anything else as JSON. Numbers count from 0."""
    (template, *_) = load_event("kinesis_three_records")["Records"]

    def record(number: int, event: object) -> Payload:
        data = base64.b64encode(event if isinstance(event, bytes) else json.dumps(event).encode()).decode()
        return {**template, "kinesis": {**template["kinesis"], "sequenceNumber": str(number), "data": data}}

    return {"Records": [record(number, event) for number, event in enumerate(events)]}
