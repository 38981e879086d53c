"""Redrive of a deployment's dead-letter queue: each message described for people, and sent back on request."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import unquote_plus

from tollgate.adapters import clients
from tollgate.adapters.aws_lambda import StreamFunction
from tollgate.adapters.s3.batch_files import BatchStore
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.sqs import DeadLetter, DeadLetterQueue
from tollgate.errors import InputError, TollgateError

_STREAMS = {
    "KinesisBatchInfo": "Kinesis records that the stream function failed on; the message names their shard and "
    "sequence numbers",
    "KafkaBatchInfo": "Kafka records that the stream function failed on; the message names their topic and offsets",
}
_NOT_INDEXED = "decisions that the index function failed on; the table has them, but searches do not find them"


@dataclass(frozen=True)
class FailedMessage:
    """A message of the queue: what it is about, and why it failed or stays, as far as that is known.

    ``kind`` says where it can be sent; None means nowhere.
    """

    letter: DeadLetter
    about: str
    reason: str
    kind: Literal["file", "records", None]
    status: Literal["stays", "put back", "decided", "failed"] = "stays"


def describe(store: BatchStore, letter: DeadLetter) -> FailedMessage:
    """Describe a message; the reason is what the batch function wrote under rejected/ when it gave up."""
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
    report = store.read(BatchFile.of(key, etag, "").rejected_key)
    return str(json.loads(report)["reason"]) if report else "no reason was recorded; see the batch function's log"


@dataclass(frozen=True)
class Deployment:
    """Queues of a deployment, and its stream function if it is named; ``bucket`` has the reasons of failed files."""

    dead_letters: DeadLetterQueue
    bucket: str
    function: StreamFunction | None

    @classmethod
    def of(cls, dead_letter_url: str, queue_url: str, bucket: str, stream_function: str | None) -> Deployment:
        """Connect to what the stack's outputs name."""
        function = StreamFunction(clients.functions(), stream_function) if stream_function else None
        return cls(DeadLetterQueue(clients.sqs(), dead_letter_url, queue_url), bucket, function)

    def can_redrive(self, one: FailedMessage) -> bool:
        """Return whether a message can be redriven."""
        return one.kind == "file" or (one.kind == "records" and self.function is not None)

    def redrive(self, one: FailedMessage) -> FailedMessage:
        """Put a file back, or have records decided, and delete the message; one that fails stays, with its reason."""
        try:
            if one.kind == "file":
                self.dead_letters.put_back(one.letter)
                return replace(one, status="put back")
            assert self.function is not None
            self.function.decide_again(one.letter.body)
            self.dead_letters.delete(one.letter)
            return replace(one, status="decided")
        except TollgateError as error:
            return replace(one, status="failed", reason=str(error))


def redrive(deployment: Deployment, chosen: Collection[str] = (), *, every: bool = False) -> list[FailedMessage]:
    """List the dead letters, and redrive those ``chosen`` by id, or ``every`` one that can be.

    One that fails stays, and the others go on. Raises `InputError` for an unknown id, or that of a message that cannot
    be redriven; then none is.
    """
    store = BatchStore(clients.s3(), deployment.bucket)
    found = [describe(store, letter) for letter in deployment.dead_letters.receive()]
    try:
        wanted = _choose(deployment, found, chosen, every=every)
        for place in wanted:
            found[place] = deployment.redrive(found[place])
    finally:
        for one in found:
            if one.status in ("stays", "failed"):
                deployment.dead_letters.show_again(one.letter)
    return found


def _choose(
    deployment: Deployment, found: Sequence[FailedMessage], chosen: Collection[str], *, every: bool
) -> list[int]:
    """Return the places of the messages to redrive."""
    if every:
        return [place for place, one in enumerate(found) if deployment.can_redrive(one)]
    places = {one.letter.message_id: place for place, one in enumerate(found)}
    for message_id in chosen:
        if message_id not in places:
            raise InputError(
                f"Message {message_id} is not in the dead-letter queue; run without --message to list the queue."
            )
        one = found[places[message_id]]
        if not deployment.can_redrive(one):
            able = "add --stream-function to redrive it" if one.kind else "it cannot be redriven"
            raise InputError(f"Message {message_id} is about {one.about}; {able}.")
    return [places[message_id] for message_id in dict.fromkeys(chosen)]
