"""Batch handler: files of payments and of labels, which S3 announces through a queue."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from tollgate.adapters.s3.batch_names import is_marker
from tollgate.errors import ConflictError, UnavailableError
from tollgate.observability import describe_error, set_up_logging
from tollgate.services.batches.lease import Delivery
from tollgate.services.batches.process import LeaseHeldError, score_batch
from tollgate.services.container import Container, open_container, prepare
from tollgate.services.labels.label_file import label_file

set_up_logging()
prepare()
_log = logging.getLogger(__name__)
_INBOX, _LABELS = "inbox/", "labels/"
# A message that failed comes again after half a minute, then after twice and four times that.
_FIRST_PAUSE_S = 30.0


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Score payments and set labels from the files that a batch of SQS messages names.

    Answers which messages have to come again.
    """
    container, failures = open_container(), []
    ends_s = time.monotonic() + context.get_remaining_time_in_millis() / 1000 if context else math.inf
    for message in event["Records"]:
        delivery = _delivery(container, message, ends_s)
        try:
            for key, etag in read_notice(message["body"]):
                _process(container, key, etag, delivery)
        except Exception as error:
            # Whatever it was, the message comes again, and in the end goes to the dead-letter queue: nothing is lost.
            _log.error("Message %s: %s", message["messageId"], describe_error(error))
            failures.append({"itemIdentifier": message["messageId"]})
            _put_off(delivery, error)
    return {"batchItemFailures": failures}


def read_notice(body: str) -> Iterator[tuple[str, str]]:
    """Yield key and ETag of each file of payments or labels that an S3 notice tells of; a test notice tells of none.

    Markers that Spark, macOS and the like leave beside files, such as _SUCCESS and .DS_Store, are passed over.
    """
    for record in json.loads(body).get("Records", []):
        stored = record["s3"]["object"]
        key = unquote_plus(stored["key"])
        if key.startswith((_INBOX, _LABELS)) and not is_marker(key, stored.get("size")):
            yield key, stored.get("eTag", "")


def _delivery(container: Container, message: Mapping[str, Any], ends_s: float) -> Delivery:
    receives = int(message.get("attributes", {}).get("ApproximateReceiveCount", 1))
    if not container.settings.queue_url:
        return Delivery(message["messageId"], receives, ends_s)
    retry_after = partial(container.queue.retry_after, message["receiptHandle"])
    return Delivery(message["messageId"], receives, ends_s, retry_after)


def _process(container: Container, key: str, etag: str, delivery: Delivery) -> None:
    if key.startswith(_LABELS):
        done = label_file(container, key, etag)
        _log.info("Labels %s: %s", done["batch_id"], done["status"])
    else:
        state = score_batch(container, key, etag, delivery)
        _log.info("Batch %s: %s", state.batch_id, state.status)


def _put_off(delivery: Delivery, error: Exception) -> None:
    """Let the message come again soon: otherwise it would after the queue's own timeout, which is made for hours."""
    after_s = error.for_s if isinstance(error, LeaseHeldError) else _FIRST_PAUSE_S * 2 ** (delivery.receives - 1)
    with suppress(UnavailableError, ConflictError):
        delivery.retry_after(after_s)
