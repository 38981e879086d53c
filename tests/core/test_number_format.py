"""Numbers with a comma and thousands, and words for nothing, at every door alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tollgate.core.events.event import Floats
from tollgate.core.events.event_type import EventType
from tollgate.core.events.number_format import NumberFormat
from tollgate.core.events.reader import read_amount, read_event, read_events
from tollgate.core.files.columns.arrow_reader import ChunkEvents, EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.labels import read_label_table
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.streams.mapping import StreamMapping
from tollgate.errors import EventError

PLAIN = EventType("payment", "id", "time", amount="amount", numeric=("n",), entities={"card": ("card",)})
GERMAN = replace(PLAIN, decimal=",", thousands=".", null_values=("NULL", "\\N"))
EVENT = {"id": "e", "time": "2026-01-05", "card": "c"}


def one(event_type: EventType, value: object) -> float:
    events = read_event(event_type, {**EVENT, "amount": value, "n": value})
    assert events.amounts is not None
    assert np.array_equal(events.amounts, events.numeric["n"], equal_nan=True)
    return float(events.amounts[0])


def chunk(event_type: EventType, values: list[str | None]) -> ChunkEvents:
    n = len(values)
    column = pa.array(values, pa.string())
    ids = pa.array([str(row) for row in range(n)])
    columns = [ids, pa.array(["2026-01-05"] * n), column, column, pa.array(["c"] * n)]
    return EventReader(event_type, KeyHashes()).read(
        Chunk(["id", "time", "amount", "n", "card"], columns, 0, Position())
    )


def amounts(event_type: EventType, values: list[str | None]) -> Floats:
    read = chunk(event_type, values)
    assert not read.problems
    assert read.events.amounts is not None
    return read.events.amounts


@pytest.mark.parametrize(
    ("form", "text", "number"),
    [
        (NumberFormat(",", "."), "1.234,56", 1234.56),
        (NumberFormat(",", "."), "-1.234.567", -1234567),
        (NumberFormat(",", "."), " 12,5 ", 12.5),
        (NumberFormat(",", "."), "1234,5", 1234.5),
        (NumberFormat(","), "12,50", 12.5),
        (NumberFormat(".", ","), "1,234.56", 1234.56),
        (NumberFormat(".", "'"), "1'234.56", 1234.56),
        (NumberFormat(",", " "), "1\u202f234\u00a0567,5", 1234567.5),
        (NumberFormat(",", "."), "1e3", 1000),
    ],
)
def test_numbers_are_read_as_declared(form: NumberFormat, text: str, number: float) -> None:
    event_type = replace(PLAIN, decimal=form.decimal, thousands=form.thousands)

    assert one(event_type, text) == number
    assert amounts(event_type, [text, None]).tolist()[0] == number


@pytest.mark.parametrize(
    "text", ["12.50", "1,234.56", "1.23", "1.2345", "1.234.56", "1,2,3", "twelve", "€12,50", ",", "nan"]
)
def test_another_form_is_refused_at_every_door(text: str) -> None:
    with pytest.raises(EventError, match="is not a number"):
        one(GERMAN, text)
    assert set(chunk(GERMAN, [text, "1,5"]).problems) == {0}
    _, problems = read_events(GERMAN, {**{name: [value] for name, value in EVENT.items()}, "amount": [text]})
    assert [problem.column for problem in problems] == ["amount"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        *(
            (NumberFormat(",", "."), text)
            for text in ("0.123", "-0.123", "00.123", "012.345", "0.000", " +0.123.456,5 ")
        ),
        *((NumberFormat(".", ","), text) for text in ("0,123", "000,123.5", "1,234e3", "1,234.5e3")),
        *((NumberFormat(".", "'"), text) for text in ("0'012", "00'123")),
        *((NumberFormat(",", " "), text) for text in ("0 123", "0\u202f123")),
        (NumberFormat(",", "."), "1.234e3"),
    ],
)
def test_thousands_begin_with_no_zero_and_have_no_exponent(form: NumberFormat, text: str) -> None:
    event_type = replace(PLAIN, decimal=form.decimal, thousands=form.thousands)

    with pytest.raises(EventError, match="is not a number with"):
        one(event_type, text)
    assert set(chunk(event_type, [text, "1"]).problems) == {0}


@given(st.sampled_from([",.", ".,", ".'", ", ", ".\u2019"]), st.text("0123456789.,'’ -e", min_size=1, max_size=9))
@example(",.", "0.123")
@example(",.", "1.234e3")
def test_a_text_is_the_same_number_alone_and_in_a_column(marks: str, text: str) -> None:
    event_type = replace(PLAIN, decimal=marks[0], thousands=marks[1])
    read = chunk(event_type, [text])
    try:
        number = one(event_type, text)
    except EventError:
        assert set(read.problems) == {0}
        return
    assert read.events.amounts is not None
    assert np.array_equal(read.events.amounts, [number], equal_nan=True)


@given(st.floats(-1e11, 1e11, allow_nan=False).map(lambda number: round(number, 2)))
def test_a_number_is_the_same_however_it_is_written(number: float) -> None:
    text = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))

    assert one(GERMAN, text) == one(GERMAN, number) == amounts(GERMAN, [text])[0] == float(f"{number:.2f}")


def test_words_for_nothing_are_missing_values_in_any_column() -> None:
    assert np.isnan(one(GERMAN, "NULL"))
    assert np.isnan(amounts(GERMAN, ["NULL", " \\N ", "1,5"])).tolist() == [True, True, False]
    event = read_event(GERMAN, {**EVENT, "card": "NULL"})
    assert event.entities["card"].only is None
    with pytest.raises(EventError, match="an id is required"):
        read_event(GERMAN, {**EVENT, "id": "NULL"})
    assert read_event(PLAIN, {**EVENT, "card": "NULL"}).entities["card"].only == "NULL"


@pytest.mark.parametrize("word", ["NULL", "\\N", "None", "undefined", "N/A"])
def test_a_word_for_nothing_is_told_what_to_do(word: str) -> None:
    with pytest.raises(EventError, match="leave it empty if it is unknown, or list it as null_values"):
        one(PLAIN, word)


def test_an_amount_that_was_recorded_is_read_again() -> None:
    assert read_amount(GERMAN, {"amount": "1.234,5"}) == 1234.5
    assert np.isnan(read_amount(GERMAN, {"amount": "NULL"}))


def test_minor_units_of_streams_are_read_as_declared() -> None:
    mapping = StreamMapping({"id": "id", "time": "time", "amount": "cents"}, {"amount": 2})

    assert mapping.read(GERMAN, {"id": "e", "time": "2026-01-05", "cents": "123.456"}, None)["amount"] == 1234.56


def test_words_for_nothing_are_missing_in_a_file_of_labels() -> None:
    columns = [pa.array(["e1", "NULL"]), pa.array(["fraud", "NULL"]), pa.array(["NULL", "2026-01-05"])]
    table = read_label_table(GERMAN, [Chunk(["event_id", "label", "known_at"], columns, 0, Position())])

    assert [dict(row) for _, row in table.rows_between(0, 2)] == [
        {"event_id": "e1", "label": "fraud", "known_at": None},
        {"event_id": None, "label": None, "known_at": "2026-01-05"},
    ]
