"""A rule that hits none of the events, or all: which comparison is why, and which values occur."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.rules.analysis.diagnosis import diagnose
from tollgate.core.rules.formatting import write_node
from tollgate.core.rules.parser import parse
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import Value
from tollgate.core.rules.value_lists import ValueList

from tests.core.rules.deciding import EVENT_TYPE, FEATURES, inputs_of
from tests.core.rules.expressions import conditions
from tests.hypothesis_profiles import examples

LISTS = {
    "denied": ValueList.of("text", ["C0036", "zz"]),
    "empty": ValueList.of("text", []),
    "round": ValueList.of("number", [100.0, 5000.0]),
}
# At 05:15, 05:40, 07:00 and 07:10.
ROWS: tuple[Mapping[str, object], ...] = (
    {"time": "2026-03-02T05:15:00Z", "amount": 10, "country": "US", "is_new": False, "customer_id": "36"},
    {"time": "2026-03-02T05:40:00Z", "amount": 8312.4, "country": "US", "is_new": False, "customer_id": "c0036"},
    {"time": "2026-03-02T07:00:00Z", "amount": 99.5, "country": "NG", "is_new": None, "customer_id": "37"},
    {"time": "2026-03-02T07:10:00Z", "amount": 250, "country": "DE", "is_new": False, "customer_id": "37"},
)


def notes(when: str, expires_us: int | None = None) -> list[str]:
    rules = RuleSet.of(
        RuleBook("ALL_MATCHED", (Rule("r", when, "review", expires_us=expires_us),), LISTS), EVENT_TYPE, FEATURES
    )
    inputs = inputs_of(ROWS)
    return list(diagnose(rules, inputs, rules.match(inputs))[0])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("hour == 6", "never matches: hour == 6 is never true; the nearest value that occurs is 5."),
        ("6 == hour", "never matches: 6 == hour is never true; the nearest value that occurs is 5."),
        ("hour in [1, 20]", "never matches: hour in [1, 20] is never true; the nearest value that occurs is 5."),
        (
            "hour_exact == 5.5",
            "never matches: hour_exact == 5.5 is never true; the nearest value that occurs is 5.667.",
        ),
        ("amount > 100000", "never matches: amount > 100000 is never true; the largest is 8,312.40."),
        ("100000 < amount", "never matches: 100000 < amount is never true; the largest is 8,312.40."),
        ("amount < 5", "never matches: amount < 5 is never true; the smallest is 10.00."),
        ("amount / 2 > 9000", "never matches: amount / 2 > 9000 is never true; the largest is 4,156.2."),
        ("amount in round", "never matches: amount in round is never true; the nearest value that occurs is 99.50."),
        (
            "items > 5",
            "never matches: items > 5 is never true; items is missing in all 4 events.",
        ),
        (
            "amount > 9 * amount",
            "never matches: amount > 9 * amount is never true; at the closest, amount is 10.00 and 9 * amount is 90.",
        ),
        ('customer_id == "0036"', 'never matches: customer_id == "0036" is never true; did you mean "36"?'),
        ('country == "us"', 'never matches: country == "us" is never true; did you mean "US"?'),
        (
            'country == "Peru"',
            'never matches: country == "Peru" is never true; the values that occur are "US", "NG" and "DE".',
        ),
        (
            'country in ["us", "ng"]',
            'never matches: country in ["ng", "us"] is never true; did you mean "NG" for "ng" and "US" for "us"?',
        ),
        (
            "customer_id in denied",
            'never matches: customer_id in denied is never true; did you mean "c0036" for "C0036"?',
        ),
        ("customer_id in empty", "never matches: customer_id in empty is never true; the list empty is empty."),
        ("country == null", "never matches: country == null is never true; country is never missing."),
        ("items != null", "never matches: items != null is never true; items is always missing."),
        ("is_new", "never matches: is_new is never true; it is false in 3 and missing in 1 of 4 events."),
        (
            "is_new == true",
            "never matches: is_new == true is never true; it is false in 3 and missing in 1 of 4 events.",
        ),
        ("!(amount > 5)", "never matches: amount > 5 is always true; the smallest is 10.00."),
        ('country != null && country == "us"', 'never matches: country == "us" is never true; did you mean "US"?'),
        (
            'amount > 1000 && country == "NG"',
            'never matches: amount > 1000 is never true where country == "NG"; the largest there is 99.50.',
        ),
        ("amount > 5", "matches every event: amount > 5 is always true; the smallest is 10.00."),
        ("amount >= 10 || is_new", "matches every event: amount >= 10 is always true; the smallest is 10.00."),
        (
            "hour == 5 && customer_id in denied",
            'never matches: customer_id in denied is never true; did you mean "c0036" for "C0036"?',
        ),
        ('country in ["US", "ng"]', 'compares country with "ng", which never occurs; did you mean "NG"?'),
        (
            'customer_id == "037" || amount > 99',
            'compares customer_id with "037", which never occurs; did you mean "37"?',
        ),
    ],
)
def test_the_comparison_that_is_to_blame_is_named(rule: str, expected: str) -> None:
    assert notes(rule) == [expected]


def test_each_alternative_is_named() -> None:
    assert notes("amount > 9999 || hour == 12") == [
        "never matches: amount > 9999 is never true; the largest is 8,312.40.",
        "never matches: hour == 12 is never true; the nearest value that occurs is 7.",
    ]


def test_conditions_that_only_never_meet_are_counted() -> None:
    assert notes('hour == 5 && country == "NG" && amount > 200 && customer_id == "36"') == [
        'never matches: no event meets all conditions at once; of 4 events, hour == 5 for 2, country == "NG" for 1, '
        'amount > 200 for 2 and customer_id == "36" for 1.'
    ]


def test_a_rule_that_had_expired_says_so() -> None:
    assert notes("amount > 50", expires_us=0) == [
        "never matches: it expired at 1970-01-01T00:00:00Z, before the first of these events at 2026-03-02T05:15:00Z."
    ]


@pytest.mark.parametrize("rule", ["amount > 100", 'country == "US"', "true", "is_new == false"])
def test_nothing_is_said_of_a_rule_that_hits_some(rule: str) -> None:
    assert notes(rule) == []


def test_without_events_nothing_is_said() -> None:
    rules = RuleSet.of(RuleBook("ALL_MATCHED", (Rule("r", "amount > 5", "review"),)), EVENT_TYPE, FEATURES)
    inputs = inputs_of([])
    assert diagnose(rules, inputs, np.zeros((1, 0), dtype=bool)) == ((),)


@settings(max_examples=examples(300))
@given(conditions)
def test_an_expression_is_written_as_it_can_be_read_again(text: str) -> None:
    node = parse(text)
    written = write_node(node)
    if "…" not in written:
        assert parse(written) == node


VALUES = st.fixed_dictionaries(
    {
        "amount": st.sampled_from([None, 0.0, 5.0, 99.5]),
        "country": st.sampled_from([None, "US", "us", " NG"]),
        "is_new": st.sampled_from([None, True, False]),
        "items": st.sampled_from([None, 1.0, 3.5]),
        "customer_id": st.sampled_from([None, "c1", "36"]),
    }
)
PARTS = st.sampled_from(
    [
        *("amount > 5", "amount == null", "items * 2 <= amount", 'country == "Us"', 'country < "A"', "is_new"),
        *(
            "customer_id in denied",
            "amount in [1, 5]",
            "country != customer_id",
            "amount + 1 != items",
            "false",
            "1 > 2",
        ),
        *("is_new != true", '!("US" == country)', "hour > 3", "amount / 0 > 5", "null != items", "amount == amount"),
    ]
)


@settings(max_examples=examples(400))
@given(
    st.lists(VALUES, min_size=1, max_size=6),
    st.recursive(
        PARTS,
        lambda part: st.one_of(
            st.builds("({} && {})".format, part, part),
            st.builds("({} || {})".format, part, part),
            st.builds("!({})".format, part),
        ),
        max_leaves=6,
    ),
)
def test_every_rule_that_hits_none_or_all_has_a_reason(rows: list[Mapping[str, Value]], text: str) -> None:
    rules = RuleSet.of(RuleBook("ALL_MATCHED", (Rule("r", text, "review"),), LISTS), EVENT_TYPE, FEATURES)
    inputs = inputs_of(rows)
    matched = rules.match(inputs)
    found = diagnose(rules, inputs, matched)[0]
    if matched.all():
        assert found[0].startswith("matches every event: ")
    elif not matched.any():
        assert found[0].startswith("never matches: ")
    assert all(note.endswith((".", "?")) for note in found)
