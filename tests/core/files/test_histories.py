"""A file's histories, chunk by chunk, are to the bit those of one replay; what is left is what one at a time leaves."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events
from tollgate.core.files.history.histories import FileHistories, read_from
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.history.labels import NO_FRAUDS
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import StoredHistories, stale_names
from tollgate.errors import TooManyKeysError

from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile
from tests.core.files.scored import in_parts, texts_of
from tests.core.one_by_one import FOLDING, LAZILY, TIDILY, Keeping, Store, make_events, read_history
from tests.core.test_replay import PAYMENTS, PLAN, table_of
from tests.core.timeline import Timeline
from tests.hypothesis_profiles import examples

CUTS = st.lists(st.integers(0, 14), max_size=3)


def read_parts(
    plan: HistoryPlan, parts: list[Events], folder: Path, stored: StoredHistories | None = None, *, saves: bool = False
) -> tuple[FileHistories, np.ndarray, np.ndarray]:
    """Return the histories, and what all events read and were judged; with ``saves``, each chunk by another process."""
    histories = FileHistories(plan, folder, read_from(stored or {}))
    reads = []
    for part in parts:
        reads.append(histories.read(part, texts_of(histories, part)))
        if saves:
            histories.save()
            histories = FileHistories(plan, folder, read_from(stored or {}))
            histories.load()
    return histories, np.concatenate([its.sums for its in reads], axis=1), np.concatenate([its.excess for its in reads])


def assert_as_one_replay(
    plan: HistoryPlan, events: Events, cuts: list[int], stored: StoredHistories | None = None, *, saves: bool = False
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _, sums, excess = read_parts(plan, in_parts(events, cuts), Path(folder), stored, saves=saves)
    whole = replay_histories(plan, events, stored=stored)
    assert np.array_equal(excess, whole.excess)
    for entity, part in plan.layout.parts.items():
        assert np.array_equal(sums[part].T, whole.reads[entity], equal_nan=True), entity


def in_order(events: Events) -> Events:
    return events.take(np.argsort(events.times_us, kind="stable"))


# One limb holds the sum of the current epoch, and not that of the one before.
WIDE_BEFORE = [(-32_000_000, "a", 23_174.0, (math.nan, 0.0), None), *[(0, "a", math.nan, (math.nan, 0.0), None)] * 7]


# One limb holds both sums, and what is added in the next chunk needs two.
WIDE_BEHIND = [
    (-20_000_000, "a", 300.0, (math.nan, 0.0), None),
    (0, "a", math.nan, (math.nan, 0.0), None),
    (25 * 86_400_000_000, "a", 1e12, (math.nan, 0.0), None),
]


@given(st.lists(PAYMENTS, min_size=1, max_size=14), CUTS, st.booleans())
@example(WIDE_BEFORE, [2], False)
@example(WIDE_BEHIND, [2], False)
@settings(max_examples=examples(100))
def test_any_pieces_in_order_of_time_are_one_replay(payments: list, cuts: list[int], saves: bool) -> None:  # type: ignore[type-arg]
    assert_as_one_replay(PLAN, in_order(table_of(payments)[0]), cuts, saves=saves)


@given(st.lists(PAYMENTS, min_size=1, max_size=14))
@settings(max_examples=examples(50))
def test_within_a_piece_rows_need_no_order(payments: list) -> None:  # type: ignore[type-arg]
    assert_as_one_replay(PLAN, table_of(payments)[0], [])


@pytest.mark.parametrize("keeping", [LAZILY, FOLDING, TIDILY], ids=str)
@given(st.lists(PAYMENTS, min_size=2, max_size=14), st.integers(0, 14), CUTS)
@settings(max_examples=examples(50))
def test_any_pieces_on_top_of_what_is_stored_are_one_replay(
    keeping: Keeping,
    payments: list,  # type: ignore[type-arg]
    before: int,
    cuts: list[int],
) -> None:
    past, frauds = table_of(payments[:before]) if before else (make_events([0.0], [None]), NO_FRAUDS)
    store = Store(PLAN, keeping=keeping)
    store.happen(past, Timeline.of(past, frauds))
    stored = {entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in store.sums.items()}

    assert_as_one_replay(PLAN, in_order(table_of(payments[before:] or payments)[0]), cuts, stored)


@pytest.mark.parametrize("saves", [False, True])
def test_the_sample_in_pieces_is_one_replay(sample_csv: Path, quick_detector: DetectorFile, saves: bool) -> None:
    plan = plan_history(quick_detector.event_type, quick_detector.half_lives_s)
    events = read_labeled_events(sample_csv, quick_detector.event_type).events

    assert_as_one_replay(plan, events, [3000, 3001, 11_000] if saves else [], saves=saves)


def test_a_file_with_more_keys_than_memory_holds_is_refused_with_what_to_do(tmp_path: Path) -> None:
    histories = FileHistories(PLAN, tmp_path, memory=MemoryBudget(2_000_000))
    many = make_events([100.0] * 20_000, [f"customer {number}" for number in range(20_000)])

    with pytest.raises(TooManyKeysError, match=r"more keys than the 2 MB .* Spark application"):
        histories.read(many, texts_of(histories, many))


@given(st.lists(PAYMENTS, min_size=1, max_size=14), CUTS)
@settings(max_examples=examples(60))
def test_what_a_file_adds_reads_as_what_one_at_a_time_leaves(payments: list, cuts: list[int]) -> None:  # type: ignore[type-arg]
    events = in_order(table_of(payments)[0])
    store = Store(PLAN, keeping=TIDILY)
    store.happen(events, Timeline.of(events))
    with tempfile.TemporaryDirectory() as folder:
        histories, _, _ = read_parts(PLAN, in_parts(events, cuts), Path(folder))
        left = [(entity, key, dict(sums)) for entity, key, sums in histories.additions()]
    last_s = {
        (entity, keys.values[code]): float(time_s)
        for entity, keys in events.entities.items()
        for code, time_s in zip(keys.codes.tolist(), events.times_s.tolist(), strict=True)
        if code >= 0
    }

    assert sorted((entity, key) for entity, key, _ in left) == sorted(last_s)
    for entity, key, sums in left:
        time_s = last_s[entity, key]
        assert not stale_names(PLAN, sums, time_s)
        for later_s in (0.0, 1.0, 40.0, 9 * 86_400.0):
            one_by_one = read_history(PLAN, entity, store.of(entity, key), time_s + later_s)
            assert np.array_equal(read_history(PLAN, entity, sums, time_s + later_s), one_by_one), (entity, later_s)


def test_a_late_event_in_a_later_piece_reads_as_of_the_latest_and_adds_to_the_epochs_that_are_kept(
    tmp_path: Path,
) -> None:
    # Half-life 1 s: an epoch is 32 s.
    parts = [
        make_events([100.0], ["a"]),
        make_events([90.0], ["a"]),
        make_events([10.0], ["a"]),
        make_events([101.0], ["a"]),
    ]
    histories, sums, _ = read_parts(PLAN, parts, tmp_path)
    count = PLAN.layout.places["customer", "n", 0]

    assert sums[count, 1] == pytest.approx(1, rel=1e-3), "it is read as of the first one"
    assert sums[count, 2] == pytest.approx(1 + 2.0**-10, rel=1e-3)
    assert sums[count, 3] == pytest.approx(2.0**-1 + 2.0**-11, rel=1e-3)
    (sums_left,) = [left for entity, key, left in histories.additions() if (entity, key) == ("customer", "a")]
    assert {name for name in sums_left if name.startswith("n0")} == {"n03", "n02"}
