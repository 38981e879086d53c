"""Files as Spark reads them: cells, and where in the input each row stands."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf
from pyspark.sql.types import StringType, StructField, StructType
from tollgate.core.event_type import EventType
from tollgate.core.file_form import FileForm
from tollgate.core.files.csv_dialect import declares_delimiter, find_delimiter, say_cells
from tollgate.core.reading import require_columns, require_id
from tollgate.errors import TableError

from spark_job.json_lines import BLOCK, CORRUPT, PATH, read_json_lines

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

FORMATS = ("csv", "parquet", "json")


@dataclass(frozen=True)
class Table:
    """Rows of cells. ``names`` are the file's columns; ``delimiter`` is None where it is not text in columns.

    ``frame`` has ``cells``, a struct of c0, c1 and so on in the order of the names; ``corrupt``, the text of a row that
    does not fit the columns, else null, or what is wrong with it where the table ``says_why``; and ``path``, ``block``
    and ``position``, which order the rows as they came.
    """

    names: Sequence[str]
    frame: DataFrame
    delimiter: str | None = None
    says_why: bool = False

    @property
    def cells(self) -> StructType:
        """The types of the cells."""
        kind: StructType = self.frame.schema["cells"].dataType
        return kind


def say_corrupt(text: str, delimiter: str | None, width: int) -> str:
    """Return what is wrong with a row of CSV whose ``text`` does not fit the columns."""
    assert delimiter is not None
    return say_cells(len(next(csv.reader([text], delimiter=delimiter), [])), width, text.encode())


def read_table(spark: SparkSession, path: str, form: str, event_type: EventType, files: FileForm) -> Table:
    """Read a file, or a folder of files with the same columns, of one of `FORMATS`.

    ``files`` says how these are written; a delimiter that it does not say is found in the header. Raises `TableError`
    where a declared column is missing.
    """
    encoding = None
    if files.encoding is not None:
        # By itself Spark takes seven encodings; Java knows those of older programs too, by the codecs' own names.
        spark.conf.set("spark.sql.legacy.javaCharsets", "true")
        encoding = codecs.lookup(files.encoding).name
    if form == "csv":
        header = _read_header(spark, path, encoding)
        delimiter = files.delimiter or find_delimiter(header)
        cells = next(csv.reader([header], delimiter=delimiter), [])
        names, frame = [cell.strip() for cell in cells], _read_csv(spark, path, cells, delimiter, encoding)
    elif form == "json":
        names = list(event_type.variables)
        delimiter, frame = None, read_json_lines(spark, path, names, encoding)
    else:
        delimiter, frame = None, spark.read.parquet(path)
        names = frame.columns
    require_id(event_type)
    require_columns(event_type, names)
    if form == "json":
        return Table(names, _place(frame, sf.col(_quoted(PATH)), sf.col(_quoted(BLOCK))), says_why=True)
    return Table(names, _place(frame, sf.col("_metadata.file_path"), sf.col("_metadata.file_block_start")), delimiter)


def take_frame(frame: DataFrame, event_type: EventType) -> Table:
    """Take a table that Spark has already, such as a micro-batch; its rows come in the order of its partitions.

    A column `CORRUPT` says what is wrong with rows that hold no event.
    """
    names = [name for name in frame.columns if name != CORRUPT]
    require_id(event_type)
    require_columns(event_type, names)
    return Table(names, _place(frame, sf.lit(""), sf.lit(0).cast("bigint")), says_why=True)


def _read_header(spark: SparkSession, path: str, encoding: str | None) -> str:
    """Return the first line of a text file, or of the first one in a folder."""
    # As a single cell: Spark's reader of text knows no encodings.
    one = StructType([StructField("line", StringType())])
    first = spark.read.csv(path, schema=one, sep="\1", quote="", encoding=encoding, maxCharsPerColumn=-1).first()
    header = str(first[0]).removeprefix("\ufeff") if first else ""
    if not header.strip():
        raise TableError(f'"{path}" has no header: its first line has to name the columns.')
    if declares_delimiter(header):
        raise TableError(f'"{path}" begins with the line {header.strip()} that Excel reads: delete it for Spark.')
    return header


def _read_csv(spark: SparkSession, path: str, header: Sequence[str], delimiter: str, encoding: str | None) -> DataFrame:
    return spark.read.csv(
        path,
        schema=_texts(header),
        sep=delimiter,
        encoding=encoding,
        header=True,
        enforceSchema=False,  # every file has to have the same header
        escape='"',
        columnNameOfCorruptRecord=CORRUPT,
        maxCharsPerColumn=-1,
    )


def _texts(names: Sequence[str]) -> StructType:
    return StructType([StructField(name, StringType()) for name in (*names, CORRUPT)])


def _place(frame: DataFrame, path: Column, block: Column) -> DataFrame:
    """Return the rows in the form of a `Table`. Columns go by place: names may differ in case only, or hold dots."""
    cells = [sf.col(_quoted(name)) for name in frame.columns if name not in (CORRUPT, PATH, BLOCK)]
    corrupt = sf.col(_quoted(CORRUPT)) if CORRUPT in frame.columns else sf.lit(None).cast("string")
    return frame.select(
        sf.struct(*(cell.alias(f"c{place}") for place, cell in enumerate(cells))).alias("cells"),
        corrupt.alias("corrupt"),
        path.alias("path"),
        block.alias("block"),
        sf.monotonically_increasing_id().alias("position"),
    )


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
