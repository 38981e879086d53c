"""Files of lists: what is no list is refused, and a list is read and changed as it was written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tollgate.core.rules.lists.text import (
    check_file,
    decode_list,
    describe_change,
    read_list,
    read_stored,
    split_lines,
    write_list,
)
from tollgate.core.rules.value_lists import ValueList


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "is a spreadsheet or a ZIP file"),
        ("0036\n".encode("utf-16"), "is text in UTF-16; save it in UTF-8"),
        (b"0036\nM\xfcller\n", "is no text in UTF-8, as line 2 shows"),
    ],
)
def test_other_files_are_named(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match="is ") as raised:
        decode_list(content)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("0036\n0037\n".encode("utf-16-le"), "is text in UTF-16; save it in UTF-8"),
        ("0036\n0037\n".encode("utf-16-be"), "is text in UTF-16"),
        (b"0036\r\n00\x1f37\r\n", "has a control character (U+001F) in line 2; take it out"),
        (b"0036\x1c0037\n", "has a control character (U+001C) in line 1"),
        (b"0036\n0037\x0c\n", "has a control character (U+000C) in line 2"),
        (b"0036\n\x1a", "has a control character (U+001A) in line 2"),
        ("0036\n0037\x85".encode(), "has a control character (U+0085) in line 2"),
        (b"%PDF-1.4\n1 0 obj\n", "is a PDF, not a list; export its column as text, one value a line"),
        (b"PAR1\x15\x04\x15\x10", "is Parquet, not a list"),
        (b"\x1f\x8b\x08\x00", "is gzip, not a list"),
        (b"<!DOCTYPE html>\n", "is a web page, not a list"),
        (b"{\\rtf1\\ansi 0036}\n", "is an RTF document, not a list"),
    ],
)
def test_a_file_that_is_no_list_is_named(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=r"is |has ") as raised:
        check_file(content)
    assert says in str(raised.value)


def test_a_file_of_values_in_lines_of_any_kind_is_checked_in_passing() -> None:
    for content in ("\ufeff0036\r\n\t0037\r0038\n\x00".encode(), b"PAR1\nORC\n", b"M\xfcller\n", b""):
        check_file(content)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
VALUES = TEXTS.map(str.strip).filter(lambda text: bool(text.strip(" \u200b\u2060\ufeff")) and "\u200b" not in text)
ODD = (
    "NULL",
    "a,b",
    '"x',
    "36.0",
    "# x",
    "#",
    "1E+5",
    "'a'",
    "a;b",
    "x|y",
    "value",
    "- x",
    "1. 2",
    "Total: 2",
    "ID",
    "card",
    "c1",
    "(2) 3",
    "https://a.b/c,d",
    "[::1]",
)


@given(st.sets(st.one_of(VALUES, st.sampled_from(ODD))), st.data())
@example({"card"}, None)
@example({"ID", "IN", "NG"}, None)
@example({"card,id", "card;id"}, None)
def test_a_list_is_read_as_it_was_written(values: set[str], data: st.DataObject | None) -> None:
    kept = {value for value in values if value == value.strip(" \ufeff\u2060")}
    members = ValueList.of("text", kept)
    assert read_stored("text", write_list(members)).values == members.values
    if kept:
        # A column that asks may have the name of any value.
        asked = {data.draw(st.sampled_from(sorted(kept)))} if data else kept
        assert read_list("text", split_lines(write_list(members)), (*asked, "card")).values == members.values


def test_a_change_says_what_it_adds_and_removes() -> None:
    before, after = (
        ValueList.of("text", map(str, range(100, 224))),
        ValueList.of("text", ["100", "101", "102", "103", "x"]),
    )
    assert list(describe_change(before, after)) == [
        "adds 1, removes 120 of 124 values",
        'adds "x"',
        'removes "104", "105", "106", "107", "108" and 115 more',
    ]
    assert list(describe_change(after, after)) == ["changes nothing: it has these 5 values"]
