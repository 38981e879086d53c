"""Rules that cannot have been meant are found, and nothing is found that is not so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature
from tollgate.core.rules.analysis.findings import Finding, find_oddities
from tollgate.core.rules.analysis.satisfiability import SearchBudget, is_impossible, judge
from tollgate.core.rules.row_compiler import compile_on_one
from tollgate.core.rules.rule import Mode, Rule, RuleBook
from tollgate.core.rules.scope import Value, scope_of
from tollgate.core.rules.type_check import read_rule

from tests.core.rules.expressions import LISTS, SCOPE, conditions, rows
from tests.hypothesis_profiles import examples

EVENT_TYPE = EventType(
    "payment",
    "id",
    "time",
    amount="amount",
    latitude="latitude",
    longitude="longitude",
    numeric=("items",),
    categorical=("country", "channel"),
    boolean=("is_new",),
)
REAL = scope_of(EVENT_TYPE, (), {"homes": "text"})

NEVER = [
    "false",
    "1 > 2",
    "amount > 10 && amount < 5",
    "amount > 5 && amount <= 5",
    "amount >= 5 && amount < 5",
    "5 < amount && 5 > amount",
    "amount > 2 + 3 && amount < 10 / 2",
    "amount == 1 && amount == 2",
    "amount == 1 && amount != 1",
    "amount in [1, 2] && amount > 2",
    "amount in [1, 2] && !(amount in [1, 2, 3])",
    "amount in [1, 2] && amount in [3]",
    'country == "US" && country == "NG"',
    'country == "US" && country in ["NG", "DE"]',
    'country in ["US", "NG"] && country > "Z"',
    "is_new && !is_new",
    "is_new == true && is_new == false",
    "is_new == null && is_new",
    "amount == null && amount > 1",
    "country == null && country in homes",
    "country in homes && !(country in homes)",
    "amount > items && !(amount > items)",
    "amount + items > 5 && !(amount + items > 5)",
    "score > 1000",
    "score < 0",
    "score == null",
    "score > 899 && score < 900",
    "score == 899.5",
    "latitude > 90",
    "(amount < 1 || amount < 2) && amount > 3",
    '(country == "US" && amount > 5) && (country == "NG" || amount < 3)',
    "amount < 0 / 0",
    "!(amount < 5 || amount >= 5 || amount == null)",
    "!(is_new || !is_new)",
]
ALWAYS = [
    "1 < 2",
    "score >= 0",
    "score <= 1000",
    "score != null",
    "score < 500 || score > 499",
    "is_new || !is_new",
    "amount == null || amount != null",
    "amount < 5 || amount >= 5 || amount == null",
    "!(amount > 10 && amount < 5)",
    "amount != 1 || amount != 2",
    "!(country in homes) || country != null",
]
NEITHER = [
    "true && amount > 5",
    "amount > 5 && amount < 10",
    "amount > 5 || amount <= 5",
    "amount == amount",
    "!(amount < 5) && !(amount >= 5)",
    "country != country",
    "is_new != true && is_new != false",
    "amount > 5 && items < 5",
    "amount in [1, 2] && amount in [2, 3]",
    "amount in [1, 2] && amount != 1",
    "score > 899 && score < 901",
    "score >= 1000",
    "amount > 899 && amount < 900",
    'country < "A" || country >= "A"',
    "country in homes && country in ['US']",
    "is_new == false",
    "amount == null",
    "country in homes || !(country == 'US')",
    "amount > items && items > amount",
]


@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_that_never_matches_is_found(rule: str) -> None:
    assert is_impossible([(read_rule(rule, REAL), True)], REAL, SearchBudget())
    assert not is_impossible([(read_rule(rule, REAL), False)], REAL, SearchBudget())


@pytest.mark.parametrize("rule", ALWAYS)
def test_a_rule_that_always_matches_is_found(rule: str) -> None:
    assert is_impossible([(read_rule(rule, REAL), False)], REAL, SearchBudget())
    assert not is_impossible([(read_rule(rule, REAL), True)], REAL, SearchBudget())


@pytest.mark.parametrize("rule", NEITHER)
def test_no_false_alarm(rule: str) -> None:
    assert not is_impossible([(read_rule(rule, REAL), True)], REAL, SearchBudget())
    assert not is_impossible([(read_rule(rule, REAL), False)], REAL, SearchBudget())


def _as_read(row: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return a row as doors read it: texts without outer blanks, and none where they are empty."""
    return {name: (value.strip() or None) if isinstance(value, str) else value for name, value in row.items()}


