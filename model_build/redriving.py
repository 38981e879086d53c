"""What lies in a deployment's dead-letter queue, why, and putting it back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tollgate.adapters import clients
from tollgate.adapters.batch_files import BatchFile
from tollgate.adapters.batches import BatchStore
from tollgate.adapters.dead_letters import DeadLetter, DeadLetterQueue
from tollgate.errors import InputError

_STREAMS = {
    "KinesisBatchInfo": "Kinesis records that the stream function gave up; the message names their shard and numbers",
    "DDBStreamBatchInfo": "decisions that the index function gave up; the table has them, and searches miss them",
    "KafkaBatchInfo": "Kafka records that the stream function gave up; the message names their topic and offsets",
}


@dataclass(frozen=True)
class GivenUp:
    """One message: what it is about, and why it was given up as far as that is known.

    ``is_file`` tells what can be put back to the queue of files; records of streams cannot.
    """

    letter: DeadLetter
    about: str
    reason: str
    is_file: bool


@dataclass(frozen=True)
class Redriven:
    """What was looked at, and the ids of the messages that were put back."""

    found: tuple[GivenUp, ...]
    put_back: frozenset[str]


def redrive(
    dead_letter_url: str, queue_url: str, bucket: str, chosen: Collection[str] = (), *, every: bool = False
) -> Redriven:
    """List what was given up, and put back the messages of files that were ``chosen`` by id, or ``every`` one.

    Raises `InputError` for an id that no message has, or that of a message which is not about files; then nothing is
    put back.
    """
    queue = DeadLetterQueue(clients.sqs(), dead_letter_url, queue_url)
    store = BatchStore(clients.s3(), bucket)
    found = tuple(describe(store, letter) for letter in queue.receive())
    wanted = {one.letter.message_id for one in found if one.is_file} if every else set(chosen)
    try:
        _check(found, wanted)
    except InputError:
        wanted = set()
        raise
    finally:
        for one in found:
            if one.letter.message_id in wanted:
                queue.put_back(one.letter)
            else:
                queue.show_again(one.letter)
    return Redriven(found, frozenset(wanted))


def _check(found: tuple[GivenUp, ...], wanted: Collection[str]) -> None:
    by_id = {one.letter.message_id: one for one in found}
    for message_id in wanted:
        if message_id not in by_id:
            raise InputError(f"There is no message {message_id} in the dead-letter queue; list them without --message.")
        if not by_id[message_id].is_file:
            raise InputError(f"Message {message_id} is about {by_id[message_id].about}; only files can be put back.")


def describe(store: BatchStore, letter: DeadLetter) -> GivenUp:
    """Say what a message is about; the reason is what the batch function wrote under rejected/ when it gave up."""
    try:
        body = json.loads(letter.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return GivenUp(letter, "something that is no notice", "it cannot be read", is_file=False)
    if "stream_record" in body:
        source = str(body["stream_record"].get("source"))
        return GivenUp(letter, f"a record from {source}", str(body.get("reason")), is_file=False)
    for name, about in _STREAMS.items():
        if name in body:
            context = body.get("requestContext", {})
            return GivenUp(letter, about, str(context.get("condition", "not said")), is_file=False)
    files = list(_files(body))
    if not files:
        return GivenUp(letter, "something that is no notice of a file", "it cannot be read", is_file=False)
    reasons = {_reason(store, key, etag) for key, etag in files}
    return GivenUp(letter, ", ".join(key for key, _ in files), "; ".join(sorted(reasons)), is_file=True)


def _files(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for record in body.get("Records", []):
        stored = record.get("s3", {}).get("object", {}) if isinstance(record, dict) else {}
        if "key" in stored:
            yield unquote_plus(stored["key"]), stored.get("eTag", "")


def _reason(store: BatchStore, key: str, etag: str) -> str:
    told = store.read(BatchFile.of(key, etag, "").rejected_key)
    return str(json.loads(told)["reason"]) if told else "no reason was written; see the batch function's log"
