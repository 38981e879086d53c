"""Rows of whole numbers are the same however many of them are in memory, and what a disk lacks is told."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.history.spilled_rows import SpilledRows
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore

from tests.hypothesis_profiles import examples

WIDTH = 3
LOT_BYTES = 250 * WIDTH * 8
ASKED = st.lists(st.sets(st.integers(0, 1300), max_size=60), min_size=1, max_size=6)


def values_of(numbers: np.ndarray, turn: int) -> np.ndarray:
    return np.stack([numbers + 1, -numbers, np.full(len(numbers), turn)])


@given(ASKED, st.sampled_from([0, 1, 2, 100]), st.booleans())
@settings(max_examples=examples(80))
def test_what_was_written_last_is_read_and_the_rest_is_zeros(
    asked: list[set[int]], lots_in_memory: int, saves: bool
) -> None:
    expected = np.zeros((WIDTH, 1301), dtype=np.int64)
    with tempfile.TemporaryDirectory() as folder:
        path, size_bytes = Path(folder) / "rows", lots_in_memory * LOT_BYTES
        row_store = RowStore(path, WIDTH, MemoryBudget(size_bytes))
        for turn, some in enumerate(asked):
            numbers = np.array(sorted(some), dtype=np.int64)
            assert np.array_equal(row_store.read(numbers), expected[:, numbers])
            expected[:, numbers] = values_of(numbers, turn)
            row_store.write(numbers, expected[:, numbers])
            if saves:
                row_store.save()
                count = row_store.count
                row_store = RowStore(path, WIDTH, MemoryBudget(size_bytes))
                row_store.load(count)
        every = np.concatenate(
            [np.empty((WIDTH, 0), np.int64), *(columns for _, columns in row_store.walk(97))], axis=1
        )
    assert np.array_equal(every, expected[:, : row_store.count])


def test_rows_that_lie_far_apart_take_no_more_memory_than_a_window(tmp_path: Path) -> None:
    rows = SpilledRows(tmp_path / "rows", WIDTH)
    numbers = np.arange(0, 200_000, 100)

    for turn in (0, 1):
        rows.write(numbers, list(values_of(numbers, turn)))
    found = np.empty((WIDTH, len(numbers)), dtype=np.int64)
    rows.read(numbers, found)

    assert np.array_equal(found, values_of(numbers, 1))
    mapped = Path("/proc/self/maps")
    assert not mapped.exists() or str(tmp_path) not in mapped.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_rather_than_mapped() -> None:
    with pytest.raises(OSError, match="No space left"):
        SpilledRows(Path("/dev/full"), WIDTH).write(np.arange(1), list(values_of(np.arange(1), 1)))
