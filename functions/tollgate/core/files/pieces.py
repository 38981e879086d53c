"""A file as pieces of rows, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tollgate.core.files.sources import Source
from tollgate.core.table_files import read_file

PIECE_ROWS = 65_536


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
class Piece:
    """Some rows of a file that follow each other.

    ``columns`` has the cells of n rows: text where the file is text, else of the file's own types. ``first_row`` counts
    from 0. ``misshapen`` maps places within the piece to what is wrong with the whole row. Reading goes on at ``after``.
    """

    names: Sequence[str]
    columns: Sequence[pa.Array]
    first_row: int
    after: Position
    misshapen: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


@dataclass(frozen=True)
class ReadOptions:
    """What a detector declares of its files; None where the file itself tells. ``piece_rows`` is the most of a piece."""

    delimiter: str | None = None
    encoding: str | None = None
    piece_rows: int = PIECE_ROWS


def open_pieces(
    name: str, source: Source, options: ReadOptions | None = None, start: Position | None = None
) -> Iterator[Piece]:
    """Yield the pieces of a file from ``start`` on; the same file always has the same ones.

    Raises `TableError` when the file is not what its name says: before the first piece, or where damage is met.
    """
    options, start = options or ReadOptions(), start or Position()
    table = read_file(name, source.read_at(0, source.size_bytes), 1 << 40)
    for first in range(start.row, len(table), options.piece_rows):
        stop = min(first + options.piece_rows, len(table))
        columns = [pa.array(_same_kind(column[first:stop])) for column in table.columns]
        misshapen = {row - first: why for row, why in table.misshapen.items() if first <= row < stop}
        yield Piece(table.names, columns, first, Position(stop, stop), misshapen)


def _same_kind(values: Sequence[Any]) -> Sequence[Any]:
    return list(values)
