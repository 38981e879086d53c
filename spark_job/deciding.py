"""Deciding on the rows of a span, and the columns that their results have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyspark.sql.types import StringType, StructField, StructType
from tollgate.core.decision import decide_in_order
from tollgate.core.event_type import EventType
from tollgate.core.files.cells import free_name, safe_cell
from tollgate.core.files.python_values import python_values
from tollgate.core.reading import read_events, repeated_id
from tollgate.core.row_results import describe_decisions, result_names, say_problem
from tollgate.core.version import DetectorVersion

from spark_job.arrow import read_columns
from spark_job.sealed import SealedVersion
from spark_job.spans import Stored

if TYPE_CHECKING:
    from pyspark import Broadcast

_TYPES = {"score": (pa.int64(), "bigint"), "probability": (pa.float64(), "double")}
_TEXT = (pa.string(), "string")


@dataclass(frozen=True)
class Decide:
    """Decides on the rows of a span; with ``as_text``, all columns are cells of a CSV file."""

    sealed: Broadcast[SealedVersion]
    names: Sequence[str]
    as_text: bool

    def __call__(self, _span: int, stored: Stored, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        """Yield the results of one span: its own columns, the number of the row, and what was decided."""
        version = self.sealed.value.open()
        cells = rows["cells"].combine_chunks()
        added = _decide(version, self.names, stored, rows, cells)
        columns = [
            *cells.flatten(),
            *(pa.array(values, _TYPES.get(name, _TEXT)[0]) for name, values in added.items()),
            pa.array(rows["row"].to_numpy() + 1),
        ]
        if self.as_text:
            columns = [pa.array([safe_cell(value) for value in python_values(column)]) for column in columns]
        yield pa.RecordBatch.from_arrays(columns, result_columns(version, self.names))


def result_columns(version: DetectorVersion, names: Sequence[str]) -> list[str]:
    """Return the names of a result's columns: the table's own, what is decided, and the number of the row from 1."""
    return [*names, *(free_name(name, names) for name in (*result_names(version), "row"))]


def result_schema(version: DetectorVersion, names: Sequence[str], cells: StructType, *, as_text: bool) -> StructType:
    """Return the columns of results with their types."""
    named = result_columns(version, names)
    if as_text:
        return StructType([StructField(name, StringType()) for name in named])
    added = ", ".join(f"c{place} {_TYPES.get(name, _TEXT)[1]}" for place, name in enumerate(result_names(version)))
    types = [field.dataType for field in (*cells.fields, *StructType.fromDDL(f"{added}, row bigint").fields)]
    return StructType([StructField(name, kind) for name, kind in zip(named, types, strict=True)])


def _decide(
    version: DetectorVersion, names: Sequence[str], stored: Stored, rows: pa.Table, cells: pa.StructArray
) -> dict[str, list[Any]]:
    added: dict[str, list[Any]] = {name: [None] * rows.num_rows for name in result_names(version)}
    good = np.flatnonzero(rows["good"].to_numpy())
    if len(good):
        events, problems = read_events(version.event_type, read_columns(version.event_type, names, cells.take(good)))
        assert not problems
        decided = decide_in_order(version, events, stored)
        for name, values in describe_decisions(version, events, decided).items():
            for row, value in zip(good.tolist(), values, strict=True):
                added[name][row] = value
    for row, one in enumerate(rows.select(["good", "id", "row", "first", "problem_column", "problem"]).to_pylist()):
        if not one["good"]:
            added["status"][row] = _say(version.event_type, one)
    return added


def _say(event_type: EventType, row: dict[str, Any]) -> str:
    if row["first"] is None:
        return say_problem(row["problem_column"], row["problem"])
    problem = repeated_id(event_type.id, row["id"], row["row"], row["first"])
    return say_problem(problem.column, problem.message)
