"""Large search index in a deployment's bucket, written as the index function writes it.

They have no records in the table: what a page opens has to be one of the deployment's own. So all cases among them are
labeled, and none of them waits in the review queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from botocore.credentials import Credentials
from tollgate.adapters.s3.ranges import ObjectRanges, RangeCache
from tollgate.adapters.s3.segments import DayTotalStore, SegmentStore
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event_type import FRAUD, LEGITIMATE
from tollgate.core.search.entry import Entry, EntryKind, Rows
from tollgate.core.search.segment import write_segment
from tollgate.core.search.segment_names import SegmentName
from tollgate.services.search.index import keep_day_totals

from bench.search import make_entries
from localstack.emulator import CREDENTIALS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RULE = "far from home, more than usual"
_WORKERS = 2
_LATER = 10**21


def fill_index(s3: S3Client, bucket: str, decided_by: DetectorVersion, rows: int, days: int) -> int:
    """Write the segments of the days until today; return how many decisions they hold."""
    last, detector, version = datetime.now(UTC).date(), decided_by.detector, decided_by.version
    make = partial(make_day, version=version, last=last, rows=rows // days)
    with ProcessPoolExecutor(_WORKERS) as pool:
        for back, contents in enumerate(pool.map(make, range(days))):
            day = (last - timedelta(days=back)).isoformat()
            for content in contents:
                name = SegmentName.of(detector, day, 1, 1_795_000_000, content)
                s3.put_object(Bucket=bucket, Key=name.key, Body=content)
    named = [(last - timedelta(days=back)).isoformat() for back in range(days)]
    keys = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    segments = SegmentStore(ObjectRanges(s3, bucket, lambda: keys), RangeCache(0))
    keep_day_totals(segments, DayTotalStore(s3, bucket), detector, named)
    return rows // days * days


def make_day(back: int, version: str, last: date, rows: int) -> list[bytes]:
    """Return the segments of a day: its decisions, and the labels that came later."""
    day = last - timedelta(days=back)
    entries = [_of_version(entry, version) for entry in make_entries(day, rows, Random(back))]
    return [write_segment(Rows.of(lot)) for lot in (entries, list(_label(entries, Random(back)))) if lot]


def _of_version(entry: Entry, version: str) -> Entry:
    rules = ((RULE, False),) if entry.kind.rules else ()
    return replace(entry, kind=EntryKind(entry.kind.outcome, version, rules))


def _label(entries: list[Entry], chance: Random) -> Iterator[Entry]:
    """Yield the labels of all cases, and of some frauds that were approved."""
    for entry in entries:
        is_fraud = chance.random() < (entry.probability or 0) ** 2
        if entry.kind.outcome != "approve" or is_fraud:
            label = FRAUD if is_fraud else LEGITIMATE
            yield replace(entry, sequence=str(int(entry.sequence) + _LATER), label=label, known_us=entry.decided_us)