@settings(max_examples=examples(600))
@given(conditions, conditions, st.lists(rows.map(_as_read), min_size=3, max_size=8))
def test_what_is_impossible_never_happens(one: str, other: str, events: list[Mapping[str, Value]]) -> None:
    first, second = (read_rule(rule, SCOPE) for rule in (one, other))
    for wanted in (True, False):
        if is_impossible([(first, True), (second, wanted)], SCOPE, SearchBudget()):
            ask = compile_on_one(first, SCOPE, LISTS), compile_on_one(second, SCOPE, LISTS)
            assert not any(ask[0](event) and ask[1](event) is wanted for event in events)


def find(*rules: Rule, mode: Mode = "FIRST_MATCHED") -> list[tuple[str, str, str]]:
    def told(finding: Finding) -> tuple[str, str, str]:
        return finding.rule.name, finding.severity, finding.message

    return [told(finding) for finding in find_oddities(RuleBook(mode, rules), REAL, "approve")]


def test_a_rule_behind_one_that_matches_whenever_it_does_cannot_be_reached() -> None:
    wide, narrow = Rule("wide", "amount > 100", "review"), Rule("narrow", "amount > 500 && is_new", "block")

    assert find(wide, narrow) == [
        ("narrow", "error", 'can never be reached: the earlier rule "wide" always matches first')
    ]  # fmt: skip
    assert find(narrow, wide) == []
    assert find(wide, narrow, mode="ALL_MATCHED") == []


def test_rules_before_can_cover_one_together() -> None:
    rules = [
        Rule("small", "amount < 100", "review"),
        Rule("large", "amount >= 100", "review"),
        Rule("some", "amount > 50 && amount < 150", "block"),
    ]

    assert find(*rules) == [
        ("some", "error", "can never be reached: one of the earlier rules always matches first")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "later", "reached"),
    [
        ({}, {}, False),
        ({"shadow": True}, {}, True),
        ({"enabled": False}, {}, True),
        ({}, {"shadow": True}, True),
        ({"priority": 200}, {}, True),
        ({"expires_us": 5}, {}, True),
        ({"expires_us": 5}, {"expires_us": 6}, True),
        ({"expires_us": 5}, {"expires_us": 5}, False),
    ],
)
def test_only_a_rule_that_acts_before_and_as_long_hides_another(
    earlier: dict[str, int], later: dict[str, int], reached: bool
) -> None:
    first = Rule("first", "amount > 100", "review", **earlier)  # type: ignore[arg-type]
    second = Rule("second", "amount > 500", "block", **later)  # type: ignore[arg-type]

    errors = [name for name, severity, _ in find(first, second) if severity == "error"]
    # With the later one first, the wide rule is still of use.
    assert errors == ([] if reached else ["second"])


def test_a_rule_that_is_meant_to_match_always_is_no_oddity() -> None:
    assert find(Rule("rest", "true", "review")) == []
    assert find(Rule("rest", "score >= 0", "review")) == [
        ("rest", "warning", "always matches; if you want that, write true")
    ]
    assert find(Rule("a", "true", "review"), Rule("b", "is_new", "review"))[0][:2] == ("b", "error")


def test_an_outcome_that_never_wins_is_told() -> None:
    assert find(Rule("regulars", "is_new", "approve"), mode="ALL_MATCHED")[0][1] == "warning"
    assert find(Rule("regulars", "is_new", "approve")) == []


