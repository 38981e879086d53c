"""JSON that could not be stored and shown again is refused where it comes in."""

from __future__ import annotations

import pytest
from tollgate.core.strict_json import MOST_LEVELS, read_json
from tollgate.errors import InputError


def test_json_is_read() -> None:
    assert read_json('{"a": [1, 2.5, "ü🂡", null, true]}'.encode()) == {"a": [1, 2.5, "ü🂡", None, True]}


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}


def test_a_character_in_two_halves_is_whole() -> None:
    assert read_json(b'"\\ud83c\\udca1"') == "🂡"


@pytest.mark.parametrize("body", [b'"\\ud800"', b'"\\uDFFF"', b'{"\\ud800": 1}', b'"\xed\xa0\x80"'])
def test_half_a_character_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        read_json(body)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_has_an_end(opening: bytes) -> None:
    closing = {b"[": b"]"}.get(opening, b"}")
    deepest = opening * (MOST_LEVELS - 1) + b"1" + closing * (MOST_LEVELS - 1)
    read_json(deepest)
    with pytest.raises(InputError, match="levels"):
        read_json(opening + deepest + closing)
    with pytest.raises(InputError):
        read_json(opening * 100_000 + b"1" + closing * 100_000)


@pytest.mark.parametrize("body", [b"NaN", b"[-Infinity]", b"", b"{", b"\xff", '{"a": 1}'.encode("utf-16")])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="not valid JSON"):
        read_json(body)
