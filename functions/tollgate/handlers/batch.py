"""The file door: notices of files of payments and of labels, by way of a queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from tollgate.observability import describe_error, set_up_logging
from tollgate.services.label_file import label_file
from tollgate.services.score_batch import score_batch
from tollgate.services.stores import open_stores, prepare

set_up_logging()
prepare()
_log = logging.getLogger(__name__)
_INBOX, _LABELS = "inbox/", "labels/"


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Score payments and set labels from the files that a lot of SQS messages tells of.

    Answers which messages have to come again.
    """
    failures = []
    for message in event["Records"]:
        try:
            for key, etag in read_notice(message["body"]):
                work = label_file if key.startswith(_LABELS) else score_batch
                state = work(open_stores(), key, etag)
                _log.info("Batch %s: %s", state.get("batch_id"), state.get("status"))
        except Exception as error:
            # Whatever it was, the message comes again, and in the end goes to the dead-letter queue: nothing is lost.
            _log.error("Message %s: %s", message["messageId"], describe_error(error))
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def read_notice(body: str) -> Iterator[tuple[str, str]]:
    """Yield key and ETag of each file of payments or labels that an S3 notice tells of; a test notice tells of none."""
    for record in json.loads(body).get("Records", []):
        stored = record["s3"]["object"]
        key = unquote_plus(stored["key"])
        if key.startswith((_INBOX, _LABELS)) and not key.endswith("/"):
            yield key, stored.get("eTag", "")
