"""A mapping is total: whatever JSON comes, the columns that are there are found, or one sentence says why not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.events.strict_json import read_json
from tollgate.core.streams.mapping import KEY, StreamMapping
from tollgate.errors import EventError, InputError

EVENT_TYPE = EventType("payment", "id", "time", amount="amount", categorical=("shop",), entities={"card": ("card",)})
MAPPING = StreamMapping(
    {"id": "payment.id", "time": "payment.at", "amount": "payment.sum.value", "shop": "shop", "card": KEY},
    {"amount": 2},
)
WHOLE = {"payment": {"id": "p", "at": "2026-06-01T12:00:00Z", "sum": {"value": 1234, "unit": "EUR"}}, "shop": "s"}

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
names = st.sampled_from(["payment", "id", "at", "sum", "value", "shop", "other"])
any_json = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)


def test_values_are_found_by_their_paths() -> None:
    event = {"id": "p", "time": "2026-06-01T12:00:00Z", "amount": 12.34, "shop": "s", "card": "c1"}
    assert MAPPING.read(EVENT_TYPE, WHOLE, b"c1") == event
    assert StreamMapping(**json.loads(json.dumps(MAPPING.to_json()))) == MAPPING


def test_without_columns_a_record_is_the_event() -> None:
    event = {"id": "p", "anything": [1]}
    assert StreamMapping().read(EVENT_TYPE, event, None) is event


@given(any_json, st.none() | st.binary(max_size=4))
def test_any_json_is_an_event_or_a_reason(body: Any, key: bytes | None) -> None:  # noqa: ANN401
    event: Mapping[str, object] = {}
    reason: InputError | None = None
    try:
        event = MAPPING.read(EVENT_TYPE, body, key)
        read_event(EVENT_TYPE, event)
    except InputError as error:
        reason = error
    assert None not in event.values()
    assert set(event) <= set(MAPPING.columns)
    assert {"id", "time"} <= set(event) or reason
    assert reason is None or str(reason).endswith(".")


@given(any_json)
def test_what_is_beside_the_paths_changes_nothing(beside: Any) -> None:  # noqa: ANN401
    body = {**WHOLE, "other": beside, "payment": {**WHOLE["payment"], "more": beside}}  # type: ignore[dict-item]
    assert MAPPING.read(EVENT_TYPE, body, b"c1") == MAPPING.read(EVENT_TYPE, WHOLE, b"c1")


@given(st.integers(-(10**12), 10**12), st.integers(1, 6))
def test_minor_units_are_the_nearest_number_of_the_decimals(minor: int, places: int) -> None:
    mapping = StreamMapping({"id": "id", "time": "time", "amount": "n"}, {"amount": places})
    for given_as in (minor, str(minor)):
        event = mapping.read(EVENT_TYPE, {"id": "1", "time": 0, "n": given_as}, None)
        assert event["amount"] == float(Fraction(minor, 10**places)) == float(f"{minor}e-{places}")


@pytest.mark.parametrize("value", [True, "a lot", [1], {"a": 1}, 10**400, "1_000", math.inf])
def test_an_amount_that_is_no_number_is_refused_as_it_came(value: object) -> None:
    body = {**WHOLE, "payment": {**WHOLE["payment"], "sum": {"value": value}}}  # type: ignore[dict-item]
    with pytest.raises(EventError, match='Column "amount"'):
        read_event(EVENT_TYPE, MAPPING.read(EVENT_TYPE, body, None))


@pytest.mark.parametrize("lacking", ["id", "at"])
@pytest.mark.parametrize("broken", ["payment", "payment.id", None, [], "text", 3])
def test_a_record_without_id_or_time_names_the_path(lacking: str, broken: object) -> None:
    inner = {**WHOLE["payment"], lacking: None} if isinstance(broken, str) else broken  # type: ignore[dict-item]
    with pytest.raises(EventError, match=r'The record has no "payment\.\w+", which is column "\w+"\.'):
        MAPPING.read(EVENT_TYPE, {**WHOLE, "payment": inner}, None)


def test_a_key_is_text_where_it_is_asked_for() -> None:
    with pytest.raises(EventError, match="not UTF-8"):
        MAPPING.read(EVENT_TYPE, WHOLE, b"\xff")
    without = StreamMapping({"id": "payment.id", "time": "payment.at"})
    assert without.read(EVENT_TYPE, WHOLE, b"\xff") == {"id": "p", "time": "2026-06-01T12:00:00Z"}
    assert "card" not in MAPPING.read(EVENT_TYPE, WHOLE, None)


@given(st.binary(max_size=30))
def test_any_bytes_get_a_reason(content: bytes) -> None:
    with pytest.raises(InputError, match=r"\.$"):
        MAPPING.read(EVENT_TYPE, read_json(content), None)
