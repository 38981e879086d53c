"""What features do for scores, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tollgate.core.explanations.explainer import Explainer

from tests.doors.doors import call
from tests.services.backend import Backend, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]
FEATURE = "merchant_amount_ratio_30d"


def read(path: str) -> dict[str, Any]:
    answer: dict[str, Any]
    status, answer = call("GET", path)
    assert status == 200
    return answer


def overview() -> dict[str, Any]:
    return read("/v1/detector/contributions")


def dependence(feature: str = FEATURE) -> dict[str, Any]:
    return read(f"/v1/detector/contributions/{feature}")


def test_means_are_those_of_exact_contributions(backend: Backend) -> None:
    version = backend.container.champion()
    past = backend.container.past_events.read(version)
    assert version.reasons
    explainer = version.reasons.explainer
    assert isinstance(explainer, Explainer)
    exact = np.abs(explainer.explain(past.features).values)

    answer = overview()

    told = [feature["mean_absolute"] for feature in answer["features"]]
    of_frauds = [feature["mean_absolute_of_frauds"] for feature in answer["features"]]
    assert np.allclose(told, np.average(exact, axis=0, weights=past.weights), atol=2e-3)
    assert np.allclose(of_frauds, exact[past.labels == 1].mean(axis=0), atol=2e-3)
    assert [feature["name"] for feature in answer["features"]] == [feature.name for feature in version.features]


def test_every_feature_is_in_one_group_and_segments_hold_all_events(backend: Backend) -> None:
    answer = overview()
    grouped = [name for group in answer["groups"] for name in group["features"]]
    rows = backend.container.champion().manifest["training"]["parts"]["test"]["rows"]

    assert sorted(grouped) == sorted(feature["name"] for feature in answer["features"])
    assert [part["title"] for part in answer["segments"]] == ["Amount (USD)", "merchant_category", "channel"]
    for part in answer["segments"]:
        assert sum(segment["events"] for segment in part["segments"]) == pytest.approx(rows)
        assert all(len(segment["groups"]) == len(answer["groups"]) for segment in part["segments"])


def test_a_feature_is_told_value_by_value() -> None:
    answer = dependence()
    known = [one for one in answer["bins"] if one["low"] is not None]

    assert 2 <= len(known) <= 20
    assert all(one["low"] <= one["high"] for one in known)
    assert [one["low"] for one in known] == sorted(one["low"] for one in known)
    assert all(one["tenth"] <= one["ninetieth"] for one in answer["bins"])
    assert len(answer["points"]) <= 600
    assert {point["label"] for point in answer["points"]} == {"fraud", "legitimate"}
    assert sum(one["events"] * one["frauds"] for one in answer["bins"]) > 1


def test_payments_are_those_for_which_the_group_did_most() -> None:
    answer = dependence()
    raised, lowered = answer["raised"], answer["lowered"]

    # Those in which the group is among the weightiest reasons come first.
    rank = [(one["sentence"] is None, -one["contribution"]) for one in raised]
    assert rank == sorted(rank)
    assert raised[0]["contribution"] > 0 > lowered[0]["contribution"]
    assert 1 <= len(raised) <= 10
    told = next(reason for reason in raised[0]["reasons"] if reason["name"] == answer["group"]["name"])
    assert raised[0]["sentence"] == told["sentence"]
    assert told["contribution"] == pytest.approx(raised[0]["contribution"], abs=5e-3)
    status, decision = call("POST", "/v1/decisions", {"event": raised[0]["event"]})
    assert status == 200, decision


def test_an_unknown_feature_is_not_found() -> None:
    status, answer = call("GET", "/v1/detector/contributions/merchant_amount_ratio_30")

    assert (status, answer["code"]) == (404, "not_found")
    assert f'did you mean "{FEATURE}"?' in answer["message"]


def test_a_version_without_past_events_says_so(backend: Backend, sample_version: Path, tmp_path: Path) -> None:
    backend.publish(reseal(sample_version, tmp_path, description="without"))
    backend.container.versions.__dict__["_open"].clear()
    status, answer = call("GET", "/v1/detector/contributions")

    assert (status, answer["code"]) == (404, "not_found")
    assert "past_events in [training]" in answer["message"]
