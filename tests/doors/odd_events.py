"""Odd events that people really send: what is changed of a payment, and what every door has to say about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CSV, JSON, PARQUET = "csv", "json", "parquet"
GONE = object()


@dataclass(frozen=True)
class Odd:
    """``changes`` of a payment: column → value, `GONE` for one that is not there.

    ``problem`` is the column and part of the sentence by which every door refuses it, None where it is decided on.
    ``forms`` are those that can express the values.
    """

    changes: dict[str, Any]
    problem: tuple[str, str] | None = None
    forms: frozenset[str] = field(default_factory=lambda: frozenset({CSV, JSON, PARQUET}))


def _odd(changes: dict[str, Any], column: str = "", words: str = "", *forms: str) -> Odd:
    return Odd(changes, (column, words) if column else None, frozenset(forms or (CSV, JSON, PARQUET)))


def _text(changes: dict[str, Any], column: str = "", words: str = "") -> Odd:
    """Return one that JSON and Parquet alone tell from a text."""
    return _odd(changes, column, words, JSON, PARQUET)


LONG = "x" * 257
EVENTS: dict[str, Odd] = {
    "as it is": _odd({}),
    # Ids
    "id 1234": _text({"event_id": 1234}),
    "id 36.0": _text({"event_id": 36.0}),
    "id 36.5": _text({"event_id": 36.5}),
    "id 0": _text({"event_id": 0}),
    "id true": _text({"event_id": True}),
    "id '007'": _odd({"event_id": "007"}),
    "id with blanks": _odd({"event_id": "  padded  "}),
    "id null": _text({"event_id": None}, "event_id", "an id is required"),
    "id empty": _odd({"event_id": ""}, "event_id", "an id is required"),
    "id blank": _odd({"event_id": "   "}, "event_id", "an id is required"),
    "id long": _odd({"event_id": LONG}, "event_id", "longer than 256 characters"),
    "id nested": _odd({"event_id": {"a": 1}}, "event_id", "a nested value is not a text", JSON),
    "id with a control character": _odd({"event_id": "a\x1fb"}, "event_id", "control character"),
    "id that ends in a control character": _odd({"event_id": "a\x1f"}, "event_id", "control character"),
    "id that begins with a control character": _odd({"event_id": "\x1ca"}, "event_id", "control character"),
    "id of a control character": _odd({"event_id": "\x1e"}, "event_id", "control character"),
    "id with a no-break space": _odd({"event_id": "\xa0a\xa0"}),
    "id of emoji": _odd({"event_id": "🂡👩‍💻"}),
    "id composed": _odd({"event_id": "caf\u00e9"}),
    "id decomposed": _odd({"event_id": "cafe\u0301"}),
    # Customers and other texts
    "customer 1234": _text({"customer_id": 1234}),
    "customer 36.0": _text({"customer_id": 36.0}),
    "customer 9007199254740993": _text({"customer_id": 9_007_199_254_740_993}),
    "customer -0.0": _text({"customer_id": -0.0}),
    "customer false": _text({"customer_id": False}),
    "customer null": _text({"customer_id": None}),
    "customer empty": _odd({"customer_id": ""}),
    "customer blank": _odd({"customer_id": " \t"}),
    "customer 'null'": _odd({"customer_id": "null"}),
    "customer long": _odd({"customer_id": LONG}, "customer_id", "longer than 256 characters"),
    "customer of 256 snowmen": _odd({"customer_id": "\N{SNOWMAN}" * 256}),
    "customer nested": _odd({"customer_id": ["a"]}, "customer_id", "a nested value is not a text", JSON),
    "customer with quotes": _odd({"customer_id": 'a"b,c;d'}),
    "customer with a line break": _odd({"customer_id": "a\nb"}),
    "customer that is a formula": _odd({"customer_id": "=1+1"}),
    "customer that ends in a control character": _odd({"customer_id": "c1\x1d"}, "customer_id", "control character"),
    "customer with a zero byte": _text({"customer_id": "a\0b"}, "customer_id", "control character"),
    "category unknown": _odd({"merchant_category": "spaceships"}),
    "category a number": _text({"merchant_category": 5411}),
    # Amounts
    "amount text": _odd({"amount": "12.50"}),
    "amount with blanks": _odd({"amount": " 12.50 "}),
    "amount with exponent": _odd({"amount": "1.25e1"}),
    "amount whole": _text({"amount": 12}),
    "amount 0": _odd({"amount": 0.0}),
    "amount -0": _odd({"amount": -0.0}),
    "amount negative": _odd({"amount": -12.5}),
    "amount empty": _odd({"amount": ""}),
    "amount null": _text({"amount": None}),
    "amount '1,5'": _odd({"amount": "1,5"}, "amount", '"1,5" is not a number'),
    "amount '1_000'": _odd({"amount": "1_000"}, "amount", '"1_000" is not a number'),
    "amount '$5'": _odd({"amount": "$5"}, "amount", '"$5" is not a number'),
    "amount 'NaN'": _odd({"amount": "NaN"}, "amount", '"NaN" is not a finite number'),
    "amount 'inf'": _odd({"amount": "inf"}, "amount", '"inf" is not a finite number'),
    "amount '1e400'": _odd({"amount": "1e400"}, "amount", '"1e400" is not a finite number'),
    "amount words": _odd({"amount": "a lot"}, "amount", '"a lot" is not a number'),
    "amount long": _odd({"amount": "9" * 300 + "x"}, "amount", "…"),
    "amount true": _text({"amount": True}, "amount", "is not a number"),
    "amount nested": _odd({"amount": {"value": 1}}, "amount", "is not a number", JSON),
    "amount 1e13": _odd({"amount": 1e13}, "amount", "is not between"),
    "amount of 400 digits": _odd({"amount": 10**400}, "amount", "is beyond", JSON),
    # Places
    "latitude 91": _odd({"latitude": 91.0}, "latitude", "is not between -90 and 90"),
    "longitude -181": _odd({"longitude": -181.0}, "longitude", "is not between -180 and 180"),
    "latitude text": _odd({"latitude": "north"}, "latitude", '"north" is not a number'),
    "place as text": _odd({"latitude": "33.3", "longitude": " -111.9 "}),
    "place missing": _text({"latitude": None, "longitude": None}),
    # Times
    "time with a zone": _odd({"timestamp": "2026-04-14T02:00:00+02:00"}),
    "time without a zone": _odd({"timestamp": "2026-04-14T00:00:00"}),
    "time with a blank": _odd({"timestamp": "2026-04-14 00:00:00"}),
    "time a day": _odd({"timestamp": "2026-04-14"}),
    "time with microseconds": _odd({"timestamp": "2026-04-14T00:00:00.123456Z"}),
    "time empty": _odd({"timestamp": ""}, "timestamp", "a timestamp is required"),
    "time null": _text({"timestamp": None}, "timestamp", "a timestamp is required"),
    "time words": _odd({"timestamp": "yesterday"}, "timestamp", "yesterday"),
    "time day first": _odd({"timestamp": "31/12/2026 10:00"}, "timestamp", "31/12/2026"),
    "time 20260301": _odd({"timestamp": "20260301"}, "timestamp", "20260301"),
    "time 20260301120000Z": _odd({"timestamp": "20260301120000Z"}, "timestamp", "%Y%m%d%H%M%S%z"),
    "time with a point": _odd({"timestamp": "2026-03-01 12.30"}, "timestamp", "%Y-%m-%d %H.%M"),
    "time a day with an offset": _odd({"timestamp": "2026-03-01+02:00"}, "timestamp", "%Y-%m-%d%z"),
    "time an hour with an offset": _odd({"timestamp": "2026-03-01 12-05"}, "timestamp", "is no time such as"),
    "time compact": _odd({"timestamp": "20260414T000000Z"}),
    "time in microseconds": _odd({"timestamp": "1776124800000000"}, "timestamp", "1776124800000000"),
    "time of the year 9999": _odd({"timestamp": "9999-12-31T00:00:00Z"}, "timestamp", "9999"),
    "time of next year": _odd({"timestamp": "2027-06-01T00:00:00Z"}, "timestamp", "ahead of now"),
    "time a minute ahead": _odd({"timestamp": "2026-06-01T00:01:00Z"}),
    "time nested": _odd({"timestamp": [1]}, "timestamp", "[1]", JSON),
    # Columns
    "an ignored column null": _text({"currency": None}),
    "an ignored column nested": _odd({"currency": {"code": ["USD"]}}, "", "", JSON),
    "an ignored column of 400 digits": _odd({"currency": 10**400}, "", "", JSON),
}
