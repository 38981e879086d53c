"""File tables in Spark: cells, and the position of each row in the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException
from pyspark.sql import functions as sf
from pyspark.sql.types import StructType
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import require_columns, require_id
from tollgate.core.files.file_format import FileForm
from tollgate.errors import TableError

from spark_job.input.csv_lines import read_csv_lines
from spark_job.input.json_lines import read_json_lines
from spark_job.input.lines import BLOCK, CORRUPT, PATH
from spark_job.input.parquet_tables import METADATA, read_parquet
from spark_job.input.quoting import quoted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_BESIDE = (CORRUPT, PATH, BLOCK, METADATA)
FORMATS = ("csv", "parquet", "json")


@dataclass(frozen=True)
class Table:
    """Rows of cells. ``names`` are the file's columns.

    ``frame`` has ``cells``, a struct of c0, c1 and so on in the order of the names; ``corrupt``, what is wrong with a
    row that holds no event, else null; and ``path``, ``block`` and ``position``, which order the rows as they came.
    """

    names: Sequence[str]
    frame: DataFrame

    @property
    def cells(self) -> StructType:
        """The types of the cells."""
        kind: StructType = self.frame.schema["cells"].dataType
        return kind


def read_table(spark: SparkSession, path: str, form: str, event_type: EventType, files: FileForm) -> Table:
    """Read a file, or a folder of files with the same columns, of one of `FORMATS`.

    ``files`` says how these are written; a delimiter that it does not say is found in the header. Raises `TableError`
    where a declared column is missing.
    """
    # Columns that no detector declares may differ from declared ones in case only.
    spark.conf.set("spark.sql.caseSensitive", "true")
    names: Sequence[str]
    try:
        if form == "csv":
            names, frame = read_csv_lines(spark, path, files)
        elif form == "json":
            names = list(event_type.variables)
            frame = read_json_lines(spark, path, names, files.encoding)
        else:
            frame = read_parquet(spark, path)
            names = [name for name in frame.columns if name != METADATA]
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        raise TableError(f'There is no file or folder "{path}".') from None
    require_id(event_type)
    require_columns(event_type, names)
    if form == "parquet":
        return Table(names, _place(frame, sf.col("_metadata.file_path"), sf.col("_metadata.file_block_start")))
    return Table(names, _place(frame, sf.col(quoted(PATH)), sf.col(quoted(BLOCK))))


def take_frame(frame: DataFrame, event_type: EventType) -> Table:
    """Take a table that Spark has already, such as a micro-batch; its rows come in the order of its partitions.

    A column `CORRUPT` says what is wrong with rows that hold no event.
    """
    names = [name for name in frame.columns if name != CORRUPT]
    require_id(event_type)
    require_columns(event_type, names)
    return Table(names, _place(frame, sf.lit(""), sf.lit(0).cast("bigint")))


def _place(frame: DataFrame, path: Column, block: Column) -> DataFrame:
    """Return the rows in the form of a `Table`. Columns go by place: names may differ in case only, or hold dots."""
    cells = [sf.col(quoted(name)) for name in frame.columns if name not in _BESIDE]
    corrupt = sf.col(quoted(CORRUPT)) if CORRUPT in frame.columns else sf.lit(None).cast("string")
    return frame.select(
        sf.struct(*(cell.alias(f"c{place}") for place, cell in enumerate(cells))).alias("cells"),
        corrupt.alias("corrupt"),
        path.alias("path"),
        block.alias("block"),
        sf.monotonically_increasing_id().alias("position"),
    )
