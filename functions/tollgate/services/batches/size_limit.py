"""Size limit of a file, as it is sent and as it is unpacked."""

from __future__ import annotations

from collections.abc import Iterator

from tollgate.core.files.readers.chunks import Chunk, Position, ReadOptions, open_chunks
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError


def open_within(
    name: str, source: Source, options: ReadOptions, start: Position | None = None, *, most_bytes: int, said: str
) -> Iterator[Chunk]:
    """Open a file as `open_chunks` does, from ``start`` on.

    Raises `TableError` where it has more than ``most_bytes``, which is ``said`` as "10 GB", here or while reading.
    """
    if source.size_bytes > most_bytes:
        raise TableError(f"The file is larger than {said}; split it.")
    return _within(open_chunks(name, source, options, start), most_bytes, said)


def _within(chunks: Iterator[Chunk], most_bytes: int, said: str) -> Iterator[Chunk]:
    for chunk in chunks:
        # A position counts the bytes of text, unpacked.
        if chunk.after.place > most_bytes:
            raise TableError(f"The file unpacks to more than {said}; split it.")
        yield chunk
