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


class Context:
    """What of Lambda's context the functions ask."""

    def __init__(self, time_left_s: float = 900.0) -> None:
        self._time_left_s = time_left_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._time_left_s * 1000)


def invoke(door: str, payload: Mapping[str, Any]) -> Any:  # noqa: ANN401 - each door answers otherwise
    """Call a function's handler in this process."""
    return importlib.import_module(f"tollgate.handlers.{door}").handler(payload, Context())


def write_http(
    method: str, path: str, body: object = None, query: str = "", headers: Mapping[str, str] | None = None
) -> Payload:
    """Return what the HTTP API sends for a request; ``body`` is sent as JSON, or as it is when it is a text."""
    payload = load_event("http_api_v2_post")
    payload |= {"rawPath": path, "rawQueryString": query}
    payload["requestContext"]["http"] |= {"method": method, "path": path}
    if body is None:
        del payload["body"], payload["headers"]["content-type"]
    else:
        payload["body"] = body if isinstance(body, str) else json.dumps(body)
    payload["headers"] |= headers or {}
    return payload


def read_http(answer: Mapping[str, Any]) -> tuple[int, Any]:
    """Return status and content of an answer."""
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
    return answer["statusCode"], json.loads(body)


def call(
    method: str, path: str, body: object = None, query: str = "", headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Call the HTTP door; return status and content."""
    return read_http(invoke("api", write_http(method, path, body, query, headers)))


def write_notice(key: str, etag: str, message_id: str = "m") -> Payload:
    """Return the SQS record of an S3 notice; ``key`` is as S3 writes it there."""
    record: Payload = load_event("sqs_s3_put")["Records"][0]
    notice = json.loads(record["body"])
    notice["Records"][0]["s3"]["object"] |= {"key": key, "eTag": etag}
    return {**record, "messageId": message_id, "body": json.dumps(notice)}


def write_kinesis(events: Sequence[object], keys: Sequence[str] = ()) -> Payload:
    """Return a lot of Kinesis records; bytes are sent as they are, anything else as JSON. Numbers count from 0.

    ``keys`` are the partition keys of the first records; the others have that of the gallery.
    """
    (template, *_) = load_event("kinesis_three_records")["Records"]

    def record(number: int, event: object) -> Payload:
        changed = {"sequenceNumber": str(number), "data": _encode(event)}
        if number < len(keys):
            changed["partitionKey"] = keys[number]
        return {**template, "kinesis": {**template["kinesis"], **changed}}

    return {"Records": [record(number, event) for number, event in enumerate(events)]}


def write_kafka(events: Sequence[object], keys: Sequence[str | None] = (), partitions: int = 1) -> Payload:
    """Return a lot of Kafka records, which go to the partitions in turn; None is sent as a tombstone.

    Offsets count from 0 in each partition; ``keys`` are those of the first records, the others have none.
    """
    payload = load_event("kafka_msk_one_record")
    (template,) = payload["records"].pop("payments-0")
    for number, event in enumerate(events):
        key = keys[number] if number < len(keys) else None
        partition = number % partitions
        record = {
            **template,
            "partition": partition,
            "offset": number // partitions,
            "key": key and base64.b64encode(key.encode()).decode(),
            "value": None if event is None else _encode(event),
        }
        payload["records"].setdefault(f"payments-{partition}", []).append(record)
    return payload


def _encode(event: object) -> str:
    return base64.b64encode(event if isinstance(event, bytes) else json.dumps(event).encode()).decode()
