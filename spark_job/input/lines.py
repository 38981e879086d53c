"""Lines of text files as bytes, with their positions in the input."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf
from pyspark.sql.types import LongType, StringType, StructField, StructType
from tollgate.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

# Columns beside those of an event: what is wrong with its row, and where in the input this stands.
CORRUPT, PATH, BLOCK = "tollgate corrupt row", "tollgate path", "tollgate block"


def read_lines(spark: SparkSession, path: str, ends: str | None = None) -> DataFrame:
    """Read a file or a folder as lines that are not empty: ``line``, its bytes, `PATH` and `BLOCK`.

    Lines end in what ``ends`` says; with None, in a line feed, a carriage return or both.
    """
    lines = spark.read.text(path, lineSep=ends)
    return lines.where(sf.col("value") != "").select(
        sf.col("value").cast("binary").alias("line"),
        sf.col("_metadata.file_path").alias(PATH),
        sf.col("_metadata.file_block_start").alias(BLOCK),
    )


def cells_schema(names: Sequence[str]) -> StructType:
    """Return the columns of lines that were read: a text for each name, then `CORRUPT`, `PATH` and `BLOCK`."""
    texts = [StructField(name, StringType()) for name in (*names, CORRUPT, PATH)]
    return StructType([*texts, StructField(BLOCK, LongType())])


def find_encoding(path: str, declared: str | None) -> str | None:
    """Return the encoding that lines have to be decoded from, None where they are UTF-8.

    Raises `TableError` for one in which a line cannot be told by its last byte.
    """
    encoding = codecs.lookup(declared or "utf-8").name
    if encoding in ("utf-8", "utf-8-sig"):
        return None
    if "\n".encode(encoding) != b"\n":
        raise TableError(f'"{path}" is declared as {encoding}, which Spark cannot split into lines; save it as UTF-8.')
    return encoding


def to_utf8(path: str, line: bytes, encoding: str | None) -> bytes:
    """Return a line as UTF-8; raise `TableError` where it is not of the declared encoding."""
    if encoding is None:
        return line
    try:
        return line.decode(encoding).encode()
    except UnicodeError as error:
        raise TableError(f'"{path}" is not {encoding} text: {error}.') from None
