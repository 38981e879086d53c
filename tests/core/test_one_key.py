"""One value, one key, whatever source it comes from; and what was stored under another spelling before."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.events.cells import earlier_spellings, one_key, one_spelling, read_boolean, read_text
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.events.reader import read_event, read_events
from tollgate.core.features.feature import Feature
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.rules.lists.text import read_stored
from tollgate.core.rules.parser import parse
from tollgate.core.rules.syntax import Compare, Text
from tollgate.core.rules.value_lists import ValueList

CARDS = EventType("payment", "id", "time", categorical=("kind",), entities={"card": ("card",)})
TEXTS = st.one_of(
    st.text(max_size=8),
    st.from_regex(r"\A-?0*[0-9]{1,6}\.?0{0,3}\Z"),
    st.sampled_from(
        ["True", "TRUE", "true", "False", "FALSE", "tRuE", "10.0.0.0", "1.10", "0.0", "-0.0", "00.0", ".0"]
    ),
)


def keys_of(column: Any) -> list[str | None]:  # noqa: ANN401 - an Arrow array or a list
    """Return the keys that a file of such a column has."""
    n = len(column)
    columns = [
        pa.array([f"e{row}" for row in range(n)]),
        pa.array(["2026-01-05"] * n),
        column,
        pa.nulls(n, pa.string()),
    ]
    chunk = Chunk(["id", "time", "card", "kind"], columns, 0, Position())
    read = EventReader(CARDS, KeyHashes()).read(chunk)
    assert not read.problems
    keys = read.events.entities["card"]
    return [keys.values[code] if code >= 0 else None for code in keys.codes.tolist()]


def key_of_one(value: object) -> str | None:
    event = read_event(CARDS, {"id": "e", "time": "2026-01-05", "card": value})
    return event.entities["card"].only


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_is_one_key_from_every_source(number: int) -> None:
    key = str(number)

    assert key_of_one(number) == key_of_one(json.loads(json.dumps(float(number)))) == key
    assert key_of_one(f"{number}.0") == key_of_one(f"{number}.00") == key_of_one(f" {number}.0 ") == key
    assert key_of_one(Decimal(number)) == key_of_one(Decimal(f"{number}.00")) == key
    assert key_of_one(np.float64(number)) == key_of_one(np.int64(number)) == key
    for kind in (pa.int64(), pa.float64(), pa.decimal128(38, 2)):
        column = pa.array([number, None], pa.int64()).cast(kind)
        assert keys_of(column) == keys_of(through_parquet(column)) == keys_of(through_csv(column)) == [key, None]
    assert keys_of([number, float(number), f"{number}.0", key]) == [key] * 4


def through_parquet(column: pa.Array) -> pa.Array:
    file = io.BytesIO()
    pa.parquet.write_table(pa.table({"card": column}), file)
    return pa.parquet.read_table(file)["card"].combine_chunks()


def through_csv(column: pa.Array) -> pa.Array:
    """Write as pandas and DuckDB do: a float with a point, a decimal with all of its places."""
    cells = [
        "" if value is None else repr(value) if isinstance(value, float) else str(value) for value in column.to_pylist()
    ]
    text = "card,x\n" + "".join(f"{cell},1\n" for cell in cells)
    options = pa.csv.ConvertOptions(column_types={"card": pa.string()}, strings_can_be_null=True, null_values=[""])
    return pa.csv.read_csv(io.BytesIO(text.encode()), convert_options=options)["card"].combine_chunks()


@pytest.mark.parametrize("truth", [True, False])
def test_a_boolean_is_one_key_from_every_source(truth: bool) -> None:
    key = "true" if truth else "false"

    given = [truth, np.bool_(truth), str(truth), str(truth).upper(), key]
    assert [key_of_one(value) for value in given] == [key] * 5
    assert keys_of(pa.array([truth])) == keys_of(pa.array([str(truth)])) == keys_of(pa.array([key.upper()])) == [key]


@pytest.mark.parametrize(
    "text", ["007", "0036.0", "1e3", "1E+3", "+5", "+5.0", "36.5", "36.", ".0", "1.0.0", "tRuE", "10.0.0.0"]
)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert key_of_one(text) == text
    assert keys_of(pa.array([text])) == [text]


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_columns_have_the_keys_of_their_values(texts: list[str]) -> None:
    try:
        expected = [read_text(text) for text in texts]
    except ValueError:
        return
    assert keys_of(pa.array(texts)) == keys_of(pa.array(texts).dictionary_encode()) == keys_of(list(texts)) == expected
    columns = {"id": [str(row) for row in range(len(texts))], "time": ["2026-01-05"] * len(texts), "card": texts}
    events, problems = read_events(CARDS, columns)
    assert not problems
    keys = events.entities["card"]
    assert [keys.values[code] if code >= 0 else None for code in keys.codes.tolist()] == expected


@pytest.mark.parametrize(
    "text", ["a\x1f", "\x1fa", "a\x1c", "\x1da", "\x1e", " a\x1f ", "a\x1fb", "a\x00b", "é\x1f", "36.0\x1f"]
)
def test_no_separator_goes_without_a_word(text: str) -> None:
    with pytest.raises(ValueError, match="has a control character"):
        read_text(text)
    chunk = Chunk(
        ["id", "time", "card", "kind"], [pa.array([one]) for one in ("e", "2026-01-05", text, "")], 0, Position()
    )
    ((column, said),) = EventReader(CARDS, KeyHashes()).read(chunk).problems.values()
    assert (column, "has a control character" in said) == ("card", True)


def test_a_number_beyond_what_floats_hold_is_written_out() -> None:
    assert key_of_one(1e16) == "1" + "0" * 16
    assert key_of_one(4111111111111111.0) == key_of_one("4111111111111111.0") == "4111111111111111"
    assert key_of_one(12345678901234567890) == "12345678901234567890"


@given(TEXTS)
def test_a_spelling_stays_once_it_is_the_one(text: str) -> None:
    assert one_spelling(one_spelling(text)) == one_spelling(text)
    assert all(one_spelling(earlier) == text for earlier in earlier_spellings(text) if text != "-0")


def test_pairs_and_events_have_such_keys_too() -> None:
    pairs = EventType("payment", "id", "time", entities={"pair": ("card", "device")})
    event = read_event(pairs, {"id": 777.0, "time": "2026-01-05", "card": "36.0", "device": True})

    assert event.ids == ["777"]
    assert event.entities["pair"].only == "36\x1ftrue" == one_key("36.0\x1fTrue")


def test_categories_of_an_earlier_version_are_the_same_keys() -> None:
    sealed = {"name": "k", "description": "", "operation": "share", "source": "kind", "half_life": -1, "value": "100.0"}

    feature = Feature.from_json({**sealed, "table": {"100.0": 0.5, "100": 0.25, "web": 0.25}})

    assert feature.value == "100"
    assert feature.table == {"100": 0.75, "web": 0.25}


def test_lists_and_rules_mean_the_same_keys() -> None:
    assert ValueList.of("text", ["36.0", "True", "007"]).values == frozenset({"36", "true", "007"})
    assert read_stored("text", "36.0\n").values == frozenset({"36"})
    tree = parse('card == "36.0"')
    assert isinstance(tree, Compare)
    assert tree.right == Text("36")


def test_labels_and_booleans_take_decimals_with_more_zeros() -> None:
    rule = LabelRule("fraud", 0.0)

    assert [rule.read(value) for value in (Decimal("1.00"), "0.00", True, "FALSE", "", None)] == [
        1,
        0,
        1,
        0,
        None,
        None,
    ]
    assert read_boolean("1.00") == 1