@pytest.mark.parametrize("many", [30, 205])
def test_a_hidden_rule_is_found_among_many(many: int) -> None:
    rules = [
        Rule(f"r{place}", f'items > {place} && (country == "C{place}" || channel == "x{place}")', "review")
        for place in range(many)
    ]
    hidden = Rule("hidden", 'channel == "x7" && items > 8 && amount > 1', "review")

    assert find(*rules, hidden) == [
        ("hidden", "error", 'can never be reached: the earlier rule "r7" always matches first')
    ]  # fmt: skip


def test_no_rules_take_longer_than_patience_lasts() -> None:
    tangled = " && ".join(f"(amount == {place} || items == {place} || amount == {-place})" for place in range(1, 9))
    claims = [(read_rule(tangled, REAL), True)]
    assert judge(claims, REAL, SearchBudget()) == "impossible"
    patience = SearchBudget(100)
    assert judge(claims, REAL, patience) == "unknown"
    assert -100 < patience.left <= 0


def test_hundreds_of_rules_are_looked_at_in_a_moment() -> None:
    rules = [
        Rule(f"r{place}", f'amount > {place} && (country == "C{place}" || channel == "x{place}" && is_new)', "review")
        for place in range(120)
    ]

    assert find(*rules) == []


HOURS = "hour is a whole number from 0 to 23; for parts of an hour write hour_exact"
TEXTS = "texts have no blanks around them, and an empty text is missing: write == null"
FADES = "customer_n_1d is computed with a fraction; compare it by < and >"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            "hour == 5.5",
            f"hour == 5.5 is never true: {HOURS}",
        ),
        (
            "hour in [24, 25.5]",
            f"hour == 24 is never true: {HOURS}",
        ),
        (
            "hour > 23",
            f"hour > 23 is never true: {HOURS}",
        ),
        ("weekday == 7", "weekday == 7 is never true: weekday is a whole number from 0 (Monday) to 6"),
        ("score > 1000", "score > 1000 is never true: score is a whole number from 0 to 1000"),
        (
            'country == " US"',
            f'country == " US" is never true: {TEXTS}',
        ),
    ],
)
def test_what_a_name_cannot_be_is_said(rule: str, reason: str) -> None:
    assert find(Rule("r", rule, "review")) == [("r", "error", f"can never match: {reason}")]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            "hour >= 22.5",
            f"hour >= 22.5 compares hour with 22.5: {HOURS}",
        ),
        (
            "hour == 24 || amount > 5",
            f"hour == 24 is never true: {HOURS}",
        ),
        (
            'country in ["US", "NG "]',
            f'country == "NG " is never true: {TEXTS}',
        ),
        (
            'country != "" && amount > 5',
            f'country != "" is always true: {TEXTS}',
        ),
        (
            "customer_n_1d == 3",
            f"customer_n_1d == 3 is hardly ever true: {FADES}",
        ),
    ],
)
def test_a_comparison_that_cannot_be_meant_is_a_warning(rule: str, reason: str) -> None:
    scope = scope_of(EVENT_TYPE, (Feature("customer_n_1d", "", "count", "customer"),), {})
    (found,) = find_oddities(RuleBook("FIRST_MATCHED", (Rule("r", rule, "review"),)), scope, "approve")
    assert (found.severity, found.kind, found.message) == ("warning", "odd_comparison", f"is odd: {reason}")


@pytest.mark.parametrize("rule", ["hour >= 22", "hour_exact >= 22.5", "customer_n_1d == 0", "items == 3"])
def test_a_usual_comparison_is_not_odd(rule: str) -> None:
    scope = scope_of(EVENT_TYPE, (Feature("customer_n_1d", "", "count", "customer"),), {})
    assert find_oddities(RuleBook("FIRST_MATCHED", (Rule("r", rule, "review"),)), scope, "approve") == ()
