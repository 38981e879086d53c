"""Size limit of a file, both compressed and uncompressed."""

from __future__ import annotations

from collections.abc import Iterator

from tollgate.core.files.readers.chunks import Chunk, Position, ReadOptions, open_chunks
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError


def open_limited(
    name: str, source: Source, options: ReadOptions, start: Position | None = None, *, max_bytes: int
) -> Iterator[Chunk]:
    """Open a file as `open_chunks` does, from ``start`` on.

    Raises `TableError` where it has more than ``max_bytes``, here or while reading.
    """
    if source.size_bytes > max_bytes:
        raise TableError(f"The file is larger than {_describe_size(max_bytes)}; split it.")
    return _limit(open_chunks(name, source, options, start), max_bytes)


def _limit(chunks: Iterator[Chunk], max_bytes: int) -> Iterator[Chunk]:
    for chunk in chunks:
        # A position counts the bytes of text, unpacked.
        if chunk.after.place > max_bytes:
            raise TableError(f"The file unpacks to more than {_describe_size(max_bytes)}; split it.")
        yield chunk


def _describe_size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:g} GB" if size_bytes >= 10**9 else f"{size_bytes >> 20} MB"
