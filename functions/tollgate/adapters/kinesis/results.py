"""Result stream: the decisions on a stream's events, put into a Kinesis stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollgate.adapters.dynamodb.items import pause
from tollgate.adapters.errors import translated
from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

# One PutRecords call takes 500 records.
_MAX_RECORDS = 500
ATTEMPTS = 3
_MAX_KEY_CHARACTERS = 256
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What is put of one decision. ``key`` decides on the shard."""

    key: str
    content: bytes


@dataclass(frozen=True)
class ResultStream:
    """The stream that was named, or none: then nothing is put. ``connect`` is called when the first result is."""

    arn: str
    connect: Callable[[], KinesisClient]

    def put(self, results: Sequence[Result]) -> list[int]:
        """Put results; return the places of those that the stream has not taken after three tries. Never raises."""
        waiting = list(range(len(results))) if self.arn else []
        for attempt in range(ATTEMPTS):
            if attempt and waiting:
                pause(attempt + 2)
            waiting = [
                place
                for start in range(0, len(waiting), _MAX_RECORDS)
                for place in self._put_once(results, waiting[start : start + _MAX_RECORDS])
            ]
        return waiting

    def _put_once(self, results: Sequence[Result], places: Sequence[int]) -> list[int]:
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": results[place].content, "PartitionKey": results[place].key[:_MAX_KEY_CHARACTERS]}
            for place in places
        ]
        try:
            with translated("The result stream"):
                answers = self.connect().put_records(StreamARN=self.arn, Records=records)["Records"]
        except UnavailableError as error:
            _log.error("Results were not put: %s", error)
            return list(places)
        return [place for place, answer in zip(places, answers, strict=True) if answer.get("ErrorCode")]
