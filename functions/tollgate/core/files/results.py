"""Results of a chunk: the file's columns and the decisions, as CSV without formulas that a spreadsheet would run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.explanations.explain import TOP
from tollgate.core.files.columns.arrow_columns import (
    hex_column,
    is_bytes,
    is_nested,
    is_text_type,
    plain_column,
    python_values,
    text_or_hex,
    unwrap,
)
from tollgate.core.files.decide_chunk import ChunkDecisions
from tollgate.core.files.readers.chunk import Chunk

Bytes = npt.NDArray[np.uint8]

DECIDED = "ok"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_BREAKS = b'",\r\n'
_EMPTY = {"null_handling": "replace", "null_replacement": ""}
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = np.zeros(256, dtype=bool)
_FORMULA[[ord(start) for start in _FORMULA_STARTS]] = True


def result_names(version: DetectorVersion, names: Sequence[str]) -> list[str]:
    """Return the columns that Tollgate adds to a file's own ``names``, in their order."""
    rules = ["rules"] if version.rules.rules else []
    rules += ["downgraded_from"] if version.rules.may_downgrade else []
    clock = ["clock"] if version.safety.clock == "now" else []
    reasons = [f"reason_{number}" for number in range(1, TOP + 1)] if version.reasons is not None else []
    return [free_name(name, names) for name in ("score", "probability", "outcome", *rules, "status", *clock, *reasons)]


def tabulate(
    version: DetectorVersion,
    chunk: Chunk,
    places: Ints,
    decided: ChunkDecisions,
    problems: Mapping[int, tuple[str, str]],
    clocks: Mapping[int, str],
) -> pa.Table:
    """Return the columns of a chunk and those that Tollgate adds.

    ``decided`` is of the usable rows, at ``places``; ``problems`` maps the others to the column and what is wrong.
    ``clocks`` maps the rows that were decided as of the clock to its time.
    """
    n = len(chunk)
    added = [
        _spread(n, places, pa.array(decided.scores, pa.int16())),
        _spread(n, places, pa.array(decided.probabilities)),
        _spread(n, places, pa.array(list(version.order), pa.string()).take(pa.array(decided.ranks))),
    ]
    if version.rules.rules:
        added.append(_spread(n, places, _texts(len(places), "", decided.rules)))
    if version.rules.may_downgrade:
        taken = {place: version.order[rank] for place, rank in decided.downgraded.items()}
        added.append(_spread(n, places, _texts(len(places), "", taken)))
    said = {row: _say_problem(*problem) for row, problem in problems.items()}
    added.append(_texts(n, DECIDED, said))
    if version.safety.clock == "now":
        added.append(_texts(n, "", clocks))
    if version.reasons is not None:
        added += [_reasons(n, places, decided.reasons, number) for number in range(TOP)]
    names = [*chunk.names, *result_names(version, chunk.names)]
    declared = version.event_type.accepted
    own = [as_column(c, is_text=name in declared) for name, c in zip(chunk.names, chunk.columns, strict=True)]
    return pa.table([*own, *added], names=names)


def write_lines(table: pa.Table, *, header: bool) -> bytes:
    """Return a table as lines of CSV, with a header if this is the beginning of the file."""
    head = ",".join(_quote(safe_cell(name)) for name in table.column_names).encode() + b"\n" if header else b""
    cells = [_quote_cells(guard_cells(column.combine_chunks())) for column in table.columns]
    # The last cells bring the ends of the lines: whole lines would be copied once more for it.
    cells[-1] = pc.binary_join_element_wise(cells[-1], "", "\n", **_EMPTY)
    text, bounds = _text_of(pc.binary_join_element_wise(*cells, ",", **_EMPTY))
    return head + text[bounds[0] : bounds[-1]].tobytes()


