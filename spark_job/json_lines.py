"""JSON lines as rows of cells: read as the functions read them, so that a line means the same at every door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as sf
from pyspark.sql.types import LongType, StringType, StructField, StructType
from tollgate.core.files.json_pieces import read_json_line

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Columns beside those of an event: what is wrong with its row, and where in the input this stands.
CORRUPT, PATH, BLOCK = "tollgate corrupt row", "tollgate path", "tollgate block"


@dataclass(frozen=True)
class _ReadLines:
    """Reads lines; each gives a row of cells, the last of which says why where it is no event."""

    names: Sequence[str]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches with a cell for each name and for what is wrong in place of the line."""
        names = [*self.names, CORRUPT]
        for batch in batches:
            rows = [self._read(line) for line in batch.column("line").to_pylist()]
            columns = zip(*rows, strict=True) if rows else [[] for _ in names]
            cells = [pa.array(column, pa.string()) for column in columns]
            yield pa.RecordBatch.from_arrays([*cells, *batch.columns[1:]], [*names, *batch.schema.names[1:]])

    def _read(self, line: bytes) -> list[str | None]:
        found, wrong = read_json_line(line)
        if not wrong:
            nested = (name for name in self.names if isinstance(found.get(name), dict | list))
            wrong = next((f'column "{name}": a nested value is not a text' for name in nested), "")
        if wrong:
            return [*(None for _ in self.names), wrong]
        return [*(write_cell(found.get(name)) for name in self.names), None]


def read_json_lines(spark: SparkSession, path: str, names: Sequence[str], encoding: str | None) -> DataFrame:
    """Read a file or a folder of JSON lines: a column of text for each name, then `CORRUPT`, `PATH` and `BLOCK`.

    Blank lines are passed over. `CORRUPT` says what is wrong with a line, null where nothing is.
    """
    if encoding is None:
        lines = spark.read.text(path).withColumnRenamed("value", "line")
    else:
        # Spark's reader of text knows no encodings: a line is a table's single cell.
        one = StructType([StructField("line", StringType())])
        lines = spark.read.csv(path, schema=one, sep="\1", quote="", encoding=encoding, maxCharsPerColumn=-1)
    placed = lines.where(sf.trim(sf.col("line")) != "").select(
        sf.col("line").cast("binary").alias("line"),
        sf.col("_metadata.file_path").alias(PATH),
        sf.col("_metadata.file_block_start").alias(BLOCK),
    )
    texts = [StructField(name, StringType()) for name in (*names, CORRUPT, PATH)]
    return placed.mapInArrow(_ReadLines(names), StructType([*texts, StructField(BLOCK, LongType())]))


def write_cell(value: object) -> str | None:
    """Return a value of JSON that is not nested, as text that is read as the value would be."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
