"""The results of a piece: the file's columns and what was decided, as CSV that a spreadsheet cannot be tricked by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tollgate.core.event import Ints
from tollgate.core.explain import TOP
from tollgate.core.files.cells import free_name, safe_cell
from tollgate.core.files.decide_piece import PieceDecisions
from tollgate.core.files.piece import Piece
from tollgate.core.version import DetectorVersion

DECIDED = "ok"
_FORMULA = np.zeros(256, dtype=bool)
_FORMULA[list(b"=+-@\t\r")] = True
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_QUOTED = '[",\r\n]'


def tabulate(
    version: DetectorVersion, piece: Piece, places: Ints, decided: PieceDecisions, problems: Mapping[int, str]
) -> pa.Table:
    """Return the columns of a piece and those that Tollgate adds: empty in the rows of ``problems``."""
    n = len(piece)
    added = {
        "score": _spread(n, places, pa.array(decided.scores, pa.int16())),
        "probability": _spread(n, places, pa.array(decided.probabilities)),
        "outcome": _spread(n, places, pa.array(list(version.order), pa.string()).take(pa.array(decided.ranks))),
    }
    if version.rules.rules:
        added["rules"] = _spread(n, places, _rules(len(places), decided.rules))
    added["status"] = _statuses(n, problems)
    if version.reasons is not None:
        for number in range(TOP):
            added[f"reason_{number + 1}"] = _reasons(n, places, decided.reasons, number)
    names = [*piece.names, *(free_name(name, piece.names) for name in added)]
    return pa.table([*map(_as_column, piece.columns), *added.values()], names=names)


def write_lines(table: pa.Table, *, header: bool) -> bytes:
    """Return a table as lines of CSV, with a header if this is the beginning of the file."""
    columns = [_guard(column.combine_chunks()) for column in table.columns]
    odd = [place for place, column in enumerate(columns) if _needs_quotes(column)]
    head = ",".join(_quote(safe_cell(name)) for name in table.column_names).encode() + b"\n" if header else b""
    if odd:
        return head + _join_quoted(columns, odd)
    out = pa.BufferOutputStream()
    out.write(head)
    plain = pa.table(columns, names=[str(place) for place in range(len(columns))])
    pa.csv.write_csv(plain, out, pa.csv.WriteOptions(include_header=False, quoting_style="none"))
    lines: bytes = out.getvalue().to_pybytes()
    return lines


def _spread(n: int, places: Ints, values: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """Put the values of usable rows in their places among n rows."""
    if len(values) == n:
        return values
    where = np.full(n, -1, dtype=np.int64)
    where[places] = np.arange(len(places))
    return values.take(pa.array(where, mask=where < 0))


def _statuses(n: int, problems: Mapping[int, str]) -> Any:  # noqa: ANN401
    reasons = [DECIDED, *(f"error: {reason}" for reason in problems.values())]
    which = np.zeros(n, dtype=np.int64)
    which[list(problems)] = np.arange(1, len(reasons))
    return pa.array(reasons, pa.string()).take(pa.array(which))


def _rules(n: int, rules: Mapping[int, str]) -> Any:  # noqa: ANN401
    which = np.zeros(n, dtype=np.int64)
    which[list(rules)] = np.arange(1, len(rules) + 1)
    return pa.array(["", *rules.values()], pa.string()).take(pa.array(which))


def _reasons(n: int, places: Ints, reasons: Mapping[int, Sequence[str]], number: int) -> Any:  # noqa: ANN401
    told = {place: its[number] for place, its in reasons.items() if number < len(its)}
    which = np.full(n, -1, dtype=np.int64)
    which[places[list(told)]] = np.arange(len(told))
    return pa.array(list(told.values()), pa.string()).take(pa.array(which, mask=which < 0))


def _as_column(column: Any) -> Any:  # noqa: ANN401
    if not isinstance(column, list):
        return column
    return pa.array([_json_text(value) for value in column], pa.string())


def _json_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _guard(column: Any) -> Any:  # noqa: ANN401
    """Return a column as it may stand in CSV: text that a spreadsheet would run with an apostrophe in front."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _as_text(column)
    at_risk = _find_formulas(column)
    if not len(at_risk):
        return column
    cells = column.take(pa.array(at_risk))
    hostile = at_risk[~np.asarray(pc.match_substring_regex(cells, _NUMBER))]
    if not len(hostile):
        return column
    mask = np.zeros(len(column), dtype=bool)
    mask[hostile] = True
    safe = [safe_cell(cell) for cell in column.take(pa.array(hostile)).to_pylist()]
    return pc.replace_with_mask(column, pa.array(mask), pa.array(safe, column.type))


def _find_formulas(column: Any) -> Ints:  # noqa: ANN401
    """Return the places of cells that begin as a formula does, or as a number with a sign."""
    _, offsets, data = column.buffers()
    if not data:
        return np.empty(0, dtype=np.int64)
    wide = pa.types.is_large_string(column.type)
    ends: Ints = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32).astype(np.int64)
    ends = ends[column.offset : column.offset + len(column) + 1]
    starts = np.minimum(ends[:-1], max(len(data) - 1, 0))
    return np.flatnonzero(_FORMULA[np.frombuffer(data, dtype=np.uint8).take(starts)] & (ends[1:] > ends[:-1]))


def _as_text(column: Any) -> Any:  # noqa: ANN401
    if pa.types.is_dictionary(column.type):
        return _guard(column.cast(column.type.value_type))
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return _guard(pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string()))
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    return column.cast(pa.string())


def _needs_quotes(column: Any) -> bool:  # noqa: ANN401
    data = column.buffers()[2]
    if not data:
        return False
    text = data.to_pybytes()
    return any(character in text for character in (b'"', b",", b"\n", b"\r"))


def _join_quoted(columns: Sequence[Any], odd: Sequence[int]) -> bytes:
    cells = list(columns)
    for place in odd:
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(cells[place], '"', '""'), '"', "")
        cells[place] = pc.if_else(pc.match_substring_regex(cells[place], _QUOTED), quoted, cells[place])
    lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(lines, "", "\n")
    _, offsets, data = ended.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(data)[ends[0] : ends[len(ended)]].tobytes() if len(ended) else b""


def _quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(character in cell for character in '",\r\n') else cell
