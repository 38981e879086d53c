"""Queries: what blocks are chosen and which rows are listed, against looking at every entry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.search.entry import LABELS, Entry, Rows, join, token
from tollgate.core.search.ordering import SORTS, position_of
from tollgate.core.search.query import Query, is_older_than_all
from tollgate.core.search.segment import Head, read_head, write_segment

from tests.core.index.entries import label_some, make_entries

ENTRIES = make_entries(2_500)
STREAM = [*ENTRIES, *label_some(ENTRIES)]
LATEST = list({entry.event_id: entry for entry in sorted(STREAM, key=lambda entry: entry.sequence)}.values())
SEGMENTS = [write_segment(Rows.of(part)) for part in (ENTRIES, STREAM[len(ENTRIES) :])]

QUERIES = st.builds(
    Query,
    outcomes=st.sampled_from([(), ("approve",), ("review",), ("block",), ("nothing",), ("review", "block")]),
    label=st.sampled_from([None, *LABELS]),
    rule=st.sampled_from([None, None, "new device", "seen before", "nothing"]),
    entity=st.sampled_from([None, ("customer", "c7"), ("device", "d1"), ("customer", "d1"), ("nothing", "c7")]),
    scores=st.sampled_from([None, (0, 1000), (900, 1000), (500, 510)]),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 60),
)


def expected(query: Query) -> list[Entry]:
    found = [
        entry
        for entry in LATEST
        if (not query.outcomes or entry.kind.outcome in query.outcomes)
        and query.label in (None, entry.label)
        and (query.rule is None or query.rule in [rule for rule, _ in entry.kind.rules])
        and (query.entity is None or entry.entities.get(query.entity[0]) == query.entity[1])
        and (query.scores is None or (entry.score is not None and query.scores[0] <= entry.score <= query.scores[1]))
    ]
    return sorted(found, key=lambda entry: order(entry, query.sort), reverse=True)


def order(entry: Entry, sort: str) -> tuple[float, int, int]:
    amount = -math.inf if entry.amount is None else entry.amount
    risk = -math.inf if entry.amount is None or entry.probability is None else entry.amount * entry.probability
    score = -1 if entry.score is None else entry.score
    value = {"newest": entry.decided_us, "amount": amount, "score": score, "money_at_risk": risk}[sort]
    return value, entry.decided_us, token("", entry.event_id)


def read_chosen(query: Query, segments: Sequence[bytes]) -> Rows:
    heads = [read_head(content) for content in segments]
    parts = []
    for content, head in zip(segments, heads, strict=True):
        others = [other for other in heads if other is not head]
        for block, _ in query.blocks(head, by_label=is_older_than_all(head, others)):
            parts.append(head.read_block(block, content[slice(*head.block_range(block))]))
    return query.select(join(parts))


@given(QUERIES)
def test_a_query_finds_what_looking_at_everything_finds(query: Query) -> None:
    rows = query.page(read_chosen(query, SEGMENTS))
    assert list(rows.entries()) == expected(query)[: query.limit]


@given(QUERIES)
def test_pages_follow_each_other_without_gap_or_repetition(query: Query) -> None:
    rows = read_chosen(query, SEGMENTS)
    wanted, listed = expected(query)[: 4 * query.limit], []
    for _ in range(4):
        page = query.page(rows)
        listed += list(page.entries())
        if len(page) < query.limit:
            break
        query = replace(query, after=position_of(page.columns, len(page) - 1, query.sort))
    assert listed == wanted


@given(QUERIES)
def test_no_block_has_more_than_its_highest(query: Query) -> None:
    head = read_head(SEGMENTS[0])
    for block, highest in query.blocks(head, by_label=False):
        rows = head.read_block(block, SEGMENTS[0][slice(*head.block_range(block))])
        assert max(order(entry, query.sort)[0] for entry in rows.entries()) == pytest.approx(highest)


def test_what_is_rare_is_in_few_blocks() -> None:
    entries = [replace(entry, kind=ENTRIES[0].kind) for entry in make_entries(20_000)]
    other = next(entry.kind for entry in ENTRIES if entry.kind.outcome == "block")
    rare = [replace(entry, kind=other) if place % 50 == 0 else entry for place, entry in enumerate(entries)]
    head = read_head(write_segment(Rows.of(rare)))
    assert len(head.zones) > 30
    assert len(list(Query(outcomes=("block",)).blocks(head, by_label=True))) <= 2
    assert len(list(Query(scores=(990, 1000)).blocks(head, by_label=True))) <= 6


def test_labels_choose_blocks_only_where_no_segment_is_older() -> None:
    decided, labeled = (read_head(content) for content in SEGMENTS)
    assert is_older_than_all(decided, [])
    lowest = Head(0, ("0" * 40, "1" * 40), 0, (), (), ())
    highest = Head(0, ("2" * 40, "3" * 40), 0, (), (), ())
    assert is_older_than_all(lowest, [highest])
    assert not is_older_than_all(highest, [lowest])
    assert not is_older_than_all(decided, [labeled, lowest])
