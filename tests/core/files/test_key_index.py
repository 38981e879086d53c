"""The hash index finds every key that was added, and no other, however many there are and whatever their hashes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.history.key_index import UNKNOWN, KeyIndex
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.errors import TooManyKeysError

from tests.hypothesis_profiles import examples

# Some name the same place, among them the last one.
HASHES = st.one_of(st.integers(1, 40), st.integers(1, 40).map(lambda high: high << 40), st.just((1 << 64) - 1))


@given(st.lists(st.sets(HASHES, max_size=30), max_size=5))
@settings(max_examples=examples(80))
def test_what_was_added_is_found(parts: list[set[int]]) -> None:
    index, known = KeyIndex(MemoryBudget(1 << 20)), dict[int, int]()
    for part in parts:
        new = np.array(sorted(part - known.keys()), dtype=np.uint64)
        numbers = np.arange(len(known), len(known) + len(new))
        index.add(new, numbers)
        known |= dict(zip(new.tolist(), numbers.tolist(), strict=True))
        asked = np.array([*known, 12_345_678], dtype=np.uint64)
        assert index.find(asked).tolist() == [*known.values(), UNKNOWN]


def test_it_grows_and_is_the_same_after_a_save(tmp_path: Path) -> None:
    hashes = np.random.default_rng(0).integers(1, 1 << 63, 100_000).astype(np.uint64)
    index = KeyIndex(MemoryBudget(1 << 23))
    for first in range(0, len(hashes), 7000):
        index.add(hashes[first : first + 7000], np.arange(first, min(first + 7000, len(hashes))))
    index.save(tmp_path, "x")
    again = KeyIndex(MemoryBudget(1 << 23))
    again.load(tmp_path, "x")

    for one in (index, again):
        assert np.array_equal(one.find(hashes), np.arange(len(hashes)))
        assert (one.find(hashes + np.uint64(1)) == UNKNOWN).all()


def test_more_keys_than_memory_holds_are_refused() -> None:
    index = KeyIndex(MemoryBudget(1 << 18))

    with pytest.raises(TooManyKeysError):
        index.add(np.arange(1, 100_000).astype(np.uint64), np.arange(1, 100_000))
