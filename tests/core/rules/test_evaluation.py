"""One meaning, however it is computed: on columns, on one event, and by the Rust binding of CEL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Floats, Keys
from tollgate.core.features.scalar_math import divide
from tollgate.core.rules.column_compiler import compile_on_columns
from tollgate.core.rules.row_compiler import compile_on_one
from tollgate.core.rules.scope import Value
from tollgate.core.rules.syntax import Compare, Name, Node, children, names
from tollgate.core.rules.type_check import read_rule

from tests.core.rules.expressions import LISTS, NUMBERS, SCOPE, TEXTS, TRUTHS, conditions, rows
from tests.hypothesis_profiles import examples

MISSING: dict[str, Value] = {
    **dict.fromkeys(NUMBERS, math.nan),
    **dict.fromkeys(TEXTS, None),
    **dict.fromkeys(TRUTHS, math.nan),
}


def on_columns(rule: str, events: Sequence[Mapping[str, Value]]) -> list[bool]:
    columns: dict[str, Floats | Keys] = {
        name: np.array([event[name] for event in events], dtype=np.float64) for name in (*NUMBERS, *TRUTHS)
    }
    columns |= {name: Keys.of([event[name] for event in events]) for name in TEXTS}  # type: ignore[misc]
    with np.errstate(all="ignore"):
        found = compile_on_columns(read_rule(rule, SCOPE), SCOPE, LISTS)(columns, len(events))
    assert found.dtype == bool
    assert found.shape == (len(events),)
    return found.tolist()  # type: ignore[no-any-return]


def on_one(rule: str, event: Mapping[str, Value]) -> bool:
    return compile_on_one(read_rule(rule, SCOPE), SCOPE, LISTS)(event)


def by_cel(rule: str, event: Mapping[str, Value]) -> bool | None:
    """Return what the Rust binding says; None where it has no answer, as for the order of NaN.

    To CEL null is equal to null; here two missing values are not equal, as two NaN are not: that is left out.
    """
    if compares_two_missing(read_rule(rule, SCOPE), event):
        return None

    def given_as(name: str, value: Value) -> object:
        if name in TRUTHS:
            return None if math.isnan(float(value or 0)) else value == 1.0
        return value

    variables = {name: given_as(name, value) for name, value in event.items()}
    variables |= {name: list(members.values) for name, members in LISTS.items()}
    try:
        return bool(cel.evaluate(rule, variables))
    except (TypeError, ValueError, RuntimeError):
        return None


def compares_two_missing(node: Node, event: Mapping[str, Value]) -> bool:
    if isinstance(node, Compare) and isinstance(node.left, Name) and isinstance(node.right, Name):
        return all(event[name.name] is None or event[name.name] != event[name.name] for name in names(node))
    return any(compares_two_missing(child, event) for child in children(node))


@settings(max_examples=examples(400))
@given(conditions, st.lists(rows, min_size=1, max_size=8))
def test_columns_and_one_event_and_cel_agree(rule: str, events: list[dict[str, Value]]) -> None:
    alone = [on_one(rule, event) for event in events]

    assert on_columns(rule, events) == alone
    for event, ours in zip(events, alone, strict=True):
        assert by_cel(rule, event) in (ours, None), event


def test_cel_has_an_answer_to_most_rules() -> None:
    """The test above would pass if the oracle never answered."""
    answered = []

    @settings(max_examples=examples(200), database=None)
    @given(conditions, rows)
    def ask(rule: str, event: dict[str, Value]) -> None:
        answered.append(by_cel(rule, event) is not None)

    ask()
    assert sum(answered) > len(answered) / 2


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("amount < 1", False),
        ("amount >= 1", False),
        ("amount == amount", False),
        ("amount != 1", True),
        ("!(amount == 1)", True),
        ("amount == null", True),
        ("null != amount", False),
        ("amount in amounts", False),
        ("!(amount in [1, 2])", True),
        ("amount + 1 < 5 || amount + 1 >= 5", False),
        ('country == "US"', False),
        ('country < "US" || country >= "US"', False),
        ("country == channel", False),
        ("country != channel", True),
        ('"US" != country', True),
        ("country in countries", False),
        ("country == null && is_new == null", True),
        ("is_new", False),
        ("!is_new", True),
        ("is_new == true", False),
        ("is_new == false", False),
        ("is_new != is_gift", True),
    ],
)
def test_a_missing_value_is_equal_to_nothing_but_null(rule: str, matches: bool) -> None:
    assert on_one(rule, MISSING) is matches
    assert on_columns(rule, [MISSING]) == [matches]


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("1 / 0 > 1e308", True),
        ("-1 / 0 < -1e308", True),
        ("0 / 0 == 0 / 0", False),
        ("amount / 0 > 1e308", True),
        ("amount / (0 * -1) < 0", True),
        ("1e308 * 10 == 1 / 0", True),
        ("5 / 2 == 2.5", True),
        ("1 + 2 * 3 - 4 / 2 == 5", True),
        ("10 - 4 - 3 == 3", True),
        ("--amount == amount", True),
        ("0 == -0.0", True),
        ("1 < 2 == true", True),
        ("false && true || true", True),
        ("!(false && true) == true", True),
        ("amount in [-3, 7]", True),
        (".5 < 1 && 1e3 == 1000", True),
        ("true // what follows is a comment", True),
        ("amount > 1\n  && amount < 100", True),
    ],
)
def test_arithmetic_is_that_of_doubles(rule: str, matches: bool) -> None:
    event = {**MISSING, "amount": 7.0}

    assert on_one(rule, event) is matches
    assert on_columns(rule, [event, event]) == [matches, matches]


def test_division_is_that_of_numpy() -> None:
    numbers = [0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan]
    for left in numbers:
        for right in numbers:
            with np.errstate(all="ignore"):
                wanted = np.float64(left) / np.float64(right)
            assert np.array_equal(divide(left, right), wanted, equal_nan=True), (left, right)
            assert math.isnan(wanted) or math.copysign(1, divide(left, right)) == math.copysign(1, wanted)
