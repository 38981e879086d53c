"""Parquet writer for results, chunk by chunk, which another process can resume."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_MAGIC = b"PAR1"
_BLANK = bytes(16 << 20)


class OtherColumnsError(ValueError):
    """What was written so far has other columns: an earlier version of Tollgate wrote it."""


@dataclass(frozen=True)
class ParquetSoFar:
    """How large the file is so far, and the footer that it would have: where each row group is."""

    size_bytes: int = 0
    footer: bytes = field(default=b"", repr=False)


class _Sink(io.RawIOBase):
    """Takes what is written, to be handed out at once."""

    def __init__(self) -> None:
        self._taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 - any buffer
        self._taken += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._taken)
        self._taken.clear()
        return taken


class ParquetResults:
    """Turns tables of one schema into the bytes of one Parquet file, beginning after what was written ``so_far``.

    Parquet files cannot be appended to, as their footer holds the place of each row group from the beginning. So a
    later writer counts its places from the end of what is there, and footers are put together.
    """

    def __init__(self, so_far: ParquetSoFar) -> None:
        self._size_bytes = so_far.size_bytes
        self._before = _read_footer(so_far.footer) if so_far.footer else None
        self._sink = _Sink()
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> bytes:
        """Return the bytes that the rows of a table add; raise `OtherColumnsError` where they cannot follow."""
        self._writer = self._writer or self._begin(table.schema)
        self._writer.write_table(table)
        return self._take()

    def pause(self) -> ParquetSoFar:
        """Return what another writer has to know; this one goes on with it as well."""
        footer = self._close()
        self._before = _read_footer(footer) if footer else None
        return ParquetSoFar(self._size_bytes, footer)

    def finish(self) -> bytes:
        """Return the bytes that end the file."""
        return self._close().removeprefix(_MAGIC)

    def _begin(self, schema: pa.Schema) -> pq.ParquetWriter:
        if self._before is not None and self._before.schema.to_arrow_schema().names != schema.names:
            raise OtherColumnsError("The results so far have other columns.")
        stream = pa.PythonFile(self._sink, mode="w")
        writer = pq.ParquetWriter(stream, schema, compression="zstd")
        if not self._size_bytes:
            return writer
        # The stream is led to the place where the file goes on; what is written on the way is dropped.
        left = self._size_bytes - len(_MAGIC)
        while left:
            left -= stream.write(memoryview(_BLANK)[: min(left, len(_BLANK))])
            self._sink.take()
        return writer

    def _take(self) -> bytes:
        taken = self._sink.take()
        self._size_bytes += len(taken)
        return taken

    def _close(self) -> bytes:
        """Return the footer of all row groups so far, as a whole file without rows."""
        metadata = self._before
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            written = _read_footer(_MAGIC + self._sink.take())
            if metadata is None:
                metadata = written
            else:
                metadata.append_row_groups(written)
        if metadata is None:
            return b""
        out = io.BytesIO()
        metadata.write_metadata_file(out)
        return out.getvalue()


def _read_footer(footer: bytes) -> pq.FileMetaData:
    return pq.read_metadata(pa.BufferReader(footer))
