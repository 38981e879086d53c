"""Reader of files of every format as chunks of rows, in the order of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from tollgate.core.files.file_format import SUFFIXES
from tollgate.core.files.readers.chunk import Chunk, Position, ReadOptions
from tollgate.core.files.readers.csv_reader import read_csv_chunks
from tollgate.core.files.readers.jsonl_reader import read_json_chunks
from tollgate.core.files.readers.magic import GZIP, PARQUET, ZSTD, look_at
from tollgate.core.files.readers.parquet_reader import count_parquet_rows, read_parquet_chunks
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError

__all__ = ["Chunk", "Position", "ReadOptions", "count_rows", "join_chunks", "open_chunks"]


def count_rows(name: str, source: Source) -> int | None:
    """Return how many rows a file has, None where only reading it tells; raise `TableError` for a damaged one."""
    return count_parquet_rows(name, source) if _is_parquet(name, look_at(name, source)) else None


def _is_parquet(name: str, kind: str | None) -> bool:
    if not name.lower().endswith(".parquet"):
        return kind == PARQUET
    if kind in (GZIP, ZSTD):
        raise TableError(f'"{name}" is packed by {kind}; unpack it first, as Parquet packs its columns itself.')
    return True


def open_chunks(
    name: str, source: Source, options: ReadOptions | None = None, start: Position | None = None
) -> Iterator[Chunk]:
    """Yield the chunks of a file from ``start`` on; the same file always has the same ones.

    Raises `TableError` when the file is not what its name says: before the first chunk, or where damage is met.
    """
    options, start = options or ReadOptions(), start or Position()
    lower = name.lower()
    if not lower.endswith(SUFFIXES):
        raise TableError(f'"{name}" is not one of {", ".join(SUFFIXES)}; convert it to one of these first.')
    if not source.size_bytes:
        raise TableError(f'"{name}" is empty.')
    kind = look_at(name, source)
    if _is_parquet(name, kind):
        yield from read_parquet_chunks(name, source, options, start)
    elif ".jsonl" in lower or ".ndjson" in lower:
        yield from read_json_chunks(name, source, options, start)
    else:
        yield from read_csv_chunks(name, source, options, start)


def join_chunks(
    chunks: Iterable[Chunk], check: Callable[[Sequence[str]], None], wanted: Callable[[str], bool]
) -> tuple[Chunk, Sequence[str]]:
    """Return the ``wanted`` columns of all chunks of a file as one, and the names of all of the file's columns.

    ``check`` looks at these names first, and raises what is wrong with them.
    """
    names: Sequence[str] = ()
    kept: Sequence[int] = ()
    parts: list[list[Any]] = []
    misshapen: dict[int, str] = {}
    after = Position()
    for chunk in chunks:
        if not parts:
            names = chunk.names
            check(names)
            kept = [place for place, name in enumerate(names) if wanted(name)]
        parts.append([chunk.columns[place] for place in kept])
        misshapen |= {chunk.first_row + place: reason for place, reason in chunk.misshapen.items()}
        after = chunk.after
    columns = [_join(some) for some in zip(*parts, strict=True)]
    return Chunk([names[place] for place in kept], columns, 0, after, misshapen), names


def _join(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - Arrow arrays or lists
    if isinstance(parts[0], list):
        return list(chain.from_iterable(parts))
    return parts[0] if len(parts) == 1 else pa.chunked_array(parts)
