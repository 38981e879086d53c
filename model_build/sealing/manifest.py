"""What a version says about itself: its manifest, and its evaluation on events that no model has seen."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed_version
from typing import Any

import numpy as np
from tollgate import clock
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES, ScoreScale
from tollgate.core.detectors.version import Outcome, history_to_json
from tollgate.core.events.event import Floats, Ints
from tollgate.core.times.timestamps import write_second, write_utc

from model_build.data.examples import choose_examples
from model_build.data.split import Split
from model_build.data.training_set import Material
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.cost_report import SealedBalance, report_money
from model_build.evaluation.costs import NEVER, DailyBalance, PricedEvents, measure_balance
from model_build.evaluation.importance import measure_importance
from model_build.evaluation.metrics import Metrics, count_scores, draw_curves, sweep_thresholds
from model_build.evaluation.score_scale import check_scale
from model_build.evaluation.slices import ScoredEvents, count_unseen_categories, days_since_first_seen, measure_slices
from model_build.evaluation.thresholds import ThresholdChoice, apply_thresholds, choose_thresholds
from model_build.models.calibration import describe_calibration
from model_build.models.registry import Fitted

_LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "imbalanced-learn", "xgboost", "lightgbm", "pyarrow")
_PARTS = ("train", "validation", "test")
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Contender:
    """A trained model with what it reached on the validation and the test part; ``probabilities`` are on the latter."""

    fitted: Fitted
    validation: Metrics
    test: Metrics
    probabilities: Floats


@dataclass(frozen=True)
class Judged:
    """The chosen model's exported answers on all events that were not learned from.

    ``probabilities`` and ``scores`` have shape (n,) over all events and hold nothing outside ``split``'s validation and
    test parts.
    """

    split: Split
    probabilities: Floats
    scores: Ints
    scale: ScoreScale


def choose_outcomes(material: Material, judged: Judged) -> tuple[tuple[Outcome, ...], ThresholdChoice | None]:
    """Return the outcomes of a version, and the thresholds of least cost where a missed fraud has a price."""
    file = material.file
    if file.costs is None:
        return file.outcomes, None
    choice = choose_thresholds(_priced(material, judged, judged.split.validation), file.costs, _reviews(material))
    return (apply_thresholds(file.outcomes, choice) if file.outcomes_from_cost else file.outcomes), choice


def _reviews(material: Material) -> int:
    return material.file.training.reviews_per_day


def _priced(material: Material, judged: Judged, rows: Ints) -> PricedEvents:
    events, costs = material.data.events, material.file.costs
    assert costs is not None
    amounts = None if events.amounts is None else events.amounts[rows]
    days = events.times_us[rows] // _DAY_US
    return PricedEvents.of(material.labels(rows), judged.scores[rows], amounts, days, costs)


def describe_version(
    material: Material, judged: Judged, best: Fitted, outcomes: Sequence[Outcome], difference: float | None
) -> dict[str, Any]:
    """Return the manifest of a version, but for the hashes that sealing adds."""
    file, data = material.file, material.data
    return {
        "detector": file.detector,
        "description": file.description,
        "created_at": write_utc(clock.now()),
        "event_type": file.event_type.to_json(),
        "history": history_to_json(material.plan),
        "features": [feature.to_json() for feature in material.features],
        "score_scale": judged.scale.to_json(),
        "outcomes": [asdict(outcome) for outcome in outcomes],
        "record_batches": file.record_batches,
        "rules": file.rules.to_json(),
        "safety": file.safety.to_json(),
        "stream": file.stream.to_json(),
        "file_form": file.file_form.to_json(),
        "model": {
            "kind": best.kind,
            "imbalance": _imbalance(best),
            "title": best.title,
            "parameters": dict(best.parameters),
            "largest_export_difference": difference,
            "brought_sha256": best.brought_sha256,
        },
        "training": {
            "rows": len(data.events),
            "frauds": int((data.labels == 1).sum()),
            "unlabelled": int((data.labels < 0).sum()),
            "from": write_time(int(data.events.times_us[0])),
            "to": write_time(data.end_us),
            "parts": {name: _describe_part(material, getattr(judged.split, name)) for name in _PARTS},
            "data_sha256": data.sha256,
            "choices": _describe_choices(file, best),
        },
        "libraries": installed_libraries(),
    }


def _imbalance(fitted: Fitted) -> str | None:
    """Return how a model met imbalance; None where others trained it."""
    return None if fitted.brought_sha256 else fitted.imbalance


def _describe_choices(file: DetectorFile, best: Fitted) -> dict[str, Any]:
    """Return what [training] says, without what a model that was brought does not go by."""
    skipped = ("models", "imbalance", "parameters", "reasons") if best.brought_sha256 else ()
    return {name: value for name, value in asdict(file.training).items() if name not in skipped}


def _describe_part(material: Material, rows: Ints) -> dict[str, Any]:
    times_us = material.data.events.times_us[rows]
    return {
        "rows": len(rows),
        "frauds": int((material.labels(rows) == 1).sum()),
        "from": write_time(int(times_us[0])),
        "to": write_time(int(times_us[-1])),
    }


def installed_libraries() -> dict[str, str]:
    """Return Python's version and those of the libraries that a version depends on."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        # Where it has no GPU parts, XGBoost comes under another name.
        for written in (name, f"{name}-cpu"):
            try:
                found[name] = installed_version(written)
            except ModuleNotFoundError:
                continue
    return found


