"""Chunk of a file: consecutive rows, and the options for reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollgate.core.files.file_format import FileForm

# As much as is read and scored at once: more takes more memory, less looks histories up more often.
CHUNK_ROWS = 16_384
CHUNK_BYTES = 5 << 19
# A row group of Parquet is unpacked column by column, at most this much of it at once.
GROUP_BYTES = 512 << 20
MAX_COLUMNS = 4096
MAX_ROW_BYTES = 1 << 20


@dataclass(frozen=True)
class Position:
    """Where reading goes on: the number of the next row, from 0, and the place in the file that its format knows."""

    row: int = 0
    place: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the plain form that a checkpoint holds."""
        return {"row": self.row, "place": self.place}

    @classmethod
    def from_json(cls, plain: Mapping[str, int]) -> Position:
        """Rebuild what `to_json` wrote."""
        return cls(plain["row"], plain["place"])


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file that follow each other.

    ``columns`` has the cells of n rows: Arrow arrays, of text where the file is text, else of the file's own types; or
    lists of what JSON has. ``first_row`` counts from 0. ``misshapen`` maps places within the chunk to what is wrong
    with the whole row. Reading goes on at ``after``.
    """

    names: Sequence[str]
    columns: Sequence[Any]
    first_row: int
    after: Position
    misshapen: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> Any:  # noqa: ANN401 - an Arrow array or a list
        """Return the cells of a column by its name."""
        return self.columns[self.names.index(name)]

    def select(self, start: int, stop: int) -> Chunk:
        """Return the rows from ``start`` to before ``stop``."""
        wrong = {place - start: reason for place, reason in self.misshapen.items() if start <= place < stop}
        columns = [column[start:stop] for column in self.columns]
        return Chunk(self.names, columns, self.first_row + start, self.after, wrong)


@dataclass(frozen=True)
class ReadOptions:
    """What a detector declares of its files, and how much is a chunk at most, or unpacked at once."""

    form: FileForm = field(default_factory=FileForm)
    chunk_rows: int = CHUNK_ROWS
    chunk_bytes: int = CHUNK_BYTES
    group_bytes: int = GROUP_BYTES