def _spread(n: int, places: Ints, values: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Put the values of usable rows in their places among n rows."""
    if len(values) == n:
        return values
    where = np.full(n, -1, dtype=np.int64)
    where[places] = np.arange(len(places))
    return values.take(pa.array(where, mask=where < 0))


def _texts(n: int, usual: str, others: Mapping[int, str]) -> Any:  # noqa: ANN401
    """Return n texts that are ``usual`` but for a few, by their places."""
    which = np.zeros(n, dtype=np.int64)
    which[list(others)] = np.arange(1, len(others) + 1)
    return pa.array([usual, *others.values()], pa.string()).take(pa.array(which))


def _say_problem(column: str, message: str) -> str:
    """Return the status of a row that cannot be used; without a ``column``, the problem is the whole row's."""
    return f'error: column "{column}": {message}' if column else f"error: {message}"


def _reasons(n: int, places: Ints, reasons: Mapping[int, Sequence[str]], number: int) -> Any:  # noqa: ANN401
    told = {place: its[number] for place, its in reasons.items() if number < len(its)}
    which = np.full(n, -1, dtype=np.int64)
    which[places[list(told)]] = np.arange(len(told))
    return pa.array(list(told.values()), pa.string()).take(pa.array(which, mask=which < 0))


def as_column(column: Any, *, is_text: bool) -> Any:  # noqa: ANN401
    """Return a column of a chunk as an Arrow array that can be written: what is no text in JSON is written as JSON.

    Bytes stay bytes unless the column ``is_text``, and so does every type that Parquet has.
    """
    if isinstance(column, list):
        return pa.array([_json_text(value) for value in column], pa.string())
    if is_text and is_bytes(unwrap(column[:0]).type):
        return text_or_hex(column)
    if pa.types.is_dictionary(column.type):
        column = unwrap(column)
    return column if _is_in_parquet(column.type) else _as_text(column)


@lru_cache(maxsize=1024)
def _is_in_parquet(kind: pa.DataType) -> bool:
    try:
        pq.write_table(pa.table([pa.nulls(1, kind)], names=["column"]), pa.BufferOutputStream())
    except (pa.ArrowException, OSError, TypeError):
        return False
    return True


def _json_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def guard_cells(column: Any) -> Any:  # noqa: ANN401
    """Return an Arrow array as it may stand in CSV: text that a spreadsheet would run with an apostrophe in front."""
    if not pa.types.is_string(column.type):
        return guard_cells(_as_text(column)) if _may_be_formula(unwrap(column[:0]).type) else _as_text(column)
    at_risk = _find_formulas(column)
    if not len(at_risk):
        return column
    cells = column.take(pa.array(at_risk))
    hostile = at_risk[~np.asarray(pc.match_substring_regex(cells, _NUMBER))]
    if not len(hostile):
        return column
    return _put(column, hostile, pa.array([safe_cell(cell) for cell in column.take(pa.array(hostile)).to_pylist()]))


def _put(column: Any, places: Ints, cells: Any) -> Any:  # noqa: ANN401
    """Return a column with other cells at some places, which rise."""
    mask = np.zeros(len(column), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(column, pa.array(mask), cells.cast(column.type))


def _text_of(column: Any) -> tuple[Bytes, Ints]:  # noqa: ANN401
    """Return the bytes of n cells of text, and where each of these begins and the last one ends, shape (n + 1,)."""
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets or bytes(4), dtype=np.int32).astype(np.int64)
    return np.frombuffer(data or b"", dtype=np.uint8), bounds[column.offset : column.offset + len(column) + 1]


def _find_formulas(column: Any) -> Ints:  # noqa: ANN401
    """Return the places of cells that begin as a formula does, or as a number with a sign."""
    text, bounds = _text_of(column)
    if not len(text):
        return np.empty(0, dtype=np.int64)
    starts = np.minimum(bounds[:-1], len(text) - 1)
    return np.flatnonzero(_FORMULA[text.take(starts)] & (bounds[1:] > bounds[:-1]))


def _may_be_formula(kind: pa.DataType) -> bool:
    return is_text_type(kind) or is_nested(kind)


def _as_text(column: Any) -> Any:  # noqa: ANN401
    """Return a column of any type as text: bytes in hexadecimal, nested values as JSON, all else as Arrow writes it."""
    column = unwrap(column)
    if is_bytes(column.type):
        return hex_column(column)
    if is_nested(column.type):
        return pa.array([_json_text(value) for value in python_values(column)], pa.string())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return plain_column(column).values.cast(pa.string())


def _quote_cells(column: Any) -> Any:  # noqa: ANN401
    """Return a column with quotes around the cells that would be read as several without."""
    text, bounds = _text_of(column)
    own = text[bounds[0] : bounds[-1]].tobytes()
    if not any(character in own for character in _BREAKS):
        return column
    found = np.flatnonzero(np.isin(np.frombuffer(own, dtype=np.uint8), list(_BREAKS))) + bounds[0]
    places = np.unique(np.searchsorted(bounds, found, side="right") - 1)
    doubled = pc.replace_substring(column.take(pa.array(places)), '"', '""')
    return _put(column, places, pc.binary_join_element_wise('"', doubled, '"', ""))


def _quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(character in cell for character in '",\r\n') else cell


def safe_cell(value: object) -> str:
    """Return a value as a CSV cell: numbers as they are, an apostrophe before a text that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if not text.startswith(_FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return a name for a column that Tollgate adds to a file: with `tollgate_` in front where it is taken."""
    return name if name not in taken else free_name(f"tollgate_{name}", taken)
