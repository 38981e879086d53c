"""The stream door: events from Kinesis, one decision each."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from typing import Any

from tollgate.errors import InputError
from tollgate.handlers.strict_json import read_json
from tollgate.observability import describe_error, set_up_logging
from tollgate.services.decide_and_tell import decide_and_tell
from tollgate.services.stores import open_stores, prepare

set_up_logging()
prepare()
_log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Decide on a lot of Kinesis records in their order.

    The first record that fails ends the lot, so that order is kept: Lambda goes on from it, and after the retries that
    the template allows hands it to the failure destination.
    """
    for record in event["Records"]:
        number = record["kinesis"]["sequenceNumber"]
        try:
            decide_and_tell(open_stores(), _read_record(record["kinesis"]["data"]))
        except Exception as error:
            _log.error("Record %s: %s", number, describe_error(error))
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}


def _read_record(data: str) -> Mapping[str, Any]:
    event = read_json(base64.b64decode(data))
    if not isinstance(event, dict):
        raise InputError("The record is not a JSON object with the event's columns.")
    return event
