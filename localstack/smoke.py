"""Smoke test of a running stack: one payment, a repeated call, a label, a file."""

from __future__ import annotations

import csv
import io
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from tollgate.adapters.s3.batch_names import BatchFile

from localstack.deployment import connection
from localstack.running import RunningStack, call

_DONE_WITHIN_S = 120.0


class SmokeError(Exception):
    """A part of the stack did not do what it should."""


@dataclass(frozen=True)
class Batch:
    """A file that was scored: its id, its summary, and the rows of its results."""

    batch_id: str
    summary: Mapping[str, Any]
    rows: list[dict[str, str]]


def check_stack(stack: RunningStack) -> dict[str, Any]:
    """Take every path through the stack once and return what came out; raise `SmokeError` at the first fault."""
    version = stack.version.version
    _expect("version", call(stack.deployment, "GET", "/v1/healthz")["detector_version"], version)
    event = call(stack.deployment, "GET", "/v1/detector")["examples"][0]["event"] | {"event_id": "smoke-1"}
    first = call(stack.deployment, "POST", "/v1/decisions", {"event": event})
    again = call(stack.deployment, "POST", "/v1/decisions", {"event": event})
    _expect("repeated", (first["repeated"], again["repeated"]), (False, True))
    _expect("same score", again["score"], first["score"])
    label = {"labels": [{"event_id": "smoke-1", "label": "fraud"}]}
    _expect("label", call(stack.deployment, "POST", "/v1/labels", label)["accepted"], 1)
    _expect("known label", call(stack.deployment, "GET", "/v1/decisions/smoke-1")["label"]["label"], "fraud")
    batch = drop_file(stack, stack.new_payments)
    _expect("rows", len(batch.rows), batch.summary["rows"])
    _expect("status", {row["status"] for row in batch.rows}, {"ok"})
    _expect("dead letters", _count_messages(stack, stack.deployment.dead_letter_url), 0)
    return {"detector_version": version, "decision": first, "batch_rows": len(batch.rows), **_counts(batch)}


def _counts(batch: Batch) -> dict[str, Any]:
    return {"batch_outcomes": dict(batch.summary["outcomes"])}


def _expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise SmokeError(f"Check of {what} failed: expected {wanted!r}, got {seen!r}.")


def drop_file(stack: RunningStack, path: Path) -> Batch:
    """Put a file in the inbox as any tool would, wait for its results, and fetch them."""
    s3 = boto3.client("s3", **connection(stack.emulator.endpoint_url))
    key = f"inbox/{stack.version.detector}/{path.name}"
    etag = s3.put_object(Bucket=stack.deployment.bucket, Key=key, Body=path.read_bytes())["ETag"]
    batch_id = BatchFile.of(key, etag, stack.version.detector).batch_id
    deadline = time.monotonic() + _DONE_WITHIN_S
    while time.monotonic() < deadline:
        if any(batch["batch_id"] == batch_id and batch["finished_at"] for batch in _list(stack)):
            return _fetch(stack, batch_id)
        time.sleep(0.3)
    raise SmokeError(f"{path.name} was not scored within {_DONE_WITHIN_S:.0f} seconds; see {stack.emulator.log}.")


def _list(stack: RunningStack) -> list[dict[str, Any]]:
    batches: list[dict[str, Any]] = call(stack.deployment, "GET", "/v1/batches")["batches"]
    return batches


def _fetch(stack: RunningStack, batch_id: str) -> Batch:
    batch = call(stack.deployment, "GET", f"/v1/batches/{batch_id}")
    if batch["status"] != "done":
        raise SmokeError(f"The file was rejected: {batch['reason']}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(batch["downloads"]["results"], timeout=60) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    return Batch(batch_id, batch["summary"], rows)


def _count_messages(stack: RunningStack, queue_url: str) -> int:
    sqs = boto3.client("sqs", **connection(stack.emulator.endpoint_url))
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])
