"""Index handler: changes in the table of decisions, put into the search index."""

from __future__ import annotations

import logging
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.observability import describe_error, set_up_logging
from tollgate.services.container import open_container, prepare
from tollgate.services.search.index import Change, index_decisions

set_up_logging()
prepare()
_log = logging.getLogger(__name__)


def handler(payload: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Index a batch of the stream's records, and name the first one that cannot be read.

    Lambda goes on from there; those behind it that are indexed then come again, which changes nothing.
    """
    changes, failures = [], []
    for record in payload["Records"]:
        try:
            changes.append(read_change(record))
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            number = record["dynamodb"]["SequenceNumber"]
            _log.error("Record %s cannot be indexed: %s", number, describe_error(error))
            failures.append({"itemIdentifier": number})
    index_decisions(open_container(), changes)
    return {"batchItemFailures": failures[:1]}


def read_change(record: Mapping[str, Any]) -> Change:
    """Return the decision that a record of the stream holds; its bytes come in base64."""
    told = record["dynamodb"]
    item = {
        name: {kind: b64decode(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in told["NewImage"].items()
    }
    return Change(told["SequenceNumber"], int(told["ApproximateCreationDateTime"]), DecisionRecord.from_item(item))
