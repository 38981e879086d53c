"""Events of a small detector for tests of what rules decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_events
from tollgate.core.features.feature import Feature
from tollgate.core.rules.matches import RuleAnswers
from tollgate.core.rules.rule import Mode, Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import RuleInputs
from tollgate.core.rules.value_lists import ValueList

EVENT_TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    numeric=("items",),
    categorical=("country",),
    boolean=("is_new",),
    entities={"customer": ("customer_id",)},
)
FEATURES = (Feature("customer_n_1d", "", "count", "customer"),)
ORDER = ("approve", "review", "block")
LISTS = {"denied": ValueList.of("text", ["c1", "c2"]), "round": ValueList.of("number", [100.0, 200.0])}


def rule_set(*rules: Rule, mode: Mode = "FIRST_MATCHED") -> RuleSet:
    return RuleSet.of(RuleBook(mode, rules, LISTS), EVENT_TYPE, FEATURES)


def _moment(time: object) -> object:
    """Return a moment as text; a number is of seconds since 1970."""
    return datetime.fromtimestamp(time, UTC).isoformat() if isinstance(time, int | float) else time


def inputs_of(rows: Sequence[Mapping[str, object]]) -> RuleInputs:
    """Events of the given columns; ``score`` and ``customer_n_1d`` beside them, 0 where not given."""
    columns: dict[str, list[object]] = {
        name: [row.get(name) for row in rows] for name in ("amount", "items", "country", "is_new", "customer_id")
    }
    columns["id"] = [f"e{place}" for place in range(len(rows))]
    columns["time"] = [_moment(row.get("time", 0)) for row in rows]
    events, problems = read_events(EVENT_TYPE, columns)
    assert not problems
    features = np.array([[row.get("customer_n_1d", 0)] for row in rows], dtype=np.float32)
    return RuleInputs(events, features, np.array([row.get("score", 0) for row in rows], dtype=np.int64))


def ask(rules: RuleSet, *rows: Mapping[str, object]) -> RuleAnswers:
    return RuleAnswers.of(rules, inputs_of(rows))


def by_score(answers: RuleAnswers) -> list[str]:
    return ["block" if score >= 975 else "review" if score >= 900 else "approve" for score in answers.inputs.scores]


def outcomes(answers: RuleAnswers) -> list[str]:
    return list(answers.outcomes(by_score(answers), ORDER))
