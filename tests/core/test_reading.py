"""Outside values: what is read, and what is said about what cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.cells import MAX_TEXT
from tollgate.core.events.event import PAIR_SEPARATOR
from tollgate.core.events.reader import read_event, read_events, require_columns
from tollgate.errors import EventError, TableError

from tests.core.one_by_one import PAYMENT
from tests.core.read_one import GOOD, GOOD_US, assert_one_sentence, problem_of, read_one
from tests.hypothesis_profiles import examples


def test_a_good_event_is_read() -> None:
    event = read_one()

    assert (len(event), list(event.ids), event.times_us.tolist()) == (1, ["e1"], [GOOD_US])
    assert event.amounts is not None
    assert (event.amounts[0], event.numeric["age"][0], event.numeric["present"][0]) == (12.5, 30, 1)
    assert event.categories["channel"].values == ["web"]
    assert event.entities["customer_device"].values == [f"c1{PAIR_SEPARATOR}d1"]


@pytest.mark.parametrize("value", ["12", 12, 12.0, " 12 "])
def test_a_key_is_the_same_text_from_any_source(value: object) -> None:
    assert read_one(customer_id=value).entities["customer"].values == ["12"]
    assert list(read_one(event_id=value).ids) == ["12"]


@pytest.mark.parametrize("value", ["007", "1e3", "12.50", "ünï", "a,b"])
def test_a_key_that_is_text_stays_as_it_was_written(value: str) -> None:
    assert read_one(customer_id=value).entities["customer"].values == [value]


@pytest.mark.parametrize("value", [None, "", "   ", float("nan")])
def test_an_entity_may_be_missing_and_then_so_is_its_pair(value: object) -> None:
    event = read_one(device_id=value)

    assert event.entities["device"].codes.tolist() == [-1]
    assert event.entities["customer_device"].codes.tolist() == [-1]
    assert event.entities["customer"].codes.tolist() == [0]


@pytest.mark.parametrize("column", ["event_id", "customer_id", "channel"])
@pytest.mark.parametrize("value", [["a"], {"a": 1}, "x" * (MAX_TEXT + 1)], ids=["list", "object", "long"])
def test_nested_and_too_long_texts_are_refused_in_their_row_and_column(column: str, value: object) -> None:
    problem = problem_of(**{column: value})

    assert (problem.row, problem.column) == (1, column)
    assert_one_sentence(problem.message)


def test_the_longest_text_is_read() -> None:
    assert read_one(channel="x" * MAX_TEXT).categories["channel"].values == ["x" * MAX_TEXT]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_id_is_required(value: object) -> None:
    problem = problem_of(event_id=value)

    assert (problem.row, problem.column, problem.message) == (1, "event_id", "an id is required")


def test_a_repeated_id_is_the_later_rows_problem_and_names_the_first() -> None:
    columns = {name: [value] * 4 for name, value in GOOD.items()} | {"event_id": ["a", "b", "a", "a"]}

    _, problems = read_events(PAYMENT, columns)

    assert [(problem.row, problem.column) for problem in problems] == [(2, "event_id"), (3, "event_id")]
    assert all('"a"' in problem.message and "row 1" in problem.message for problem in problems)


def test_a_bad_row_keeps_its_place_and_the_others_their_values() -> None:
    columns = {name: [value] * 3 for name, value in GOOD.items()} | {
        "event_id": ["a", "b", "c"],
        "amount": ["1", "x", "3"],
    }

    events, problems = read_events(PAYMENT, columns)

    assert [problem.row for problem in problems] == [1]
    assert events.amounts is not None
    assert np.array_equal(events.amounts, [1, np.nan, 3], equal_nan=True)


def test_a_row_with_several_bad_values_has_all_its_problems() -> None:
    columns = {name: [value] for name, value in {**GOOD, "amount": "x", "latitude": 99, "timestamp": "?"}.items()}

    _, problems = read_events(PAYMENT, columns)

    assert {problem.column for problem in problems} == {"amount", "latitude", "timestamp"}


def test_pairs_are_equal_exactly_where_both_parts_are() -> None:
    customers = ["a", "a", "b", "b", None, "a", "b", None]
    devices = ["1", "2", "1", "1", "1", "1", None, None]
    columns = {name: [value] * 8 for name, value in GOOD.items()} | {"event_id": list("abcdefgh")}

    events, _ = read_events(PAYMENT, {**columns, "customer_id": customers, "device_id": devices})

    keys = events.entities["customer_device"]
    pairs = [None if code < 0 else tuple(keys.values[code].split(PAIR_SEPARATOR)) for code in keys.codes.tolist()]
    assert pairs == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "1"), None, ("a", "1"), None, None]


def test_an_unknown_column_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(EventError, match=r'Unknown column "amonut" \(did you mean "amount"\?\)') as refused:
        read_one(amonut=3)

    assert refused.value.column == "amonut"


def test_an_unknown_column_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(EventError, match=r'Unknown column "zzz"; declared are "event_id"'):
        read_one(zzz=3)


def test_label_and_ignored_columns_may_come_along() -> None:
    assert len(read_one(is_fraud=1, note={"any": "thing"})) == 1


@pytest.mark.parametrize("column", ["event_id", "timestamp"])
def test_id_and_timestamp_are_required(column: str) -> None:
    event = {name: value for name, value in GOOD.items() if name != column}

    with pytest.raises(EventError, match=f'Column "{column}" is required and missing'):
        read_event(PAYMENT, event)


def test_everything_else_may_be_left_out() -> None:
    event = read_event(PAYMENT, {"event_id": "e", "timestamp": "2026-01-05"})

    assert event.amounts is not None
    assert np.isnan(event.amounts[0])
    assert event.entities["customer"].codes.tolist() == [-1]


def test_a_table_needs_every_declared_column_and_the_nearest_is_named() -> None:
    present = [name for name in GOOD if name != "amount"] + ["Amount_"]

    with pytest.raises(TableError, match=r'lacks the declared column "amount" \(did you mean "Amount_"\?\)'):
        require_columns(PAYMENT, present)


def test_a_table_with_a_repeated_column_is_refused() -> None:
    with pytest.raises(TableError, match='more than one column named "amount"'):
        require_columns(PAYMENT, [*GOOD, "amount"])


def test_a_table_may_have_more_columns_in_any_order() -> None:
    require_columns(PAYMENT, ["extra", *reversed(list(GOOD))])
    with pytest.raises(TableError, match="is_fraud"):
        require_columns(PAYMENT, list(GOOD), more=("is_fraud",))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "note"]), ANY_JSON))
@settings(max_examples=examples(300))
def test_any_json_is_an_event_or_one_event_error(changes: dict[str, object]) -> None:
    refused: EventError | None = None
    try:
        event = read_one(**changes)
    except EventError as error:
        refused = error
    if refused:
        assert refused.column in PAYMENT.accepted
        return
    assert event.amounts is not None
    assert not np.isinf(event.amounts).any()
    assert event.ids[0]


VALUES: st.SearchStrategy[object] = (
    st.sampled_from(["", None, True, False, "yes", "x", "1_0", "1e400", 10**400, [1], "a|b", "2026-01-05T13:24:11Z"])
    | st.floats()
    | st.integers(-(10**13), 10**13)
    | st.text(max_size=4)
)


@given(st.dictionaries(st.sampled_from(list(GOOD)), VALUES, max_size=4))
def test_one_event_is_read_as_a_column_of_one(changes: dict[str, object]) -> None:
    columns, problems = read_events(PAYMENT, {name: [value] for name, value in {**GOOD, **changes}.items()})
    if problems:
        with pytest.raises(EventError) as caught:
            read_one(**changes)
        assert (problems[0].column, problems[0].message) == (caught.value.column, said_of(caught.value))
        return
    alone = read_one(**changes)
    assert alone.ids == columns.ids
    for name in ("times_us", "amounts", "latitudes", "longitudes"):
        one, other = getattr(alone, name), getattr(columns, name)
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
    for name in columns.numeric:
        assert alone.numeric[name].tobytes() == columns.numeric[name].tobytes()
    for kind in ("categories", "entities"):
        for name, keys in getattr(columns, kind).items():
            assert getattr(alone, kind)[name].only == keys.only


def said_of(error: EventError) -> str:
    return str(error).partition('": ')[2].removesuffix(".")
