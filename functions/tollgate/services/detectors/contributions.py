"""Contributions of features to the scores of past events: over all of them, by slice, and value by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from tollgate.core.detectors.feature_dependence import bin_contributions, draw_points
from tollgate.core.detectors.sample_events import PastEvents
from tollgate.core.detectors.slices import Parts, by_amount, by_category
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Floats, Ints
from tollgate.core.explanations.groups import Group
from tollgate.core.times.timestamps import write_moment
from tollgate.errors import NotFoundError, suggest
from tollgate.services.container import Container

# Events in which a feature's group raised the score most, and as many in which it lowered it most.
_MAX_EVENTS = 10
_DIGITS = 5


def describe_contributions(container: Container, detector: str | None) -> dict[str, Any]:
    """Return how much each feature, and each group of them, moves scores: mean absolute contributions in log-odds.

    Raises `NotFoundError` where a version was sealed without past events, or has no exact reasons.
    """
    version, past, values = _read(container, detector)
    sizes, weights = np.abs(values), past.weights
    sums = np.abs(version.reason_order.sum_up(values))
    frauds = past.labels == 1
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "events": len(past),
        "frauds": int(frauds.sum()),
        "period": {name: write_moment(int(past.events.times_us[row])) for name, row in (("from", 0), ("to", -1))},
        "features": [
            {"name": feature.name, "description": feature.description, **means}
            for feature, means in zip(version.features, _means(sizes, weights, frauds), strict=True)
        ],
        "groups": [
            {"name": group.name, "features": _names(version, group), **means}
            for group, means in zip(version.reason_groups, _means(sums, weights, frauds), strict=True)
        ],
        "segments": [
            {
                "title": title,
                "segments": [
                    {
                        "name": name,
                        "events": _rounded(weights[rows].sum()),
                        "frauds": _rounded(weights[rows & frauds].sum()),
                        "groups": _rounded(np.average(sums[rows], axis=0, weights=weights[rows])),
                    }
                    for name, rows in parts
                    if rows.any()
                ],
            }
            for title, parts in _segments(version, past)
        ],
    }


def describe_dependence(container: Container, name: str, detector: str | None) -> dict[str, Any]:
    """Return how the value of one feature moves scores, and the past events for which its group did most.

    Raises what `describe_contributions` does, and `NotFoundError` for an unknown feature.
    """
    version, past, values = _read(container, detector)
    place = next((place for place, feature in enumerate(version.features) if feature.name == name), None)
    if place is None:
        known = [feature.name for feature in version.features]
        raise NotFoundError(f'Version {version.version} has no feature "{name}"{suggest(name, known)}.')
    feature = version.features[place]
    number, group = next((n, group) for n, group in enumerate(version.reason_groups) if place in group.places)
    of_feature, of_value = values[:, place], past.features[:, place].astype(np.float64)
    of_group = version.reason_order.sum_up(values)[:, number]
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "name": feature.name,
        "description": feature.description,
        "group": {"name": group.name, "features": _names(version, group)},
        "bins": [_rounded_bin(asdict(one)) for one in bin_contributions(past, of_value, of_feature)],
        "points": [
            {
                "value": _number(of_value[row]),
                "contribution": _number(of_feature[row]),
                "label": _label(past, row),
            }
            for row in draw_points(past)
        ],
        "raised": [_event(past, row, of_group, of_value, group) for row in _decided(past, group, of_group)],
        "lowered": [_event(past, row, of_group, of_value, group) for row in _decided(past, group, -of_group)],
    }


def _read(container: Container, detector: str | None) -> tuple[DetectorVersion, PastEvents, Floats]:
    version = container.champion(detector)
    past = container.past_events.read(version)
    if past.contributions is None:
        raise NotFoundError(
            f"Version {version.version} has no exact reasons, so what each feature did for past events is not known."
        )
    return version, past, past.contributions.astype(np.float64)


def _means(sizes: Floats, weights: Floats, frauds: Any) -> Iterator[dict[str, float | None]]:  # noqa: ANN401 - a mask
    of_all = _rounded(np.average(sizes, axis=0, weights=weights))
    of_frauds = _rounded(sizes[frauds].mean(axis=0)) if frauds.any() else [None] * sizes.shape[1]
    for one, other in zip(of_all, of_frauds, strict=True):
        yield {"mean_absolute": one, "mean_absolute_of_frauds": other}


def _names(version: DetectorVersion, group: Group) -> list[str]:
    return [version.features[place].name for place in group.places]


def _segments(version: DetectorVersion, past: PastEvents) -> Iterator[tuple[str, Parts]]:
    events, event_type = past.events, version.event_type
    if events.amounts is not None:
        unit = f" ({event_type.currency})" if event_type.currency else ""
        yield f"Amount{unit}", by_amount(events.amounts)
    for column, keys in events.categories.items():
        yield column, by_category(keys)


def _decided(past: PastEvents, group: Group, contributions: Floats) -> list[int]:
    """Return where a group's contributions above 0 are largest: first among those of its weightiest reasons."""
    is_reason = np.array([any(reason.feature in group.places for reason in some) for some in past.reasons])
    order: Ints = np.lexsort((-contributions, ~is_reason))
    rows: list[int] = order[contributions[order] > 0][:_MAX_EVENTS].tolist()
    return rows


def _event(past: PastEvents, row: int, of_group: Floats, values: Floats, group: Group) -> dict[str, Any]:
    reasons = past.reasons[row]
    return {
        "event": past.posted(row),
        "label": _label(past, row),
        "score": None if past.scores is None else int(past.scores[row]),
        "value": _number(values[row]),
        "contribution": _number(of_group[row]),
        "sentence": next((reason.sentence for reason in reasons if reason.feature in group.places), None),
        "reasons": [asdict(reason) for reason in reasons],
    }


def _label(past: PastEvents, row: int) -> str:
    return {1: "fraud", 0: "legitimate"}.get(int(past.labels[row]), "none")


def _rounded_bin(found: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else _number(value) for name, value in found.items()}


def _rounded(values: Any) -> Any:  # noqa: ANN401 - a number or an array of them
    return np.round(values, _DIGITS).tolist()


def _number(value: float) -> float | None:
    """Return a number with seven digits, as many as float32 has; None for one that is not known."""
    return None if np.isnan(value) else float(f"{value:.7g}")
