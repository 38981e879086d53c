"""Refused stream records: those that cannot be decided on, put into the dead-letter queue with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollgate.adapters.errors import translated
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# What every SQS queue takes.
_MAX_BYTES = 256 * 1024
# A reason quotes what it is about, such as the name of a column, which may be as long as the record.
_MAX_REASON_CHARACTERS = 1000


@dataclass(frozen=True)
class RefusedRecords:
    """The queue at ``url``. ``connect`` is called when the first message is sent."""

    url: str
    connect: Callable[[], SQSClient]

    def keep(self, record: StreamRecord, detector: str, error: InputError, failed_at: str) -> None:
        """Send a record with the reason why it cannot be decided on; raise `UnavailableError` if that fails.

        A record that is too large for a message is sent without its key and data: only the stream has it then.
        """
        if not self.url:
            raise UnavailableError("No dead-letter queue is named for stream records; the template does that.")
        reason = {
            "detector": detector,
            "code": error.code,
            "reason": str(error)[:_MAX_REASON_CHARACTERS],
            "failed_at": failed_at,
        }
        body = json.dumps({"stream_record": record.to_json(), **reason})
        if len(body) > _MAX_BYTES:
            body = json.dumps({"stream_record": record.to_json(with_bytes=False), **reason})
        with translated("The dead-letter queue"):
            self.connect().send_message(QueueUrl=self.url, MessageBody=body)
