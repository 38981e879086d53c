"""Processing of stream records, each key in its order, and redrive of those that were given up."""

from __future__ import annotations

import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollgate import clock
from tollgate.adapters import clients
from tollgate.adapters.kinesis import Result, read_shard_records
from tollgate.core.decisions.decision import Decision
from tollgate.core.decisions.metrics import DETECTOR, Metric
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import read_text
from tollgate.core.streams.reader import read_event_of, split_record
from tollgate.core.streams.record import StreamRecord
from tollgate.core.times.timestamps import write_utc
from tollgate.errors import InputError, UnavailableError
from tollgate.observability import describe_error
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_and_publish

# When so many keys have failed, it is not for what they are, and the rest would only wait for time-outs too.
_MAX_FAILED_KEYS = 3
# A record is not begun when less is left than storage may take to answer.
MARGIN_S = 15.0
# Messages of the dead-letter queue: ours, with one record inside, or what Lambda writes of records that it gave up.
OURS, OF_KINESIS, OF_KAFKA = "stream_record", "KinesisBatchInfo", "KafkaBatchInfo"
_log = logging.getLogger(__name__)


def decide_records(
    container: Container, records: Sequence[StreamRecord], time_left_s: Callable[[], float] = lambda: math.inf
) -> list[StreamRecord]:
    """Decide on records in their order; return those that are not done and have to come again.

    A record whose decision fails for a reason that may pass holds up the later ones of its key and no others. One that
    can never be decided on goes to the dead-letter queue, and is done. A decision is done when its result is put. An
    aggregate is done when all of its user records are; until then it comes again whole.
    """
    batch = _RecordBatch(container)
    for number, record in enumerate(records):
        # The first is begun whatever time is left, or a short time limit would let no batch get on.
        if number and time_left_s() < MARGIN_S:
            batch.give_back(record)
        else:
            batch.take(record, time_left_s)
    batch.put_results()
    batch.counts["RecordReturned"] = len(batch.returned)
    detector = ((DETECTOR, container.settings.detector),)
    container.metrics.write(Metric(name, detector, float(number)) for name, number in batch.counts.items() if number)
    return [record for record in records if id(record) in batch.returned]


@dataclass
class _RecordBatch:
    """What became of the records so far. ``returned`` are the identities of those that are not done."""

    container: Container
    returned: dict[int, StreamRecord] = field(default_factory=dict)
    failed_keys: set[tuple[str, bytes | None]] = field(default_factory=set)
    results: list[tuple[StreamRecord, Result]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, record: StreamRecord, time_left_s: Callable[[], float]) -> None:
        """Decide on a record, or on each user record of an aggregate by itself."""
        refused: list[tuple[StreamRecord, InputError]] = []
        for number, part in enumerate(self.split(record, refused)):
            if self.holds(part) or (number and time_left_s() < MARGIN_S):
                self.give_back(record)
            elif part.data is None:
                self.counts["RecordSkipped"] += 1
            else:
                try:
                    self.decide(part, record)
                except InputError as error:
                    refused.append((part, error))
        for part, reason in refused:
            self.refuse(part, record, reason)

    def split(self, record: StreamRecord, refused: list[tuple[StreamRecord, InputError]]) -> list[StreamRecord]:
        """Return the parts to be decided on; for a damaged aggregate none, and one more that is ``refused``."""
        try:
            return split_record(record)
        except InputError as error:
            refused.append((record, error))
            return []

    def holds(self, record: StreamRecord) -> bool:
        """Return whether a record has to wait for one before it."""
        return _lane(record) in self.failed_keys or len(self.failed_keys) >= _MAX_FAILED_KEYS

    def give_back(self, record: StreamRecord) -> None:
        """Note that a record is not done."""
        self.returned[id(record)] = record

    def decide(self, part: StreamRecord, record: StreamRecord) -> None:
        """Decide on a part of a record, or note what hinders it; raise `InputError` where nothing can help."""
        try:
            decision, result = decide_record(self.container, part)
        except InputError:
            raise
        except Exception as error:
            self.fail(part, record, error)
        else:
            self.results.append((record, result))
            if not decision.recorded:
                self.give_back(record)

    def refuse(self, part: StreamRecord, record: StreamRecord, error: InputError) -> None:
        """Send a part to the dead-letter queue, unless it comes again anyway, with its record or one before that."""
        if any(other.partition == record.partition for other in self.returned.values()):
            self.give_back(record)
            return
        failed_at = write_utc(clock.now(), "milliseconds")
        try:
            self.container.refused.keep(part, self.container.settings.detector, error, failed_at)
        except Exception as failure:
            self.fail(part, record, failure)
            return
        _log.error("Record %s was refused: %s", _shown(part), describe_error(error))
        self.counts["RecordRefused"] += 1

    def fail(self, part: StreamRecord, record: StreamRecord, error: Exception) -> None:
        """Give the record of a part back, and hold those of the part's key."""
        _log.error("Record %s: %s", _shown(part), describe_error(error))
        self.failed_keys.add(_lane(part))
        self.give_back(record)

    def put_results(self) -> None:
        """Put the results of all decisions; those that are not taken come again with their records."""
        not_put = self.container.results.put([result for _, result in self.results])
        self.counts["ResultNotPut"] = len(not_put)
        for place in not_put:
            self.give_back(self.results[place][0])


