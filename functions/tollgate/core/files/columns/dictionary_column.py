"""Dictionary columns: a column of keys as codes into its distinct values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.event import PAIR_SEPARATOR, Ints, Keys, join_codes, used_codes
from tollgate.core.files.history.key_hashes import Hashes, KeyHashes


class LazyTexts(Sequence[str]):
    """Texts that become Python's own only where somebody looks at them."""

    def __init__(self, make: Callable[[], pa.StringArray], count: int) -> None:
        self._make = make
        self._count = count

    @cached_property
    def arrow(self) -> pa.StringArray:
        """The texts as an Arrow array."""
        return self._make()

    @cached_property
    def _all(self) -> list[str]:
        texts: list[str] = self.arrow.to_pylist()
        return texts

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return self._all[place]
        text: str = self.arrow[place].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __contains__(self, text: object) -> bool:
        return text in self._all

    def index(self, value: str, start: int = 0, stop: int = 1 << 62) -> int:
        """Return the place of a text."""
        return self._all.index(value, start, stop)


@dataclass(frozen=True)
class DictionaryColumn:
    """A column of n texts as ``codes``, -1 where there is none, into u distinct ``values`` that are all used."""

    codes: Ints
    values: LazyTexts
    make_hashes: Callable[[], Hashes]

    @cached_property
    def hashes(self) -> Hashes:
        """The hashes of the distinct values, shape (u,)."""
        return self.make_hashes()

    @property
    def keys(self) -> Keys:
        """The column as events have it."""
        return Keys(self.codes, self.values)

    def take(self, rows: Ints, hashing: KeyHashes) -> DictionaryColumn:
        """Return the texts of some rows."""
        return DictionaryColumn.of(self.codes[rows], self.values.arrow, hashing)

    @classmethod
    def of(cls, codes: Ints, values: pa.StringArray, hashing: KeyHashes) -> DictionaryColumn:
        """Take codes into texts, some of which may not be used."""
        codes, used = used_codes(codes, len(values))
        if used is not None:
            values = values.take(pa.array(used))
        return cls(codes, LazyTexts(lambda: values, len(values)), lambda: hashing.of_texts(values))


def join_columns(parts: Sequence[DictionaryColumn], hashing: KeyHashes) -> DictionaryColumn:
    """Return the pairs of several columns; missing where any part is."""
    if len(parts) == 1:
        return parts[0]
    codes, first = join_codes([(part.codes, len(part.values)) for part in parts])
    each = [part.codes[first] for part in parts]

    def make() -> pa.StringArray:
        columns = [part.values.arrow.take(pa.array(place)) for part, place in zip(parts, each, strict=True)]
        return pc.binary_join_element_wise(*columns, PAIR_SEPARATOR)

    def make_hashes() -> Hashes:
        return hashing.join([part.hashes[place] for part, place in zip(parts, each, strict=True)])

    return DictionaryColumn(codes, LazyTexts(make, len(first)), make_hashes)
