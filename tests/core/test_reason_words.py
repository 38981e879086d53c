"""The sentences of reasons, for histories made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.context import DecisionContext, say_reason
from tollgate.core.explanations.groups import group_features
from tollgate.core.features.catalog import entity_words
from tollgate.core.features.feature import Feature
from tollgate.core.features.history_features import HISTORY_FEATURES
from tollgate.core.history.plan import HistoryPlan, Sum, amount_excess
from tollgate.core.history.sum_kinds import SumKind

DAY_S = 86_400.0
# Sums of a history over a day and over thirty.
USUAL: Mapping[SumKind, tuple[float, float]] = {
    SumKind.COUNT: (2.0, 10.0),
    SumKind.AMOUNT: (84.2, 421.0),
    SumKind.UNUSUAL: (0.0, 1.25),
    SumKind.EXCESS: (0.0, 2.5),
    SumKind.FRAUD: (0.0, 1.0),
    SumKind.LEGITIMATE: (0.0, 9.0),
    SumKind.ORDINARY_FRAUD: (0.0, 1.0),
    SumKind.X: (2.0, 10.0),
    SumKind.Y: (0.0, 0.0),
    SumKind.Z: (0.0, 0.0),
}
KINDS = tuple(USUAL)
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
    "id": "1",
    "at": "2026-04-14T21:43:22Z",
    "total": 130.5,
    "lat": 0.0,
    "lon": 1.0,
    "age": 41,
    "channel": "web",
    "new": "true",
    "card": "c1",
}


def say(
    operation: str,
    half_life: int = -1,
    source: str = "customer",
    order: Mapping[str, Any] | None = None,
    history: Mapping[SumKind, tuple[float, float]] | None = None,
    kind: EventType = TYPE,
) -> str:
    event = read_event(kind, {**ORDER, **(order or {})})
    kept = {**USUAL, **(history or {})}
    sums = np.array([[kept[one][index] for one in KINDS for index in (0, 1)]])
    features = [
        Feature("it", "Something new", operation, source, half_life),
        Feature("s", "How common", "share", "channel", table={"web": 0.25}),
    ]
    excess = amount_excess(PLAN, event, {"customer": sums})
    context = DecisionContext(kind, PLAN, event, sums, excess, features, np.array([[4.5, 0.25]], dtype=np.float32))
    return say_reason(context.at(0), 0)


@pytest.mark.parametrize("operation", ["mean_amount", "amount_ratio", "amount_deviation"])
def test_an_amount_is_compared_with_this_customers_usual(operation: str) -> None:
    assert say(operation, 1) == "The amount of 130.50 is 3.1 times this customer's usual amount of 42.10."


@pytest.mark.parametrize(
    ("total", "sentence"),
    [
        (42.0, "The amount of 42.00 is close to this customer's usual amount of 42.10."),
        (8.42, "The amount of 8.42 is 20% of this customer's usual amount of 42.10."),
        (0, "The amount is 0.00, compared with this customer's usual amount of 42.10."),
        (-3, "The amount is -3.00, compared with this customer's usual amount of 42.10."),
        (None, "The payment has no amount."),
        (1234567.5, "The amount of 1,234,567.50 is 29,325 times this customer's usual amount of 42.10."),
    ],
)
def test_other_amounts(total: float | None, sentence: str) -> None:
    assert say("amount_ratio", 1, order={"total": total}) == sentence
    assert say("amount", order={"total": total}) == sentence


def test_an_entity_without_a_past_has_no_usual() -> None:
    nothing: Mapping[SumKind, tuple[float, float]] = dict.fromkeys(KINDS, (0.0, 0.0))
    too_little = "The amount is 130.50. There are too few earlier payments with this customer to know its usual amount."
    assert say("amount_ratio", 1, history=nothing) == too_little
    for half_life in (0, 1):
        remembered = say("count", half_life, history=nothing)
        assert remembered == "There are no earlier payments with this customer."
    unknown = "The location of the payment or this customer's usual location is unknown."
    assert say("distance_km", 1, history=nothing) == unknown


def test_a_quiet_entity_is_said_to_be_quiet() -> None:
    quiet = say("pace", 0, history={SumKind.COUNT: (0.001, 10.0)})
    assert quiet == (
        "There were hardly any recent payments with this customer, far fewer than usual (half-life 1 day)."
    )
    assert say("pace", 0, history={SumKind.COUNT: (0.1, 10.0)}).startswith(
        "Payments with this customer are arriving at 30% of the usual rate"
    )
    assert say("unusual_count", 0, history={SumKind.UNUSUAL: (0.04, 0.0)}).startswith("No recent payments")


def test_an_entity_that_is_missing_is_said_to_be() -> None:
    assert say("amount_ratio", 1, order={"card": ""}) == "This payment's customer is missing."
    assert say("amount", order={"card": ""}) == "The amount is 130.50."


@pytest.mark.parametrize(
    ("operation", "half_life", "sentence"),
    [
        ("pace", 0, "Payments with this customer are arriving at 6.0 times the usual rate (half-life 1 day)."),
        ("count", 0, "Payments with this customer are arriving at 6.0 times the usual rate (half-life 1 day)."),
        ("count", 1, "There were about 10 recent payments with this customer (half-life 30 days)."),
        ("unusual_count", 1, "About 1 recent payment with this customer was unusually large (half-life 30 days)."),
        ("excess", 1, "The amount of 130.50 is 3.1 times this customer's usual amount of 42.10."),
        (
            "excess_lately",
            0,
            "Recent payments with this customer were not far above the usual amount (half-life 1 day).",
        ),
        (
            "excess_lately",
            1,
            "Recent payments with this customer were above the usual amount, together by as much as 2.5 "
            "unusually large payments (half-life 30 days).",
        ),
        ("unusual_age", 0, "No recent payments with this customer were unusually large (half-life 1 day)."),
        ("fraud_rate", 0, "No recent payments with this customer were confirmed as fraud (half-life 1 day)."),
        (
            "fraud_rate",
            1,
            "Of the recent payments with this customer that have a known outcome, 10.0% were fraud "
            "(half-life 30 days).",
        ),
        (
            "ordinary_fraud_share",
            1,
            "Of the recent payments with this customer that have a known outcome, 10.0% were fraud with an ordinary "
            "amount (half-life 30 days).",
        ),
        ("legitimate_count", 0, "No recent payments with this customer were confirmed legitimate (half-life 1 day)."),
        (
            "legitimate_count",
            1,
            "About 9 recent payments with this customer were confirmed legitimate (half-life 30 days).",
        ),
        ("distance_km", 1, "The payment was made 111 km from this customer's usual location."),
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
        ("is_category", "channel", {}, "channel is web, as in 25.0% of the payments in the training data."),
        ("share", "channel", {"channel": "fax"}, "channel is fax, a value that does not occur in the training data."),
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


def test_amounts_have_the_currency_of_the_event_type() -> None:
    for currency, amount, usual in (("USD", "$130.50", "$42.10"), ("CHF", "CHF 130.50", "CHF 42.10")):
        said = say("amount_ratio", 1, kind=replace(TYPE, currency=currency))
        assert said == f"The amount of {amount} is 3.1 times this customer's usual amount of {usual}."
    assert say("amount", order={"card": "", "total": -3}, kind=replace(TYPE, currency="EUR")) == "The amount is -€3.00."


@pytest.mark.parametrize(
    ("total", "sentence"),
    [
        (0.04, "No recent payments with this customer were unusually large (half-life 30 days)."),
        (0.3, "Hardly any recent payments with this customer were unusually large (half-life 30 days)."),
        (0.6, "About 1 recent payment with this customer was unusually large (half-life 30 days)."),
        (1234.4, "About 1,234 recent payments with this customer were unusually large (half-life 30 days)."),
    ],
)
def test_faded_counts_are_rounded(total: float, sentence: str) -> None:
    assert say("unusual_count", 1, history={SumKind.UNUSUAL: (0.0, total)}) == sentence


def test_every_feature_has_a_group_and_a_sentence_for_each_entity() -> None:
    for operation, record in HISTORY_FEATURES.items():
        for words in (record.description, record.group):
            assert "{who}" in words, operation
        assert say(operation, 1).endswith("."), operation
        assert say(operation, 1, order={"card": ""}) == "This payment's customer is missing."


def test_pairs_are_joined_by_and() -> None:
    entities = {"customer_device": ("customer", "device"), "billing_address": ("address",)}
    assert entity_words("customer_device", entities) == "customer and device"
    assert entity_words("billing_address", entities) == "billing address"
    assert entity_words("ip", {"ip": ("ip",)}) == "IP"
