"""Event types: roles of columns, words of labels, and the manifest's plain form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.errors import LabelError

from tests.core.one_by_one import PAYMENT


def test_every_variable_has_one_role() -> None:
    assert PAYMENT.variables == {
        "event_id": "id",
        "timestamp": "timestamp",
        "amount": "amount",
        "latitude": "latitude",
        "longitude": "longitude",
        "age": "numeric",
        "channel": "categorical",
        "present": "boolean",
        "customer_id": "entity",
        "device_id": "entity",
    }


def test_a_category_that_is_also_an_entity_stays_a_category() -> None:
    both = replace(PAYMENT, entities={"channel": ("channel",)})

    assert both.variables["channel"] == "categorical"
    assert both.entity_columns == ("channel",)


def test_the_label_and_ignored_columns_are_accepted_and_are_no_variables() -> None:
    timed = replace(PAYMENT, label=LabelRule("is_fraud", 0, time="known_at"))

    assert {"is_fraud", "known_at", "note"} <= timed.accepted
    assert not {"is_fraud", "known_at", "note"} & set(timed.variables)


def test_entity_columns_come_once_each() -> None:
    assert PAYMENT.entity_columns == ("customer_id", "device_id")


@pytest.mark.parametrize(
    "event_type",
    [PAYMENT, EventType("login", "id", "time"), replace(PAYMENT, label=LabelRule("l", 1.5, "t", ("x",), ("y", "z")))],
)
def test_an_event_type_survives_the_manifest(event_type: EventType) -> None:
    assert EventType.from_json(json.loads(json.dumps(event_type.to_json()))) == event_type


@pytest.mark.parametrize("value", ["fraud", "FRAUD ", "1", 1, 1.0, "1.0", True, "true"])
def test_spellings_of_fraud(value: object) -> None:
    assert LabelRule("l", 0).read(value) == 1


@pytest.mark.parametrize("value", ["legitimate", "Legit", "0", 0, 0.0, False, "FALSE"])
def test_spellings_of_legitimate(value: object) -> None:
    assert LabelRule("l", 0).read(value) == 0


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
def test_an_empty_label_is_no_label(value: object) -> None:
    assert LabelRule("l", 0).read(value) is None


@pytest.mark.parametrize("value", ["maybe", 2, -1, "10", "01"])
def test_another_word_is_refused_and_the_right_ones_are_named(value: object) -> None:
    with pytest.raises(LabelError, match=r'Label ".+" in column "l" is not "fraud" or .*"legitimate"'):
        LabelRule("l", 0).read(value)


def test_declared_words_replace_the_usual_ones() -> None:
    rule = LabelRule("l", 0, fraud=("chargeback",), legitimate=("settled",))

    assert (rule.read("Chargeback"), rule.read("settled")) == (1, 0)
    with pytest.raises(LabelError):
        rule.read("fraud")
