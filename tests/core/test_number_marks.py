"""Texts that are no numbers as they are written: what is said names the key or the sign, at every door alike."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.errors import EventError

PLAIN = EventType("payment", "id", "time", amount="amount", numeric=("n",))
EVENT = {"id": "e", "time": "2026-01-05"}
_REMOVE = 'remove "{}", as a column has to hold plain numbers in one currency'


def refusals(event_type: EventType, text: str) -> set[str]:
    """Return what is said of a text that is an amount or a number, by itself and in a file."""
    said = set()
    for column in ("amount", "n"):
        with pytest.raises(EventError) as refused:
            read_event(event_type, {**EVENT, column: text})
        said.add(str(refused.value).removeprefix(f'Column "{column}": ').removesuffix("."))
    columns = [pa.array([value]) for value in ("e", "2026-01-05", text, text)]
    read = EventReader(event_type, KeyHashes()).read(Chunk(["id", "time", "amount", "n"], columns, 0, Position()))
    return {*said, *(message for _, message in read.problems.values())}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("41,86", 'set decimal = "," in [event]'),
        ("-0,5", 'set decimal = "," in [event]'),
        ("1,009", 'set decimal = "," (or, if it groups thousands, thousands = ",") in [event]'),
        ("1,009.17", 'set thousands = "," in [event]'),
        ("1,009,170", 'set thousands = "," in [event]'),
        ("1.009,17", 'set decimal = "," and thousands = "." in [event]'),
        ("1\u202f009,17", 'set decimal = "," and thousands = " " in [event]'),
        ("1'009.17", 'set thousands = "\'" in [event]'),
        ("1_000", 'set thousands = "_" in [event]'),
        ("$41.86", _REMOVE.format("$")),
        ("-$41.86", _REMOVE.format("$")),
        ("41,86 €", f'{_REMOVE.format("€")} and set decimal = "," in [event]'),
        ("EUR 12.50", _REMOVE.format("EUR")),
        ("12.50 USD", _REMOVE.format("USD")),
        ("CHF 1'200.50", f'{_REMOVE.format("CHF")} and set thousands = "\'" in [event]'),
        ("kr 5", _REMOVE.format("kr")),
        ("5%", "remove the percent sign"),
        ("(41.86)", "write a minus instead of parentheses"),
        ("41.86-", "write the minus in front"),
        ("\u221241.86", 'write "-" for the minus'),
    ],
)
def test_the_key_or_the_sign_is_named(text: str, advice: str) -> None:
    assert refusals(PLAIN, text) == {f'"{text}" is not a number; {advice}'}


@pytest.mark.parametrize("text", ["abc", "12abc", "12 apples", "A12", "12:30", "0x1A", "1,23,456.00", "1e5x", "12 kg"])
def test_nothing_is_advised_where_it_would_not_help(text: str) -> None:
    assert refusals(PLAIN, text) == {f'"{text}" is not a number'}


def test_the_marks_that_are_declared_are_told_from_those_of_a_number() -> None:
    german = replace(PLAIN, decimal=",", thousands=".")

    said = 'is not a number with decimal = "," and thousands = ".", as [event] says'
    others = "in [event] if all numbers are written this way"
    assert refusals(german, "1009.17") == {f'"1009.17" {said}; set decimal = "." {others}'}
    assert refusals(german, "1,009.17") == {f'"1,009.17" {said}; set decimal = "." and thousands = "," {others}'}
    assert refusals(german, "€ 5,00") == {f'"€ 5,00" {said}; {_REMOVE.format("€")}'}
