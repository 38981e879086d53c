"""Search of decisions by day, outcome, label, rule, entity and score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tollgate.core.decisions.decision import Downgrade
from tollgate.core.events.cells import earlier_spellings
from tollgate.core.search.entry import UNLABELED, Entry, Rows, join, token
from tollgate.core.search.ordering import position_of
from tollgate.core.search.postings import read_bucket
from tollgate.core.search.query import Query, is_older_than_all
from tollgate.core.search.segment import Head
from tollgate.core.times.timestamps import to_moment, write_moment
from tollgate.errors import InputError
from tollgate.services.container import Container
from tollgate.services.decisions.downgrade import downgrade_of_entry
from tollgate.services.search.read import IndexReader, read_index
from tollgate.services.search.terms import SearchTerms, check_names, read_days, read_query, write_cursor

# Blocks that are read first, more than one page is usually in; each time after that, twice as many.
_FIRST_BLOCKS = 48
# Days that are looked through first for an entity, which most days have little of.
_DAYS_OF_ENTITY = 8
# What one search may read: some 100 MB in memory.
_MAX_ROWS = 400_000


@dataclass(frozen=True)
class Candidate:
    """A block that may hold what is wanted, and the highest value in it."""

    segment: int
    block: int
    highest: float


def search_decisions(container: Container, terms: SearchTerms) -> dict[str, Any]:
    """Return a page of decisions in the asked order, and the cursor of the next one.

    Raises `InputError` for terms that cannot be met, such as an outcome that no version has, `NotFoundError` for an
    unknown detector.
    """
    version = container.champion(terms.detector)
    days = read_days(version.detector, terms.first, terms.last)
    query = read_query(version, terms, days)
    if query.after and query.sort == "newest":
        days = replace(days, last=min(days.last, to_moment(query.after.decided_us).date()))
    page, indexed_s = read_index(container.segments, days, lambda reader: (find_page(reader, query), reader.indexed_s))
    if not len(page):
        check_names(container.versions, version, terms)
    is_full = len(page) == query.limit
    last = position_of(page.columns, len(page) - 1, query.sort) if is_full else None
    return {
        "decisions": [
            _serialize_entry(entry, downgrade_of_entry(container, version.detector, entry)) for entry in page.entries()
        ],
        "cursor": write_cursor(query, days, last) if last else None,
        "indexed_until": None if indexed_s is None else write_moment(indexed_s * 10**6),
    }


def _serialize_entry(entry: Entry, downgraded: Downgrade | None) -> dict[str, Any]:
    """Return a row as it is answered, with the rule that took a stronger outcome away, if any did."""
    kind, amount, probability = entry.kind, entry.amount, entry.probability
    known_at = write_moment(entry.known_us)
    return {
        "event_id": entry.event_id,
        "timestamp": write_moment(entry.time_us),
        "decided_at": write_moment(entry.decided_us),
        "detector_version": kind.version,
        "score": entry.score,
        "probability": probability,
        "outcome": kind.outcome,
        "downgraded": downgraded,
        "amount": amount,
        "money_at_risk": None if amount is None or probability is None else amount * probability,
        "entities": dict(entry.entities),
        "rules": [{"rule": rule, "shadow": shadow} for rule, shadow in kind.rules],
        "label": None if entry.label == UNLABELED else {"label": entry.label, "known_at": known_at},
        **kind.marks(),
    }


def find_page(reader: IndexReader, query: Query) -> Rows:
    """Return the rows of a page, in order. The newest are looked for on the newest days first."""
    if query.sort != "newest":
        return _find_page(reader, query)
    found = join([])
    for days in reader.from_newest(_DAYS_OF_ENTITY if query.entity else 1):
        found = join([found, _find_page(days, query)])
        if len(found) >= query.limit:
            break
    return query.page(found)


def _find_page(reader: IndexReader, query: Query) -> Rows:
    """Return the rows of a page, in order.

    Blocks are read from the one with the highest value on, until none that is left can have a row of this page. An
    event's rows have one value, so its newest row is read before that as well.
    """
    heads = reader.map(reader.store.head, reader.segments)
    left = _candidates(reader, query, heads)
    rows, count = join([]), _FIRST_BLOCKS
    while True:
        now, left = left[:count], left[count:]
        rows = join([rows, *_read_blocks(reader, heads, now)])
        if len(rows) > _MAX_ROWS:
            message = "The search would read too many decisions; choose fewer days, or an entity, outcome or score too."
            raise InputError(message)
        page = query.page(query.select(rows))
        is_full = len(page) == query.limit
        if not left or (is_full and left[0].highest < position_of(page.columns, len(page) - 1, query.sort).value):
            return page
        count *= 2


def _candidates(reader: IndexReader, query: Query, heads: Sequence[Head]) -> list[Candidate]:
    """Return the blocks that may hold what is wanted, those with the highest values first."""
    found = []
    for segment, by_label in enumerate(_may_choose_by_label(reader, heads)):
        for block, highest in query.blocks(heads[segment], by_label=by_label):
            found.append(Candidate(segment, block, highest))
    if query.entity:
        entity, key = query.entity
        hashes = [token(entity, one) for one in (key, *earlier_spellings(key))]
        posted = _find_posted(reader, heads, sorted({one.segment for one in found}), hashes)
        found = [one for one in found if (one.segment, one.block) in posted]
    return sorted(found, key=lambda one: one.highest, reverse=True)


def _may_choose_by_label(reader: IndexReader, heads: Sequence[Head]) -> Iterator[bool]:
    start = 0
    for _, names in reader.by_day():
        of_day = heads[start : start + len(names)]
        for place, head in enumerate(of_day):
            yield is_older_than_all(head, [*of_day[:place], *of_day[place + 1 :]])
        start += len(names)


def _find_posted(
    reader: IndexReader, heads: Sequence[Head], segments: Sequence[int], hashes: Sequence[int]
) -> set[tuple[int, int]]:
    """Return the segments and blocks that have rows of an entity, by the hashes of its spellings."""

    def look(segment: int) -> list[tuple[int, int]]:
        ranges = [heads[segment].bucket_range(hash_) for hash_ in hashes]
        buckets = zip(reader.store.read(reader.segments[segment], ranges), hashes, strict=True)
        return [(segment, block) for bucket, hash_ in buckets for block in read_bucket(bucket, hash_).tolist()]

    return {place for places in reader.map(look, segments) for place in places}


def _read_blocks(reader: IndexReader, heads: Sequence[Head], candidates: Sequence[Candidate]) -> list[Rows]:
    by_segment: dict[int, list[int]] = {}
    for one in candidates:
        by_segment.setdefault(one.segment, []).append(one.block)

    def read(segment: int) -> Rows:
        head, blocks = heads[segment], by_segment[segment]
        contents = reader.store.read(reader.segments[segment], [head.block_range(block) for block in blocks])
        return join([head.read_block(block, content) for block, content in zip(blocks, contents, strict=True)])

    return reader.map(read, by_segment)
