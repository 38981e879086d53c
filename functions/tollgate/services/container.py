"""Dependency container of a process: settings, storage, queues and streams."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import cache

from tollgate.adapters import clients
from tollgate.adapters.dynamodb.batches import BatchTable
from tollgate.adapters.dynamodb.decisions import DecisionTable
from tollgate.adapters.dynamodb.histories import HistoryTable
from tollgate.adapters.eventbridge import EventBus
from tollgate.adapters.kinesis import ResultStream
from tollgate.adapters.s3.batch_files import BatchStore
from tollgate.adapters.s3.drafts import DraftStore
from tollgate.adapters.s3.lists import ListStore
from tollgate.adapters.s3.ranges import ObjectRanges, RangeCache
from tollgate.adapters.s3.segments import DayTotalStore, SegmentStore
from tollgate.adapters.s3.versions import PastEventStore, VersionStore
from tollgate.adapters.sqs import FileQueue, RefusedRecords
from tollgate.core.detectors.version import DetectorVersion
from tollgate.observability import MetricLog
from tollgate.services.circuit_breaker import CircuitBreaker
from tollgate.settings import Settings, read_settings


@dataclass(frozen=True)
class Container:
    """Everything that lies outside the process."""

    settings: Settings
    versions: VersionStore
    past_events: PastEventStore
    histories: HistoryTable
    decisions: DecisionTable
    batches: BatchStore
    states: BatchTable
    queue: FileQueue
    circuit_breaker: CircuitBreaker
    events: EventBus
    refused: RefusedRecords
    results: ResultStream
    metrics: MetricLog
    segments: SegmentStore
    day_totals: DayTotalStore
    drafts: DraftStore
    lists: ListStore

    @classmethod
    def of(cls, settings: Settings) -> Container:
        """Connect to what the settings name."""
        dynamodb, s3 = clients.dynamodb(), clients.s3()
        versions = VersionStore(clients.hasty_s3(), settings.bucket, settings.refresh_s)
        return cls(
            settings=settings,
            versions=versions,
            past_events=PastEventStore(versions),
            histories=HistoryTable(dynamodb, settings.history_table),
            decisions=DecisionTable(dynamodb, settings.decisions_table),
            batches=BatchStore(s3, settings.bucket),
            states=BatchTable(dynamodb, settings.decisions_table),
            queue=FileQueue(settings.queue_url, clients.sqs),
            circuit_breaker=CircuitBreaker(settings.decisions_table, settings.patience_s),
            events=EventBus(settings.event_bus, clients.events),
            refused=RefusedRecords(settings.dead_letter_url, clients.hasty_sqs),
            results=ResultStream(settings.result_stream, clients.hasty_kinesis),
            metrics=MetricLog(),
            drafts=DraftStore(s3, settings.bucket),
            lists=ListStore(s3, settings.bucket),
            segments=SegmentStore(
                ObjectRanges(s3, settings.bucket, clients.credentials), RangeCache(settings.index_cache_bytes)
            ),
            day_totals=DayTotalStore(s3, settings.bucket),
        )

    def champion(self, detector: str | None = None) -> DetectorVersion:
        """Return the version that decides for ``detector``, or for the deployment's own one."""
        return self.versions.champion(detector or self.settings.detector, time.monotonic())

    def in_a_hurry(self) -> Container:
        """Return the same storage with short time limits, for a caller who can decide without it."""
        client = clients.impatient_dynamodb(self.settings.patience_s)
        return replace(
            self, histories=replace(self.histories, client=client), decisions=replace(self.decisions, client=client)
        )


@cache
def open_container() -> Container:
    """Return the storage named in the environment."""
    return Container.of(read_settings())


def prepare() -> None:
    """Open the storage while Lambda starts the function; elsewhere that waits for the first use.

    A function that lacks its settings then fails to start, and a snapshot holds its clients.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        open_container()
