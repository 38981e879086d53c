"""Rows of whole numbers: what was written last is read, in any number of blocks, also after a save."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.history.histories import load_store, save_store
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.errors import TooManyKeysError

from tests.hypothesis_profiles import examples

WIDTH = 3
ROWS_BYTES = 1500 * WIDTH * 8
ASKED = st.lists(st.sets(st.integers(0, 1300), max_size=60), min_size=1, max_size=6)


def values_of(numbers: np.ndarray, turn: int) -> np.ndarray:
    return np.stack([numbers + 1, -numbers, np.full(len(numbers), turn)])


@given(ASKED, st.booleans())
@settings(max_examples=examples(80))
def test_what_was_written_last_is_read_and_the_rest_is_zeros(asked: list[set[int]], saves: bool) -> None:
    expected = np.zeros((WIDTH, 1301), dtype=np.int64)
    row_store = RowStore(WIDTH, MemoryBudget(ROWS_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        for turn, some in enumerate(asked):
            numbers = np.array(sorted(some), dtype=np.int64)
            assert np.array_equal(row_store.read(numbers), expected[:, numbers])
            expected[:, numbers] = values_of(numbers, turn)
            row_store.write(numbers, expected[:, numbers])
            if saves:
                save_store(Path(folder, "rows"), row_store)
                count = row_store.count
                row_store = RowStore(WIDTH, MemoryBudget(ROWS_BYTES))
                load_store(Path(folder, "rows"), row_store, count)
    every = np.concatenate([np.empty((WIDTH, 0), np.int64), *(columns for _, columns in row_store.walk(97))], axis=1)
    assert np.array_equal(every, expected[:, : row_store.count])


def test_rows_that_older_code_kept_row_by_row_are_taken_up(tmp_path: Path) -> None:
    numbers = np.arange(600)
    columns = values_of(numbers, 7)
    blocks = [columns[:, first : first + 250].reshape(-1) for first in (0, 250)]
    np.concatenate(blocks).tofile(tmp_path / "rows.columns")
    np.ascontiguousarray(columns[:, 500:].T).tofile(tmp_path / "rows")

    row_store = RowStore(WIDTH, MemoryBudget(ROWS_BYTES))
    load_store(tmp_path / "rows", row_store, 600)

    assert np.array_equal(row_store.read(numbers), columns)


def test_more_rows_than_memory_holds_are_refused() -> None:
    row_store = RowStore(WIDTH, MemoryBudget(ROWS_BYTES))
    row_store.write(np.arange(1400), list(values_of(np.arange(1400), 1)))

    with pytest.raises(TooManyKeysError):
        row_store.read(np.array([1600]))


def test_columns_of_zeros_take_no_memory() -> None:
    row_store = RowStore(100, MemoryBudget(ROWS_BYTES))
    numbers, columns = np.arange(1024), np.zeros((100, 1024), dtype=np.int64)
    columns[7] = 1
    row_store.write(numbers, columns)

    assert np.array_equal(row_store.read(numbers), columns)
