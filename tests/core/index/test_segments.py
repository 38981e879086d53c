"""Segments: whatever becomes of a day's rows on their way, what is read is the latest row of each event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.search.entry import LABELS, Entry, Rows, join, token
from tollgate.core.search.postings import read_bucket
from tollgate.core.search.segment import (
    SegmentError,
    find_labels,
    head_end,
    read_head,
    read_rows,
    read_summary,
    write_segment,
)
from tollgate.core.search.summary import Summary

from tests.core.index.entries import label_some, make_entries

ENTRIES = make_entries(120)
STREAM = [*ENTRIES, *label_some(ENTRIES)]


def latest(stream: list[Entry]) -> dict[str, Entry]:
    """What the stream comes to, one record after the other."""
    return {entry.event_id: entry for entry in sorted(stream, key=lambda entry: entry.sequence)}


def read(rows: Rows) -> dict[str, Entry]:
    found = list(rows.entries())
    assert len({entry.event_id for entry in found}) == len(found)
    return {entry.event_id: entry for entry in found}


def test_entries_come_back_as_they_were_written() -> None:
    rows = read_rows(write_segment(Rows.of(ENTRIES)))
    assert read(rows) == {entry.event_id: entry for entry in ENTRIES}


def test_any_text_can_be_an_id_or_a_key() -> None:
    odd = ["a\nb", "\u2028", '"', "Bäcker 🂡", "\x00", " "]
    entries = [replace(ENTRIES[0], event_id=text, entities={"customer": text}) for text in odd]
    assert read(read_rows(write_segment(Rows.of(entries)))) == {entry.event_id: entry for entry in entries}


@given(data=st.data())
def test_order_repetition_cuts_and_merges_change_nothing(data: st.DataObject) -> None:
    stream = data.draw(st.lists(st.sampled_from(STREAM), min_size=1, max_size=60))
    again = data.draw(st.permutations([*stream, *data.draw(st.lists(st.sampled_from(stream), max_size=20))]))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(again) - 1)), max_size=8)))
    lots = [again[start:stop] for start, stop in zip([0, *cuts], [*cuts, None], strict=True)]
    segments = [write_segment(Rows.of(lot)) for lot in lots if lot]
    for _ in range(data.draw(st.integers(0, 6))):
        some = data.draw(st.sets(st.sampled_from(range(len(segments))), min_size=1))
        merged = write_segment(join([read_rows(segments[place]) for place in some]))
        keeps_old_ones = data.draw(st.booleans())
        segments = [one for place, one in enumerate(segments) if keeps_old_ones or place not in some] + [merged]
    assert read(join([read_rows(segment) for segment in segments]).latest()) == latest(stream)


@given(st.permutations(STREAM[:50]))
def test_the_same_rows_are_the_same_bytes(stream: list[Entry]) -> None:
    assert write_segment(Rows.of(stream)) == write_segment(Rows.of(STREAM[:50]))


def test_postings_find_every_row_of_an_entity_in_few_ranges() -> None:
    entries = make_entries(3_000)
    content = write_segment(Rows.of(entries))
    head = read_head(content[: head_end(content)])
    assert head.rows == 3_000
    assert len(head.zones) > 4
    for entity, key in (("customer", "c7"), ("", "e1234"), ("device", "nobody")):
        hash_ = token(entity, key)
        blocks = read_bucket(content[slice(*head.bucket_range(hash_))], hash_).tolist()
        found = [head.read_block(block, content[slice(*head.block_range(block))]) for block in blocks]
        ids = {entry.event_id for rows in found for entry in rows.entries()}
        wanted = {
            entry.event_id
            for entry in entries
            if (entry.event_id == key if entity == "" else entry.entities.get(entity) == key)
        }
        assert wanted <= ids
        assert len(blocks) <= max(1, len(wanted))
        assert bool(blocks) == bool(wanted)


def test_zones_say_what_is_in_a_block() -> None:
    content = write_segment(Rows.of([*make_entries(2_000), *label_some(make_entries(2_000))]))
    head = read_head(content)
    for block, zone in enumerate(head.zones):
        columns = head.read_block(block, content[slice(*head.block_range(block))]).columns
        assert set(zone.kinds) == set(columns["kind"].tolist())
        assert set(zone.labels) == set(columns["label"].tolist())
        assert zone.scores == (columns["score"].min(), columns["score"].max())
        assert zone.highest["amount"] == np.nanmax(columns["amount"])
        assert zone.highest["newest"] == columns["decided_us"].max()
    # what is rare lies together
    assert sum(len(zone.labels) > 1 for zone in head.zones) <= 2


def test_summaries_add_up_and_come_off_again() -> None:
    before, after = Rows.of(ENTRIES), Rows.of(list(latest(STREAM).values()))
    assert Summary.of(before) + Summary.of(after) - Summary.of(before) == Summary.of(after)
    assert Summary.of(before) - Summary.of(before) == Summary()
    content = write_segment(after)
    assert read_summary(content[slice(*read_head(content).summary_range)]) == Summary.of(after)


def test_events_are_found_with_their_labels() -> None:
    content = write_segment(Rows.of(STREAM))
    found = content[slice(*read_head(content).events_range)]
    wanted = [*ENTRIES, replace(ENTRIES[0], event_id="nobody")]
    is_there, labels = find_labels(found, Rows.of(wanted).columns["event"])
    assert is_there.tolist() == [True] * len(ENTRIES) + [False]
    assert [LABELS[label] for label in labels[:-1]] == [latest(STREAM)[one.event_id].label for one in ENTRIES]


def test_numbers_are_read_without_their_texts() -> None:
    content = write_segment(Rows.of(ENTRIES))
    rows = read_rows(content, with_texts=False)
    assert Summary.of(rows) == Summary.of(Rows.of(ENTRIES))
    assert set(rows.texts) == {""}


def test_a_summary_counts_what_is_there() -> None:
    entries = list(latest(STREAM).values())
    summary = Summary.of(Rows.of(entries))
    assert (
        sum(tally[0] for tally in summary.kinds.values()) == sum(t[0] for t in summary.hours.values()) == len(entries)
    )
    for (kind, label), (count, cents, risk) in summary.kinds.items():
        these = [entry for entry in entries if (entry.kind, entry.label) == (kind, label)]
        assert count == len(these)
        assert cents == sum(round((entry.amount or 0) * 100) for entry in these)
        assert risk == pytest.approx(sum((e.amount or 0) * (e.probability or 0) * 100 for e in these), abs=count)
    scored = [entry for entry in entries if entry.score is not None and 900 <= entry.score < 905]
    assert sum(tally[0] for (score, _), tally in summary.scores.items() if score == 900) == len(scored)


@pytest.mark.parametrize("content", [b"", b"TGIX", b"PAR1" + bytes(40)])
def test_what_is_no_segment_is_told(content: bytes) -> None:
    with pytest.raises(SegmentError):
        read_head(content)
