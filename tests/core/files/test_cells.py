"""Cells of results: written so that no spreadsheet runs them, and otherwise as they were."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.results import safe_cell, write_lines

from tests.hypothesis_profiles import examples


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "=", "-", "--5"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+4.50", "-1e3", "x=1", "a-b", "'=1", "", "1-2", "ü"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize(
    ("value", "cell"), [(-5, "-5"), (-0.25, "-0.25"), (1e-7, "1e-07"), (0.1 + 0.2, "0.30000000000000004"), (None, "")]
)
def test_numbers_stay_numbers(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_column_names_are_escaped_too() -> None:
    assert write_lines(pa.table({"=a": ["1"], "b": ["2"]}), header=True) == b"'=a,b\n1,2\n"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
@settings(max_examples=examples(200))
def test_what_is_written_is_what_was_there_but_for_the_apostrophe(rows: list[tuple[str, str]]) -> None:
    table = pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], names=["a", "b"])

    again = list(csv.reader(io.StringIO(write_lines(table, header=True).decode(), newline="")))

    assert again[0] == ["a", "b"]
    assert again[1:] == [[safe_cell(cell) for cell in row] for row in rows]
    for row in again[1:]:
        assert not any(cell.startswith(("=", "@")) for cell in row)
