"""Stream handler: events from Kinesis and Kafka, one decision each, and once more what was given up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tollgate.errors import TollgateError
from tollgate.handlers.stream_payloads import name_failure, read_payload
from tollgate.observability import set_up_logging
from tollgate.services.container import open_container, prepare
from tollgate.services.streams.process import decide_records
from tollgate.services.streams.redrive import decide_again, is_stream_message

set_up_logging()
prepare()


def handler(payload: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Decide on a batch of records, and name those that have to come again.

    All of these are named, not only the first of each shard or partition: it is then the same whether Lambda goes on
    from the first one or sends just those that were named. A message of the dead-letter queue, which `tollgate redrive`
    sends, is decided on again.
    """

    def time_left_s() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    if is_stream_message(payload):
        return _decide_again(payload, time_left_s)
    returned = decide_records(open_container(), read_payload(payload), time_left_s)
    return {"batchItemFailures": [{"itemIdentifier": name_failure(record)} for record in returned]}


def _decide_again(message: Mapping[str, Any], time_left_s: Callable[[], float]) -> dict[str, Any]:
    try:
        return {"decided": decide_again(open_container(), message, time_left_s)}
    except TollgateError as error:
        # Answered rather than raised: Lambda logs what is raised, and this may quote the event.
        return {"refused": str(error)}
