"""Usage of indexing decisions: S3 requests and function time, measured batch by batch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.config import Config

from bench.serving.memory_s3 import MemoryS3

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Indexed:
    """What indexing took, merging included: processor time in all, requests by kind, and bytes that are left."""

    rows: int
    batches: int
    took_ms: float
    requests: Counter[str]
    size_bytes: int


def measure_indexing(items: Iterable[Item], batch_rows: int) -> Indexed:
    """Index the decisions among the items of a table as the index function does, and merge the day when it is over."""
    from tollgate.adapters import clients  # noqa: PLC0415
    from tollgate.adapters.dynamodb.decisions import DecisionRecord  # noqa: PLC0415
    from tollgate.adapters.s3.ranges import ObjectRanges, RangeCache  # noqa: PLC0415
    from tollgate.adapters.s3.segments import DayTotalStore, SegmentStore  # noqa: PLC0415
    from tollgate.services.container import open_container  # noqa: PLC0415
    from tollgate.services.search.index import (  # noqa: PLC0415
        Change,
        index_decisions,
        keep_day_totals,
        merge_segments,
    )

    s3 = MemoryS3("bucket")
    client: Any = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    client.meta.events.register("before-send.s3", s3.answer)
    segments = SegmentStore(ObjectRanges(client, "bucket", clients.credentials, s3.answer), RangeCache(0))
    container = replace(open_container(), segments=segments, day_totals=DayTotalStore(client, "bucket"))
    records = [DecisionRecord.from_item(item) for item in items if "d" in item]
    changes = [Change(str(number), int(time.time()), record) for number, record in enumerate(records)]
    batches = [changes[start : start + batch_rows] for start in range(0, len(changes), batch_rows)]
    began = time.process_time()
    for batch in batches:
        index_decisions(container, batch)
    decision = records[-1].decision
    detector, day = decision.detector, decision.decided_at[:10]
    merge_segments(container.segments, detector, day, is_over=True)
    keep_day_totals(container.segments, container.day_totals, detector, [day])
    took_ms = (time.process_time() - began) * 1000
    return Indexed(len(records), len(batches), took_ms, s3.requests, sum(s3.sizes_bytes()))