def evaluate_version(
    material: Material,
    judged: Judged,
    contenders: Sequence[Contender],
    outcomes: Sequence[Outcome],
    choice: ThresholdChoice | None,
) -> dict[str, Any]:
    """Return what dashboard and model card show: figures of the test part, and how the choice was made."""
    test = judged.split.test
    events, labels, scores = material.data.events, material.labels(test), judged.scores[test]
    amounts = None if events.amounts is None else events.amounts[test]
    fraud_amount = None if amounts is None else round(float(np.nan_to_num(amounts[labels == 1]).sum()), 2)
    return {
        "period": {"from": write_time(int(events.times_us[test[0]])), "to": write_time(int(events.times_us[test[-1]]))},
        "rows": len(test),
        "frauds": int((labels == 1).sum()),
        "fraud_amount": fraud_amount,
        "models": [_report(contender, chosen=contender is contenders[0]) for contender in contenders],
        "curves": {
            _contender_name(contender): draw_curves(labels, contender.probabilities) for contender in contenders
        },
        "thresholds": sweep_thresholds(labels, scores, amounts),
        "score_histogram": count_scores(labels, scores),
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in FALSE_POSITIVE_RATES[1:-1]],
        "examples": choose_examples(material.file.event_type, material.data, test, labels, scores),
        **_examine(material, judged, contenders[0].fitted, outcomes, choice),
    }


def _examine(
    material: Material, judged: Judged, best: Fitted, outcomes: Sequence[Outcome], choice: ThresholdChoice | None
) -> dict[str, Any]:
    """Return what the model card adds: calibration, scale, importance, slices, money."""
    data, test = material.data, judged.split.test
    labels, scores = material.labels(test), judged.scores[test]
    review_from = next((outcome.from_score for outcome in outcomes[1:]), 900)
    first = next(iter(data.events.entities.values()), None)
    days = None if first is None else days_since_first_seen(first, data.events.times_us)[test]
    scored = ScoredEvents(data.events.take(test), labels, judged.probabilities[test], scores, days)
    importance = measure_importance(
        best.predict, material.features, material.matrix[test], labels, best.gain, seed=material.file.training.seed
    )
    found = {
        "calibration": describe_calibration(labels, judged.probabilities[test]),
        "scale_check": {
            part: check_scale(judged.scores[rows][material.labels(rows) == 0])
            for part, rows in (("validation", judged.split.validation), ("test", test))
        },
        "importance": importance.to_json(),
        "slices": measure_slices(scored, material.file.event_type, review_from),
        "unseen_categories": count_unseen_categories(data.events, judged.split.train, test),
    }
    if choice is None or material.file.costs is None:
        return found
    later = _balance(material, judged, test, (choice.review_from, choice.block_from))
    sealed = _sealed_balance(material, judged, outcomes)
    return {**found, "money": report_money(choice, material.file.event_type.currency, later, sealed)}


def _balance(material: Material, judged: Judged, rows: Ints, thresholds: tuple[int, int]) -> DailyBalance:
    assert material.file.costs is not None
    return measure_balance(_priced(material, judged, rows), material.file.costs, _reviews(material), *thresholds)


def _sealed_balance(material: Material, judged: Judged, outcomes: Sequence[Outcome]) -> SealedBalance | None:
    """Return what the sealed outcomes cost; None where they are others than review and block."""
    scores = {outcome.name: outcome.from_score for outcome in outcomes[1:]}
    if not set(scores) <= {"review", "block"}:
        return None
    block_from = scores.get("block", NEVER)
    thresholds = scores.get("review", block_from), block_from
    validation, test = (
        _balance(material, judged, rows, thresholds) for rows in (judged.split.validation, judged.split.test)
    )
    return SealedBalance(validation, test)


def _contender_name(contender: Contender) -> str:
    fitted = contender.fitted
    return fitted.kind if fitted.imbalance == "none" else f"{fitted.kind}+{fitted.imbalance}"


def _report(contender: Contender, *, chosen: bool) -> dict[str, Any]:
    return {
        "name": _contender_name(contender),
        "title": contender.fitted.title,
        "imbalance": _imbalance(contender.fitted),
        "chosen": chosen,
        "train_s": None if contender.fitted.train_s is None else round(contender.fitted.train_s, 2),
        "validation": _rounded(contender.validation),
        "test": _rounded(contender.test),
    }


def _rounded(metrics: Metrics) -> Mapping[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in asdict(metrics).items()}


def write_time(time_us: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return write_second(time_us / 1e6)
