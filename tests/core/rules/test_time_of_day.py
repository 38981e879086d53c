"""The time of day in rules: whole hours, and in versions sealed before there were any, the model's feature as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.features.feature import Feature
from tollgate.core.rules.matches import RuleAnswers
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import RuleInputs

from tests.core.rules.deciding import EVENT_TYPE, inputs_of

HOURS = (Feature("hour", "", "hour", "time"), Feature("weekday", "", "weekday", "time"))
MOMENTS = ("2026-03-02T05:00:00Z", "2026-03-02T05:30:00Z", "2026-03-02T05:59:59.999999Z", "2026-03-02T06:00:00Z")


def matched(rule: str, book: RuleBook) -> list[bool]:
    """What a rule says of the moments, asked together and one by one."""
    rules = RuleSet.of(book, EVENT_TYPE, HOURS)
    given = inputs_of([{"time": moment} for moment in MOMENTS])
    fraction = given.events.times_us % 86_400_000_000 / 3_600_000_000
    features = np.stack([fraction, np.zeros(len(MOMENTS))], axis=1).astype(np.float32)
    together = RuleAnswers.of(rules, RuleInputs(given.events, features, given.scores)).matched[0].tolist()
    for row, expected in enumerate(together):
        one = RuleInputs(given.events.part(row, row + 1), features[row : row + 1], given.scores[row : row + 1])
        assert RuleAnswers.of(rules, one).matched.item() is expected, (rule, MOMENTS[row])
    found: list[bool] = together
    return found


def book_of(rule: str) -> RuleBook:
    return RuleBook("ALL_MATCHED", (Rule("r", rule, "review"),))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("hour == 5", [True, True, True, False]),
        ("hour in [3, 4, 5]", [True, True, True, False]),
        ("hour <= 5", [True, True, True, False]),
        ("hour < 6", [True, True, True, False]),
        ("hour > 5", [False, False, False, True]),
        ("hour_exact >= 5.5 && hour_exact < 6", [False, True, True, False]),
        ("weekday == 0", [True, True, True, True]),
    ],
)
def test_an_hour_is_whole_to_its_last_microsecond(rule: str, expected: list[bool]) -> None:
    assert matched(rule, book_of(rule)) == expected


def test_a_version_whose_manifest_does_not_say_keeps_the_fraction() -> None:
    rule = "hour <= 5"
    plain = book_of(rule).to_json()
    assert plain.pop("whole_hours") is True

    sealed_before = RuleBook.from_json(plain)

    assert matched(rule, sealed_before) == [True, False, False, False]
    assert sealed_before.to_json() == plain
    assert matched(rule, RuleBook.from_json(book_of(rule).to_json())) == [True, True, True, False]


def test_a_column_of_that_name_hides_the_hour() -> None:
    event_type = replace(EVENT_TYPE, numeric=("hour",))
    assert RuleSet.of(book_of("hour > 1"), event_type, HOURS).scope.symbols["hour"].source == "numeric"
