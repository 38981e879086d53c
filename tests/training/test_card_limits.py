"""Limitations in the model card, each from a figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_build.evaluation.score_scale import check_scale
from model_build.model_card.card import build_card

Plain = dict[str, Any]


def counts(score: int, caught: int, missed: int) -> Plain:
    return {
        "score": score,
        "true_positives": caught,
        "false_negatives": missed,
        "false_positives": 0,
        "true_negatives": 10,
    }


def test_limits_are_told_by_figures() -> None:
    manifest: Plain = {
        "detector": "d",
        "created_at": "2026-04-03T00:00:00Z",
        "event_type": {"name": "payment", "label": {"delay_s": 7 * 86_400, "time": None}},
        "outcomes": [{"name": "approve", "from_score": 0}, {"name": "review", "from_score": 900}],
        "training": {"frauds": 40, "from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
    }
    limits = build_card(manifest, {"thresholds": [counts(900, 10, 10)]})["limits"]
    assert limits == [
        "The data has only 40 labeled frauds; below 50, every figure here is uncertain.",
        "The test part has 20 frauds, of which 50% score 900 or higher (95% confidence interval 27.2% to 72.8%).",
        "The data spans 90 days, less than a year, so seasonal changes are not covered.",
        "The label delay had not passed for the last 5.0 days of the data when this version was made: frauds there may "
        "count as legitimate.",
    ]


def test_what_is_long_and_large_and_old_has_none_of_these_limits() -> None:
    manifest: Plain = {
        "detector": "d",
        "created_at": "2026-04-03T00:00:00Z",
        "event_type": {"label": {"delay_s": 7 * 86_400}},
        "outcomes": [{"name": "review", "from_score": 900}],
        "training": {"frauds": 4_000, "from": "2024-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
    }
    assert "limits" not in build_card(manifest, {"thresholds": [counts(900, 300, 500)]})


def part_of(name: str, caught: tuple[float, float, float] | None, flagged: float, *, few: bool = False) -> Plain:
    def share(low: float, middle: float, high: float) -> Plain:
        return {"share": middle, "low": low, "high": high}

    return {
        "name": name,
        "events": 10,
        "frauds": 1,
        "few_frauds": few,
        "average_precision": None if few else 0.5,
        "auc": None if few else 0.9,
        "flagged_legitimate": share(flagged * 0.9, flagged, flagged * 1.1),
        "caught_frauds": None if caught is None else share(*caught),
    }


def test_slices_clearly_under_the_whole_are_limits_and_others_are_not() -> None:
    slices = {
        "review_from": 900,
        "overall": part_of("all events", (0.55, 0.6, 0.65), 0.02),
        "dimensions": [
            {
                "title": "channel",
                "slices": [
                    part_of("weak", (0.2, 0.3, 0.4), 0.02),
                    part_of("unclear", (0.2, 0.4, 0.7), 0.03),
                    part_of("harsh", (0.6, 0.7, 0.8), 0.05),
                    part_of("tiny", (0.0, 0.1, 0.3), 0.02, few=True),
                    part_of("none", None, 0.02, few=True),
                ],
            }
        ],
    }
    assert build_card({"detector": "d"}, {"slices": slices})["limits"] == [
        "channel: weak: 30% (20% to 40%) of the frauds score 900 or higher, against 60% overall.",
        "channel: harsh: 5% (4.5% to 5.5%) of the legitimate events score 900 or higher, against 2% overall.",
        "Too few frauds to measure performance on: channel: tiny; channel: none.",
    ]


def test_new_categories_and_broken_promises_are_limits() -> None:
    scale = check_scale(np.repeat([0, 900], [950, 50]))
    unseen = [{"column": "shop", "events": 1_200, "share": 0.12, "categories": ["a|b", "new"]}]
    limits = build_card({"detector": "d"}, {"scale_check": {"test": scale}, "unseen_categories": unseen})["limits"]
    assert limits[0] == (
        'Column "shop": 1,200 test events (12%) have a category that the training part does not have, such as "a|b", '
        '"new"; the model has learned nothing about them.'
    )
    assert limits[1:] == [
        "More legitimate test events than expected reach these scores: 860: 5% instead of 3%; 900: 5% instead of 2%.",
        "Fewer legitimate test events than expected reach these scores: 600: 5% instead of 10%; "
        "700: 5% instead of 7%; 950: 0% instead of 1%; 975: 0% instead of 0.5%.",
    ]
