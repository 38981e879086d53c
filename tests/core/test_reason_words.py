"""The sentences of reasons, for histories made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.context import DecisionContext
from tollgate.core.explanations.groups import entity_words, group_features
from tollgate.core.explanations.sentences import say_reason
from tollgate.core.features.feature import Feature
from tollgate.core.history.plan import HistoryPlan, Sum, amount_excess
from tollgate.core.history.sum_kinds import SumKind

DAY_S = 86_400.0
KINDS: tuple[SumKind, ...] = ("n", "a", "u", "w", "f", "l", "v", "x", "y", "z")
PLAN = HistoryPlan((DAY_S, 30 * DAY_S), {"customer": tuple(Sum(kind, index) for kind in KINDS for index in (0, 1))})
TYPE = EventType(
    name="order",
    id="id",
    timestamp="at",
    amount="total",
    latitude="lat",
    longitude="lon",
    numeric=("age",),
    categorical=("channel",),
    boolean=("new",),
    entities={"customer": ("card",)},
)
ORDER: Mapping[str, Any] = {
    "id": "1", "at": "2026-04-14T21:43:22Z", "total": 130.5, "lat": 0.0, "lon": 1.0, "age": 41, "channel": "web",
    "new": "true", "card": "c1",
}  # fmt: skip
# Sums of a history over a day and over thirty.
USUAL: Mapping[SumKind, tuple[float, float]] = {
    "n": (2.0, 10.0), "a": (84.2, 421.0), "u": (0.0, 1.25), "w": (0.0, 2.5), "f": (0.0, 1.0),
    "l": (0.0, 9.0), "v": (0.0, 1.0), "x": (2.0, 10.0), "y": (0.0, 0.0), "z": (0.0, 0.0),
}  # fmt: skip


def say(
    operation: str,
    half_life: int = -1,
    source: str = "customer",
    order: Mapping[str, Any] | None = None,
    history: Mapping[SumKind, tuple[float, float]] | None = None,
) -> str:
    event = read_event(TYPE, {**ORDER, **(order or {})})
    kept = {**USUAL, **(history or {})}
    sums = np.array([[kept[kind][index] for kind in KINDS for index in (0, 1)]])
    features = [
        Feature("it", "Something new", operation, source, half_life),
        Feature("s", "How common", "share", "channel", table={"web": 0.25}),
    ]
    excess = amount_excess(PLAN, event, {"customer": sums})
    context = DecisionContext(TYPE, PLAN, event, sums, excess, features, np.array([[4.5, 0.25]], dtype=np.float32))
    return say_reason(context.at(0), 0)


@pytest.mark.parametrize("operation", ["mean_amount", "amount_ratio", "amount_deviation"])
def test_an_amount_is_compared_with_this_customers_usual(operation: str) -> None:
    assert say(operation, 1) == "Amount 130.50 is 3.1 times this customer's usual 42.10."


@pytest.mark.parametrize(
    ("total", "sentence"),
    [
        (42.0, "Amount 42.00 is about this customer's usual 42.10."),
        (8.42, "Amount 8.42 is 20% of this customer's usual 42.10."),
        (0, "Amount is 0.00, where this customer's usual is 42.10."),
        (-3, "Amount is -3.00, where this customer's usual is 42.10."),
        (None, "The payment has no amount."),
        (1234567.5, "Amount 1,234,567.50 is 29,325 times this customer's usual 42.10."),
    ],
)
def test_other_amounts(total: float | None, sentence: str) -> None:
    assert say("amount_ratio", 1, order={"total": total}) == sentence
    assert say("amount", order={"total": total}) == sentence


def test_an_entity_without_a_past_has_no_usual() -> None:
    nothing: Mapping[SumKind, tuple[float, float]] = dict.fromkeys(KINDS, (0.0, 0.0))
    too_little = "Amount is 130.50; this customer has too little history to tell what is usual."
    assert say("amount_ratio", 1, history=nothing) == too_little
    for half_life in (0, 1):
        remembered = say("count", half_life, history=nothing)
        assert remembered == "No payment of this customer before this one is remembered."
    unknown = "The place of the payment, or this customer's usual place, is not known."
    assert say("distance_km", 1, history=nothing) == unknown


def test_a_quiet_entity_is_said_to_be_quiet() -> None:
    quiet = say("pace", 0, history={"n": (0.001, 10.0)})
    assert quiet == "Hardly any payment of this customer lately, fewer than usual (half-life 1d)."
    assert say("pace", 0, history={"n": (0.1, 10.0)}).startswith(
        "Payments of this customer come at 30% of the usual pace"
    )
    assert say("unusual_count", 0, history={"u": (0.04, 0.0)}).startswith("No unusually large payment")


def test_an_entity_that_is_missing_is_said_to_be() -> None:
    assert say("amount_ratio", 1, order={"card": ""}) == "The payment does not say its customer."
    assert say("amount", order={"card": ""}) == "Amount is 130.50."


@pytest.mark.parametrize(
    ("operation", "half_life", "sentence"),
    [
        ("pace", 0, "Payments of this customer come at 6.0 times the usual pace (half-life 1d)."),
        ("count", 0, "Payments of this customer come at 6.0 times the usual pace (half-life 1d)."),
        ("count", 1, "10.0 payments of this customer are remembered, each fading by half in 30d."),
        ("unusual_count", 1, "1.2 unusually large payments of this customer lately (half-life 30d)."),
        ("excess", 1, "Amount 130.50 is 3.1 times this customer's usual 42.10."),
        ("excess_lately", 0, "No amount of this customer went beyond its usual lately (half-life 1d)."),
        (
            "excess_lately",
            1,
            "Amounts of this customer went beyond its usual lately, as 2.5 large ones do (half-life 30d).",
        ),
        ("unusual_age", 0, "No unusually large payment of this customer lately (half-life 1d)."),
        ("fraud_rate", 0, "No fraud of this customer became known lately (half-life 1d)."),
        ("fraud_rate", 1, "10.0% of this customer's payments with a known end were frauds (half-life 30d)."),
        (
            "ordinary_fraud_share",
            1,
            "10.0% of this customer's payments with a known end were frauds of ordinary amounts (half-life 30d).",
        ),
        ("legitimate_count", 0, "No payment of this customer proved legitimate lately (half-life 1d)."),
        ("legitimate_count", 1, "9.0 payments of this customer proved legitimate lately (half-life 30d)."),
        ("distance_km", 1, "The payment is 111 km from this customer's usual place."),
    ],
)
def test_histories_in_words(operation: str, half_life: int, sentence: str) -> None:
    assert say(operation, half_life) == sentence


@pytest.mark.parametrize(
    ("operation", "source", "order", "sentence"),
    [
        ("hour", "at", {}, "The payment was made at 21:43 UTC."),
        ("weekday", "at", {}, "The payment was made on a Tuesday (UTC)."),
        ("number", "age", {}, "age is 41."),
        ("number", "age", {"age": ""}, "age is missing."),
        ("number", "new", {}, "new is true."),
        ("number", "new", {"new": "false"}, "new is false."),
        ("is_category", "channel", {}, "channel is web, as in 25.0% of payments in training."),
        ("share", "channel", {"channel": "fax"}, "channel is fax, which training has not seen."),
        ("share", "channel", {"channel": None}, "channel is missing."),
    ],
)
def test_the_event_itself_in_words(operation: str, source: str, order: Mapping[str, Any], sentence: str) -> None:
    assert say(operation, -1, source, order) == sentence


def test_what_has_no_words_yet_is_said_by_its_description() -> None:
    assert say("brand_new", -1) == "Something new: 4.5."
    assert say("brand_new", 0) == "Something new: 4.5."
    (group, _) = group_features([Feature("a", "One", "brand_new"), Feature("b", "Other", "brand_new")], {})
    assert (group.name, group.places) == ("One", (0,))


def test_pairs_are_joined_by_and() -> None:
    entities = {"customer_device": ("customer", "device"), "billing_address": ("address",)}
    assert entity_words("customer_device", entities) == "customer and device"
    assert entity_words("billing_address", entities) == "billing address"