def decide_record(container: Container, record: StreamRecord) -> tuple[Decision, Result]:
    """Decide on one record that is no aggregate; return the decision, and the result to be put.

    Raises `InputError` for a record that cannot be decided on whatever is done, and what `decide_event` raises.
    """
    version = container.champion()
    event = read_event_of(version.stream, version.event_type, record.data, record.key)
    decision = decide_and_publish(container, event, version=version)
    told = {**decision.to_announcement(), "recorded": decision.recorded, "repeated": decision.repeated}
    return decision, Result(
        _result_key(version, event, decision.event_id), json.dumps(told, ensure_ascii=False).encode()
    )


def _result_key(version: DetectorVersion, event: Mapping[str, Any], event_id: str) -> str:
    """Return the value of the event's first entity, so that its results share a shard; without one, the event's id."""
    columns = next(iter(version.event_type.entities.values()), ())
    values = [read_text(version.event_type.without_null(event.get(column))) for column in columns]
    present = [value for value in values if value is not None]
    return " ".join(present) if present and len(present) == len(values) else event_id


def _lane(record: StreamRecord) -> tuple[str, bytes | None]:
    return record.partition, record.key


def _shown(record: StreamRecord) -> str:
    return " ".join(str(part) for part in record.place.values())


def is_stream_message(body: Mapping[str, Any]) -> bool:
    """Return whether a message of the dead-letter queue is about stream records."""
    return bool(body.keys() & {OURS, OF_KINESIS, OF_KAFKA})


def decide_again(
    container: Container, body: Mapping[str, Any], time_left_s: Callable[[], float] = lambda: math.inf
) -> int:
    """Decide on the records that a message is about, and put their results; return how many there were.

    What was decided on before is not decided anew. Of several records, those that cannot be decided on get messages of
    their own. Raises `InputError` where a single record still cannot be decided on, or records can no longer be read;
    any other `TollgateError` where trying later may help.
    """
    if OURS in body:
        results = [decide_record(container, part)[1] for part in split_record(StreamRecord.from_json(body[OURS]))]
        if container.results.put(results):
            raise UnavailableError("The result stream did not take the decision; try again.")
        return len(results)
    if OF_KINESIS in body:
        lost = body[OF_KINESIS]
        part = (lost["streamArn"], lost["shardId"], lost["startSequenceNumber"], lost["endSequenceNumber"])
        records = list(read_shard_records(clients.kinesis(), *part))
        if returned := decide_records(container, records, time_left_s):
            raise UnavailableError(f"{len(returned)} of {len(records)} records are not decided on; try again.")
        if gone := lost["batchSize"] - len(records):
            raise InputError(
                f"{lost['streamArn']} no longer has {gone} of {lost['batchSize']} records; the rest is done."
            )
        return len(records)
    parts = body.get(OF_KAFKA, {}).get("recordsInfo", {})
    lost_parts = [
        f"{name} from {lost['firstRecordOffset']} to {lost['lastRecordOffset']}" for name, lost in parts.items()
    ]
    raise InputError(
        f"Tollgate has no Kafka client: have the records sent to the topic again: {', '.join(lost_parts)}."
    )
