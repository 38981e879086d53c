"""JSON Lines as rows of cells, read as the functions read them, so that a line means the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from tollgate.core.files.readers.chunk import Position, ReadOptions
from tollgate.core.files.readers.jsonl_reader import LINES_OF_NAMES, read_json_chunks, read_json_line
from tollgate.core.files.readers.source import Held

from spark_job.input.lines import BLOCK, CORRUPT, PATH, cells_schema, find_encoding, read_lines, to_utf8

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class _ReadLines:
    """Reads lines; each gives a row of cells, the last of which says why where it is no event."""

    names: Sequence[str]
    encoding: str | None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches with a cell for each name and for what is wrong in place of the line."""
        names = [*self.names, CORRUPT, PATH, BLOCK]
        for batch in batches:
            found = zip(batch.column("line").to_pylist(), batch.column(PATH).to_pylist(), strict=True)
            lines = [to_utf8(path, line, self.encoding) for line, path in found]
            kept = [place for place, line in enumerate(lines) if line.strip()]
            rows = [self._read(lines[place]) for place in kept]
            columns = zip(*rows, strict=True) if rows else [[] for _ in names[:-2]]
            cells = [pa.array(column, pa.string()) for column in columns]
            placed = batch.take(pa.array(kept, pa.int64())).columns[1:]
            yield pa.RecordBatch.from_arrays([*cells, *placed], names)

    def _read(self, line: bytes) -> list[str | None]:
        found, wrong = read_json_line(line)
        if not wrong:
            nested = (name for name in self.names if isinstance(found.get(name), dict | list))
            wrong = next((f'column "{name}": a nested value is not a text' for name in nested), "")
        if wrong:
            return [*(None for _ in self.names), wrong]
        return [*(write_cell(found.get(name)) for name in self.names), None]


def read_json_lines(spark: SparkSession, path: str, names: Sequence[str], declared: str | None) -> DataFrame:
    """Read a file or a folder of JSON lines in the ``declared`` encoding as `cells_schema` of the names.

    Blank lines are passed over. `CORRUPT` says what is wrong with a line, null where nothing is. Raises `TableError`
    where the first lines are those of something else, as the file door does.
    """
    encoding, lines = find_encoding(path, declared), read_lines(spark, path, "\n")
    first = [to_utf8(path, bytes(row[0]), encoding) for row in lines.select("line").take(LINES_OF_NAMES)]
    if first:
        # Spark has unpacked them.
        name = path.removesuffix(".gz")
        next(read_json_chunks(name, Held(b"\n".join(first)), ReadOptions(), Position()), None)
    return lines.mapInArrow(_ReadLines(names, encoding), cells_schema(names))


def write_cell(value: object) -> str | None:
    """Return a value of JSON that is not nested, as text that is read as the value would be."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
