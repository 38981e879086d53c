"""Count decisions and their money by day, from the summaries of segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tollgate.adapters.index_segments import SegmentStore
from tollgate.core.index.postings import read_bucket
from tollgate.core.index.rows import Rows, join
from tollgate.core.index.segment import Head, read_rows
from tollgate.core.index.segment_names import SegmentName
from tollgate.core.index.summary import Summary
from tollgate.services.read_index import IndexReader, read_index
from tollgate.services.search_terms import SearchTerms, read_days
from tollgate.services.stores import Stores
from tollgate.services.tell_entry import write_moment
from tollgate.services.tell_summary import tell_summary


def summarize_decisions(stores: Stores, terms: SearchTerms) -> dict[str, Any]:
    """Return what the decisions of each day come to; a day without any is left out.

    Raises `InputError` for days in the wrong order or too many, `NotFoundError` for an unknown detector.
    """
    version = stores.champion(terms.detector)
    days = read_days(version.detector, terms.first, terms.last)

    summaries, indexed_s = read_index(stores.segments, days, lambda reader: (_summarize(reader), reader.indexed_s))
    return {
        "days": [tell_summary(day, summary) for day, summary in summaries.items()],
        "indexed_until": None if indexed_s is None else write_moment(indexed_s * 10**6),
    }


def _summarize(reader: IndexReader) -> dict[str, Summary]:
    """Return the summaries of all days; segments are read side by side, and so are days."""
    by_day = dict(reader.by_day())
    largest = {day: max(names, key=lambda name: (name.size_bytes, name.key)) for day, names in by_day.items()}
    rest = [name for name in reader.segments if name is not largest[name.day]]
    contents = reader.map(reader.store.read_whole, rest)

    def summarize(day: str) -> Summary:
        others = [read_rows(content) for name, content in zip(rest, contents, strict=True) if name.day == day]
        return summarize_day(reader.store, largest[day], join(others).latest())

    return dict(zip(by_day, reader.map(summarize, by_day), strict=True))


def summarize_day(store: SegmentStore, largest: SegmentName, others: Rows) -> Summary:
    """Return the summary of a day's latest rows: those of its largest segment, and the others.

    Of the largest segment only those rows are read that the others have again: they come off its own summary, and the
    latest ones are added.
    """
    head = store.head(largest)
    if not len(others):
        return head.summary
    again = _find_again(store, largest, head, others)
    return head.summary - Summary.of(again) + Summary.of(join([again, others]).latest())


def _find_again(store: SegmentStore, name: SegmentName, head: Head, others: Rows) -> Rows:
    """Return the rows of a segment that are of events of other rows."""
    events = others.columns["event"]
    spans = head.bucket_ranges(events.tolist())
    buckets = store.read(name, list(spans))
    posted = [read_bucket(bucket, hashes) for bucket, hashes in zip(buckets, spans.values(), strict=True)]
    blocks = np.unique(np.concatenate(posted)).tolist()
    contents = store.read(name, [head.block_range(block) for block in blocks])
    rows = join([head.read_block(block, content) for block, content in zip(blocks, contents, strict=True)])
    return rows.take(np.isin(rows.columns["event"], events))
