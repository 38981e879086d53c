"""Parquet input with nanosecond timestamps, which Spark itself refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException
from pyspark.sql import functions as sf
from pyspark.sql.types import StructType
from tollgate.errors import TableError

from spark_job.input.quoting import quoted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# The column in which Spark says where a row stands.
METADATA = "_metadata"
_NANOS = "TIMESTAMP(NANOS,"
# Types that Spark refuses, by how Parquet writes them, and what to write in their place.
_REFUSED = {"TIME(": "a text or a timestamp", "FLOAT16": "a float of 32 or 64 bits"}


def read_parquet(spark: SparkSession, path: str) -> DataFrame:
    """Read a file or a folder of Parquet; raise `TableError` that names what Spark cannot read.

    Times in nanoseconds, as pandas writes them, become times in microseconds.
    """
    spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
    types = _find_types(spark, path)
    for name, kind in types.items():
        for refused, remedy in _REFUSED.items():
            if kind.startswith(refused):
                raise TableError(
                    f'"{path}", column "{name}" has the type {kind}, which Spark cannot read: write it as {remedy}.'
                )
    try:
        frame = spark.read.parquet(path)
    except AnalysisException as error:
        raise TableError(f'Spark cannot read "{path}": {str(error).splitlines()[0]}') from None
    return frame.select(*(_to_micros(name, types.get(name, "")) for name in frame.columns), METADATA)


def _find_types(spark: SparkSession, path: str) -> Mapping[str, str]:
    """Return the logical types of columns, as the first file has them."""
    files = spark.read.schema(StructType([])).parquet(path).inputFiles()
    if not files:
        return {}
    java, settings = spark._jvm.org.apache, spark._jsc.hadoopConfiguration()
    place = java.parquet.hadoop.util.HadoopInputFile.fromPath(java.hadoop.fs.Path(files[0]), settings)
    file = java.parquet.hadoop.ParquetFileReader.open(place)
    try:
        fields = list(file.getFooter().getFileMetaData().getSchema().getFields())
    finally:
        file.close()
    kinds = {field.getName(): field.getLogicalTypeAnnotation() for field in fields}
    return {name: str(kind.toString()) for name, kind in kinds.items() if kind is not None}


def _to_micros(name: str, kind: str) -> Column:
    column = sf.col(quoted(name))
    if not kind.startswith(_NANOS):
        return column
    # Divided as whole numbers, which keep every digit; rounded down, as all doors do.
    whole = sf.expr(f"timestamp_micros(({quoted(name)} - pmod({quoted(name)}, 1000)) div 1000)")
    return (whole if kind == f"{_NANOS}true)" else whole.cast("timestamp_ntz")).alias(name)
