"""Reasons of decisions: they add up, whole and by name, and say what happened."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.decide import Decisions
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.explanations.explain import TOP, explain_decisions, impacts_of
from tollgate.core.history.stored import StoredHistories

from model_build.data.table import read_labeled_events

ROWS = 300


@pytest.fixture(scope="module")
def events(version: DetectorVersion, sample_csv: Path) -> Events:
    """The last payments of the sample, with what is missing here and there."""
    events = read_labeled_events(sample_csv, version.event_type).events
    last = events.take(np.arange(len(events) - ROWS, len(events)))
    assert last.amounts is not None
    last.amounts[::17] = np.nan
    last.entities["device"].codes[::11] = -1
    last.categories["channel"].codes[::13] = -1
    return last


@pytest.fixture(scope="module")
def decisions(version: DetectorVersion, events: Events, stored: StoredHistories) -> Decisions:
    return decide_in_order(version, events, stored)


def test_all_reasons_and_the_base_are_the_log_odds(
    version: DetectorVersion, events: Events, decisions: Decisions
) -> None:
    for row, explanation in enumerate(explain_decisions(version, events, decisions, range(ROWS), None)):
        log_odds = explanation.base + sum(reason.contribution for reason in explanation.reasons)
        assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(float(decisions.probabilities[row]), abs=1e-5)


def test_every_feature_stands_in_one_group(version: DetectorVersion) -> None:
    places = [place for group in version.reason_groups for place in group.places]
    assert sorted(places) == list(range(len(version.features)))
    names = [group.name for group in version.reason_groups]
    assert len(set(names)) == len(names) < len(version.features) / 3
    assert {"Amount", "Amount compared with this customer's usual amount", "merchant_category"} <= set(names)
    assert "Payment velocity of this customer and device" in names


def test_the_top_reasons_are_the_weightiest_of_all(
    version: DetectorVersion, events: Events, decisions: Decisions
) -> None:
    every = explain_decisions(version, events, decisions, range(20), None)
    top = explain_decisions(version, events, decisions, range(20))
    for few, all_of_them in zip(top, every, strict=True):
        assert few.reasons == all_of_them.reasons[:TOP]
        sizes = [abs(reason.contribution) for reason in all_of_them.reasons]
        assert sizes == sorted(sizes, reverse=True)


def test_an_event_has_the_same_reasons_alone_and_among_others(
    version: DetectorVersion, events: Events, decisions: Decisions
) -> None:
    together = explain_decisions(version, events, decisions, [3, 50, 200])
    alone = [explain_decisions(version, events, decisions, [row])[0] for row in (3, 50, 200)]
    assert together == alone


def test_every_reason_is_said_in_a_sentence(version: DetectorVersion, events: Events, decisions: Decisions) -> None:
    for explanation in explain_decisions(version, events, decisions, range(ROWS), None):
        for reason in explanation.reasons:
            assert reason.sentence.endswith(".")
            assert not any(odd in reason.sentence for odd in ("nan", "inf", "None", "{", "}"))
            assert (reason.impact > 0) <= (reason.contribution > 0)
            assert (reason.impact < 0) <= (reason.contribution < 0)


def test_impact_counts_doublings_of_the_odds() -> None:
    factors = [1.0, 1.4, 1.5, 2, 0.5, 3, 8, 22, 23, 1e9, 1e-9]
    assert impacts_of(np.log(factors)).tolist() == [0, 0, 1, 1, -1, 2, 3, 4, 5, 5, -5]


def test_a_version_without_reasons_explains_nothing(
    version: DetectorVersion, events: Events, decisions: Decisions
) -> None:
    assert explain_decisions(replace(version, reasons=None), events, decisions, [0]) == []
    assert explain_decisions(version, events, decisions, []) == []
