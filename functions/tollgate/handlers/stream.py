"""The stream door: events from Kinesis and Kafka, one decision each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollgate.handlers.stream_payloads import name_failure, read_payload
from tollgate.observability import set_up_logging
from tollgate.services.decide_lot import decide_lot
from tollgate.services.stores import open_stores, prepare

set_up_logging()
prepare()


def handler(payload: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Decide on a lot of records, and name those that have to come again.

    All of these are named, not only the first of each shard or partition: it is then the same whether Lambda goes on
    from the first one or sends just those that were named.
    """
    returned = decide_lot(open_stores(), read_payload(payload), lambda: context.get_remaining_time_in_millis() / 1000)
    return {"batchItemFailures": [{"itemIdentifier": name_failure(record)} for record in returned]}
