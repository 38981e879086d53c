"""The table of operators: every record is one that the parser, the compilers and the analysis can use."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from tollgate.core.events.event import Keys
from tollgate.core.rules.analysis.ranges import Constant, Range
from tollgate.core.rules.column_compiler import compare_texts
from tollgate.core.rules.formatting import write_node
from tollgate.core.rules.operators import ABSENT, AND, IN, INFIX, OPERATORS, OR, PREFIX, Level, Operator
from tollgate.core.rules.parser import parse

NUMBERS = (0.0, -0.0, 1.0, -2.5, 3.0, 1e300, math.inf, -math.inf, math.nan)
TEXTS = ("", "US", "us", "é", "a b", "USA", "U")
COMPARISONS = [one for one in OPERATORS if one.level is Level.COMPARISON and one is not IN]
# One that no rule has: it orders nothing, and has neither an opposite nor a mirrored form.
STARTS_WITH = Operator("startsWith", Level.COMPARISON, str.startswith, np.equal, "", ("text",), "truth")


def test_a_sign_stands_for_one_operator_before_a_value_and_one_between_two() -> None:
    assert len({(one.level is Level.PREFIX, one.sign) for one in OPERATORS}) == len(OPERATORS)
    assert not set(ABSENT) & {*PREFIX, *INFIX}


@pytest.mark.parametrize("operator", OPERATORS, ids=repr)
def test_a_record_has_a_form_that_the_compilers_know(operator: Operator) -> None:
    if operator in (AND, OR) or operator.level is Level.PREFIX:
        assert operator.takes in (("number",), ("truth",))
        assert operator.gives == operator.takes[0]
    elif operator.gives == "number":
        assert operator.takes == ("number",)
    else:
        assert operator.gives == "truth"


@pytest.mark.parametrize("operator", [one for one in OPERATORS if "number" in one.takes and one is not IN], ids=repr)
def test_columns_of_numbers_say_what_single_numbers_do(operator: Operator) -> None:
    operands = list(product(NUMBERS, repeat=1 if operator.level is Level.PREFIX else 2))
    alone = [operator.on_one(*values) for values in operands]
    with np.errstate(all="ignore"):
        together = operator.on_columns(*np.array(operands).T)

    assert np.array_equal(together, np.array(alone), equal_nan=operator.gives == "number")
    if operator.gives == "truth":
        missing = [answer for answer, values in zip(alone, operands, strict=True) if any(map(math.isnan, values))]
        assert set(missing) == {operator.if_missing}
        assert all(type(answer) is bool for answer in alone)
    else:
        assert np.isnan(together[np.isnan(np.array(operands)).any(axis=1)]).all()


@pytest.mark.parametrize("operator", [one for one in [*COMPARISONS, STARTS_WITH] if "text" in one.takes], ids=repr)
def test_columns_of_texts_say_what_single_texts_do(operator: Operator) -> None:
    pairs = list(product((*TEXTS, None), repeat=2))
    wanted = [
        operator.if_missing if left is None or right is None else operator.on_one(left, right) for left, right in pairs
    ]
    left, right = (Keys.of([pair[side] for pair in pairs]) for side in (0, 1))

    assert compare_texts(operator, left, right).tolist() == wanted
    for text in TEXTS:
        column = Keys.of((*TEXTS, None))
        before = [*(operator.on_one(text, other) for other in TEXTS), operator.if_missing]
        behind = [*(operator.on_one(other, text) for other in TEXTS), operator.if_missing]
        assert compare_texts(operator, text, column).tolist() == before
        assert compare_texts(operator, column, text).tolist() == behind


@pytest.mark.parametrize("operator", COMPARISONS, ids=repr)
def test_the_opposite_and_the_mirrored_operator_say_so_of_every_value(operator: Operator) -> None:
    for kind, values in (("number", NUMBERS[:-1]), ("text", TEXTS)):
        for left, right in product(values, repeat=2) if kind in operator.takes else ():
            found = operator.on_one(left, right)
            if operator.opposite:
                assert INFIX[operator.opposite].on_one(left, right) is not found
            if operator.mirrored:
                assert INFIX[operator.mirrored].on_one(right, left) is found


@pytest.mark.parametrize("operator", [*COMPARISONS, STARTS_WITH], ids=repr)
def test_a_range_keeps_every_value_that_a_comparison_is_true_or_false_of(operator: Operator) -> None:
    values: list[tuple[Constant, ...]] = [TEXTS, NUMBERS[:-1]] if "number" in operator.takes else [TEXTS]
    for value, constant in (pair for of_one_kind in values for pair in product(of_one_kind, repeat=2)):
        left = Range(only=frozenset({value}), missing=False)
        is_true = operator.on_one(value, constant)
        assert left.narrowed(operator, constant).is_empty is not is_true, (value, constant)
        assert left.widened(operator, constant).is_empty is is_true, (value, constant)


def test_a_rule_is_written_with_the_parentheses_that_its_operators_need() -> None:
    for outer, inner in product(INFIX.values(), repeat=2):
        if outer is IN or inner is IN:
            continue
        for text in (f"(a {inner.sign} b) {outer.sign} c", f"a {outer.sign} (b {inner.sign} c)"):
            assert parse(write_node(parse(text))) == parse(text)


def test_what_the_table_does_not_say_of_an_operator_is_left_open() -> None:
    found = Range(trimmed=True).narrowed(STARTS_WITH, "U")

    assert not found.is_empty
    assert not found.missing
    assert found.among(frozenset({"DE"})).is_empty
    assert not found.among(frozenset({"US"})).is_empty
    assert Range().widened(STARTS_WITH, "U").missing
