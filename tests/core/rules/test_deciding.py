"""What rules decide: modes, order, shadows, switches, expiry; and what they say about it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.rules.matches import ListAnswer, RuleHit
from tollgate.core.rules.rule import Mode, Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList

from tests.core.rules.deciding import EVENT_TYPE, FEATURES, LISTS, ask, inputs_of, outcomes, rule_set

LARGE = Rule("large", "amount > 100", "review")
HUGE = Rule("huge", "amount > 1000", "block")
REGULAR = Rule("regular", "customer_n_1d > 5", "approve")
SMALL = {"amount": 10}


def test_without_rules_the_score_decides() -> None:
    answers = ask(rule_set(), {"score": 0}, {"score": 930}, {"score": 1000})

    assert outcomes(answers) == ["approve", "review", "block"]
    assert answers.names() == [[], [], []]
    assert answers.hits(0) == []
    assert answers.counts() == {}


def test_in_all_matched_the_strongest_wins() -> None:
    rules = rule_set(LARGE, HUGE, REGULAR, mode="ALL_MATCHED")
    answers = ask(
        rules,
        {"amount": 5000, "customer_n_1d": 9},
        {"amount": 500},
        {"amount": 500, "score": 1000},
        {**SMALL, "score": 930, "customer_n_1d": 9},
        SMALL,
    )

    assert outcomes(answers) == ["block", "review", "block", "review", "approve"]
    assert answers.names() == [["large", "huge", "regular"], ["large"], ["large"], ["regular"], []]
    assert answers.counts() == {"large": 3, "huge": 1, "regular": 2}


def test_in_first_matched_the_first_decides_and_the_score_comes_last() -> None:
    answers = ask(
        rule_set(REGULAR, HUGE, LARGE),
        {"amount": 5000, "customer_n_1d": 9, "score": 1000},
        {"amount": 5000},
        {"amount": 500, "score": 1000},
        {**SMALL, "score": 930},
        SMALL,
    )

    assert outcomes(answers) == ["approve", "block", "review", "review", "approve"]
    assert answers.names() == [["regular"], ["huge"], ["large"], [], []]
    assert answers.counts() == {"regular": 1, "huge": 1, "large": 1}


def test_smaller_priorities_come_first_and_equal_ones_as_written() -> None:
    rules = rule_set(replace(LARGE, priority=200), REGULAR, replace(HUGE, priority=1), Rule("last", "true", "review"))

    assert [compiled.rule.name for compiled in rules.rules] == ["huge", "regular", "last", "large"]


@pytest.mark.parametrize("mode", ["FIRST_MATCHED", "ALL_MATCHED"])
def test_a_shadow_rule_counts_and_does_not_act(mode: Mode) -> None:
    shadow = replace(HUGE, shadow=True)
    answers = ask(rule_set(shadow, LARGE, mode=mode), {"amount": 5000}, SMALL)

    assert outcomes(answers) == ["review", "approve"]
    assert answers.names() == [["huge (shadow)", "large"], []]
    assert answers.counts() == {"huge": 1, "large": 1}


def test_a_shadow_rule_behind_the_first_match_counts() -> None:
    answers = ask(rule_set(LARGE, replace(HUGE, shadow=True)), {"amount": 5000})

    assert answers.counts() == {"large": 1, "huge": 1}


def test_a_rule_that_is_switched_off_is_not_there() -> None:
    answers = ask(rule_set(replace(HUGE, enabled=False), LARGE), {"amount": 5000})

    assert outcomes(answers) == ["review"]
    assert answers.counts() == {"large": 1}


def test_a_rule_ends_with_the_event_of_its_expiry() -> None:
    rules = rule_set(replace(HUGE, expires_us=1_000_000_000))
    times = [999.999999, 1000.0, 2000.0]
    together = ask(rules, *({"amount": 5000, "time": time} for time in times))
    alone = [ask(rules, {"amount": 5000, "time": time}) for time in times]

    assert outcomes(together) == ["block", "approve", "approve"]
    assert [outcomes(answers)[0] for answers in alone] == outcomes(together)


def test_a_hit_shows_the_rule_with_the_values_put_in() -> None:
    rule = Rule(
        "odd",
        'amount > 99.5 && (country == "NG" || country == null)\n  && is_new && customer_n_1d < 0.5 && items != 3',
        "block",
    )
    answers = ask(rule_set(rule), {"amount": 129.95, "country": 'N"G', "is_new": True}, SMALL)
    assert answers.hits(0) == []

    answers = ask(rule_set(rule), {"amount": 129.95, "is_new": True, "customer_n_1d": 0.1})
    shown = '129.95 > 99.5 && (null == "NG" || null == null)\n  && true && 0.100000001 < 0.5 && null != 3'
    assert answers.hits(0) == [RuleHit("odd", "block", False, shown)]


def test_a_long_text_is_cut_and_whole_numbers_are_shown_as_such() -> None:
    rule = Rule("any", 'country != "x" && score >= 900 && amount > 1', "review")
    (hit,) = ask(rule_set(rule), {"country": "é" * 100, "score": 950, "amount": 1e12}).hits(0)

    assert hit.expression == f'"{"é" * 40}…" != "x" && 950 >= 900 && 1000000000000 > 1'


def test_every_list_that_is_asked_tells_what_it_answered() -> None:
    rules = rule_set(
        Rule("denied", "customer_id in denied", "block"),
        Rule("twice", "customer_id in denied && amount in round", "review", shadow=True),
        Rule("half", "amount / 0 in round", "review"),
    )
    answers = ask(rules, {"customer_id": "c1", "amount": 100}, {"customer_id": "c9"})

    assert answers.lists(0) == [
        ListAnswer("denied", "c1", True),
        ListAnswer("round", 100.0, True),
        ListAnswer("round", None, False),
    ]
    assert answers.lists(1) == [ListAnswer("denied", "c9", False), ListAnswer("round", None, False)]
    assert json.dumps([answer.value for answer in answers.lists(0)], allow_nan=False)


def test_lists_change_without_the_rules() -> None:
    rules = rule_set(Rule("denied", "customer_id in denied", "block"))
    changed = rules.with_lists({"denied": ValueList.of("text", ["c9"]), "unknown": ValueList.of("text", ["c1"])})

    rows = ({"customer_id": "c1"}, {"customer_id": "c9"})
    assert outcomes(ask(rules, *rows)) == ["block", "approve"]
    assert outcomes(ask(changed, *rows)) == ["approve", "block"]
    assert [outcomes(ask(changed, row))[0] for row in rows] == ["approve", "block"]
    assert rules.with_lists(LISTS) is rules
    assert set(changed.book.lists) == set(LISTS)


def test_what_a_rule_lacks_is_counted_apart() -> None:
    rules = rule_set(LARGE, Rule("place", 'country == "NG" && amount > 1', "review"))

    lacking = rules.lacking(inputs_of([{"amount": 5}, {"country": "NG"}, {"amount": 5, "country": "NG"}]))
    assert lacking.tolist() == [[False, True, False], [True, True, False]]


@pytest.mark.parametrize("mode", ["FIRST_MATCHED", "ALL_MATCHED"])
def test_one_event_is_a_column_of_one(mode: Mode) -> None:
    random = np.random.default_rng(5)
    rules = rule_set(
        Rule("a", "amount > 100 && items / amount < 0.1", "review", priority=5),
        Rule("b", 'customer_id in denied || country in ["NG", "US"]', "block", shadow=True),
        Rule("c", "!is_new && score > 500 && customer_n_1d * 2 > 3", "block"),
        mode=mode,
    )

    def some(*values: object) -> object:
        return [*values, None][random.integers(len(values) + 1)]

    rows = [
        {
            **{"amount": some(1, 150.5, 1e9), "items": some(0, 3), "country": some("NG", "DE"), "is_new": some(0, 1)},
            **{"customer_id": some("c1", "c7"), "score": int(random.integers(1001)), "customer_n_1d": 2.5},
        }
        for _ in range(200)
    ]
    together = ask(rules, *rows)
    decided = outcomes(together)
    for place, row in enumerate(rows):
        alone = ask(rules, row)
        assert np.array_equal(alone.matched[:, 0], together.matched[:, place]), row
        assert np.array_equal(alone.counted[:, 0], together.counted[:, place])
        assert outcomes(alone) == [decided[place]]
        assert alone.hits(0) == together.hits(place)
        assert alone.lists(0) == together.lists(place)
    assert together.matched.any(axis=1).all()


def test_a_book_comes_back_from_its_plain_form() -> None:
    book = RuleBook("ALL_MATCHED", (replace(HUGE, expires_us=5, shadow=True, enabled=False), LARGE), LISTS)

    assert RuleBook.from_json(json.loads(json.dumps(book.to_json()))) == book
    assert ask(rule_set(LARGE)).matched.shape == (1, 0)
    assert (EVENT_TYPE.amount, FEATURES[0].name) == ("amount", "customer_n_1d")
