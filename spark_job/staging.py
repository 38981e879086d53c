"""Staging tables in a folder: computed once, then read, by a restarted job too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Stages:
    """The tables of one job, as Parquet below ``folder``: a path of this machine, of HDFS or of S3."""

    spark: SparkSession
    folder: str

    def keep(self, name: str, compute: Callable[[], DataFrame]) -> DataFrame:
        """Return a table, computed unless it is there whole.

        What Spark computes again after a failure may come in another order. What is kept is the same for every reader.
        """
        path = f"{self.folder}/{name}"
        if not exists(self.spark, f"{path}/_SUCCESS"):
            compute().write.mode("overwrite").parquet(path)
        return self.spark.read.parquet(path)

    def drop(self) -> None:
        """Remove all tables."""
        remove(self.spark, self.folder)


def name_after(folder: str) -> str:
    """Return the name under which the work for an output folder is marked as recorded."""
    return f"s-{hashlib.sha256(folder.rstrip('/').encode()).hexdigest()[:20]}"


def exists(spark: SparkSession, path: str) -> bool:
    """Return whether there is a file or folder."""
    place, system = _locate(spark, path)
    return bool(system.exists(place))


def remove(spark: SparkSession, path: str) -> None:
    """Remove a file or folder with all that is in it; nothing happens where there is none."""
    place, system = _locate(spark, path)
    system.delete(place, True)


def _locate(spark: SparkSession, path: str) -> tuple[Any, Any]:
    place = spark._jvm.org.apache.hadoop.fs.Path(path)
    return place, place.getFileSystem(spark._jsc.hadoopConfiguration())
