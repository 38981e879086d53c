"""Limitations of a detector version, each a sentence that follows from a figure of its manifest or evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from model_build.data.split import FEW_FRAUDS
from model_build.evaluation.score_scale import share_interval

_YEAR_DAYS = 365
# From here on the share of frauds caught is known to a few points.
_FRAUDS_FOR_RECALL = 400
_MIN_RATIO = 2.0
_MAX_NAMED = 5


def find_limits(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> list[str]:
    """Return the limitations that follow from the figures; figures that are missing are skipped."""
    return [
        *_limit_external(manifest),
        *_limit_frauds(manifest, evaluation),
        *_limit_period(manifest),
        *_limit_labels(manifest),
        *_limit_slices(evaluation.get("slices", {})),
        *_limit_categories(evaluation),
        *_limit_scale(evaluation),
    ]


def percent(share: float) -> str:
    """Return a share as a percentage with three digits."""
    return f"{100 * share:.3g}%"


def spell_interval(share: Mapping[str, float]) -> str:
    """Return a ``share`` with the ``low`` and ``high`` end of its interval."""
    return f"{percent(share['share'])} ({percent(share['low'])} to {percent(share['high'])})"


def _limit_external(manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("model", {}).get("brought_sha256"):
        yield (
            "The model was trained elsewhere. If its training data included the events that it is evaluated on here, "
            "every figure is too optimistic."
        )


def _limit_frauds(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[str]:
    frauds = manifest.get("training", {}).get("frauds")
    if frauds is not None and frauds < FEW_FRAUDS:
        yield f"The data has only {frauds} labeled frauds; below {FEW_FRAUDS}, every figure here is uncertain."
    reviewed = next((outcome["from_score"] for outcome in manifest.get("outcomes", ()) if outcome["from_score"]), None)
    row = next((row for row in evaluation.get("thresholds", ()) if row["score"] == reviewed), None)
    if row is None:
        return
    caught, tested = row["true_positives"], row["true_positives"] + row["false_negatives"]
    if 0 < tested < _FRAUDS_FOR_RECALL:
        low, high = share_interval(caught, tested)
        yield (
            f"The test part has {tested:,} frauds, of which {percent(caught / tested)} score {reviewed} or higher (95% "
            f"confidence interval {percent(low)} to {percent(high)})."
        )


def _limit_period(manifest: Mapping[str, Any]) -> Iterator[str]:
    training = manifest.get("training", {})
    if "from" in training and "to" in training:
        days = (datetime.fromisoformat(training["to"]) - datetime.fromisoformat(training["from"])).days
        if days < _YEAR_DAYS:
            yield f"The data spans {days:,} days, less than a year, so seasonal changes are not covered."


def _limit_labels(manifest: Mapping[str, Any]) -> Iterator[str]:
    training, label = manifest.get("training", {}), manifest.get("event_type", {}).get("label") or {}
    if "to" not in training or "created_at" not in manifest or not label.get("delay_s"):
        return
    delay = timedelta(seconds=label["delay_s"])
    open_for = datetime.fromisoformat(training["to"]) + delay - datetime.fromisoformat(manifest["created_at"])
    if open_for > timedelta(0):
        days = min(open_for, delay) / timedelta(days=1)
        yield (
            f"The label delay had not passed for the last {days:.1f} days of the data when this version was made: "
            "frauds there may count as legitimate."
        )


def _limit_slices(slices: Mapping[str, Any]) -> Iterator[str]:
    overall, score = slices.get("overall", {}), slices.get("review_from")
    caught, flagged = overall.get("caught_frauds"), overall.get("flagged_legitimate")
    silent = []
    for dimension in slices.get("dimensions", ()):
        for part in dimension["slices"]:
            name = f"{dimension['title']}: {part['name']}"
            found, wronged = part["caught_frauds"], part["flagged_legitimate"]
            if part["few_frauds"]:
                silent.append(name)
            elif found and caught and found["high"] < caught["share"]:
                yield f"{name}: {_compare(found, caught, 'frauds', score)}."
            if wronged and flagged and wronged["low"] > _MIN_RATIO * flagged["share"]:
                yield f"{name}: {_compare(wronged, flagged, 'legitimate events', score)}."
    if silent:
        more = f" and {len(silent) - _MAX_NAMED} more" if len(silent) > _MAX_NAMED else ""
        yield f"Too few frauds to measure performance on: {'; '.join(silent[:_MAX_NAMED])}{more}."


def _compare(share: Mapping[str, float], overall: Mapping[str, float], kind: str, score: object) -> str:
    return f"{spell_interval(share)} of the {kind} score {score} or higher, against {percent(overall['share'])} overall"


def _limit_categories(evaluation: Mapping[str, Any]) -> Iterator[str]:
    for found in evaluation.get("unseen_categories", ()):
        named = ", ".join(f'"{category}"' for category in found["categories"])
        yield (
            f'Column "{found["column"]}": {found["events"]:,} test events ({percent(found["share"])}) have a category '
            f"that the training part does not have, such as {named}; the model has learned nothing about them."
        )


def _limit_scale(evaluation: Mapping[str, Any]) -> Iterator[str]:
    broken = [row for row in evaluation.get("scale_check", {}).get("test", ()) if not row["inside"]]
    for said, rows in (
        ("More", [row for row in broken if row["observed"] > row["wanted"]]),
        ("Fewer", [row for row in broken if row["observed"] < row["wanted"]]),
    ):
        if rows:
            shares = "; ".join(
                f"{row['score']}: {percent(row['observed'])} instead of {percent(row['wanted'])}" for row in rows
            )
            yield f"{said} legitimate test events than expected reach these scores: {shares}."
