"""Dead letter described for people: the work that failed, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_plus

from tollgate.adapters.s3.batch_files import BatchStore
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.sqs import DeadLetter

_STREAMS = {
    "KinesisBatchInfo": "Kinesis records that the stream function failed on; the message names their shard and "
    "sequence numbers",
    "KafkaBatchInfo": "Kafka records that the stream function failed on; the message names their topic and offsets",
}
_NOT_INDEXED = "decisions that the index function failed on; the table has them, but searches do not find them"


@dataclass(frozen=True)
class FailedMessage:
    """One message: what it is about, and why it was given up, or why it stays, as far as that is known.

    ``kind`` tells where it can go; None is for what nobody can use.
    """

    letter: DeadLetter
    about: str
    reason: str
    kind: Literal["file", "records", None]
    status: Literal["stays", "put back", "decided", "failed"] = "stays"


def describe(store: BatchStore, letter: DeadLetter) -> FailedMessage:
    """Say what a message is about; the reason is what the batch function wrote under rejected/ when it gave up."""
    try:
        body = json.loads(letter.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return FailedMessage(letter, "an unknown message", "it cannot be read", None)
    if "stream_record" in body:
        source = str(body["stream_record"].get("source"))
        return FailedMessage(letter, f"a record from {source}", str(body.get("reason")), "records")
    condition = str(body.get("requestContext", {}).get("condition", "no reason given"))
    for name, about in _STREAMS.items():
        if name in body:
            return FailedMessage(letter, about, condition, "records")
    if "DDBStreamBatchInfo" in body:
        return FailedMessage(letter, _NOT_INDEXED, condition, None)
    files = list(_files(body))
    if not files:
        return FailedMessage(letter, "an unknown message without a file", "it cannot be read", None)
    reasons = {_reason(store, key, etag) for key, etag in files}
    return FailedMessage(letter, ", ".join(key for key, _ in files), "; ".join(sorted(reasons)), "file")


def _files(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for record in body.get("Records", []):
        stored = record.get("s3", {}).get("object", {}) if isinstance(record, dict) else {}
        if "key" in stored:
            yield unquote_plus(stored["key"]), stored.get("eTag", "")


def _reason(store: BatchStore, key: str, etag: str) -> str:
    told = store.read(BatchFile.of(key, etag, "").rejected_key)
    return str(json.loads(told)["reason"]) if told else "no reason was recorded; see the batch function's log"
