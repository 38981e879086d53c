"""Manifest and evaluation of a version, measured on events that no model has seen."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed_version
from typing import Any

import numpy as np
from tollgate import clock
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES, ScoreScale
from tollgate.core.events.event import Floats, Ints
from tollgate.core.times.timestamps import write_second, write_utc

from model_build.data.examples import choose_examples
from model_build.data.split import Split
from model_build.data.table import LabeledEvents
from model_build.data.training_set import TrainingSet
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.cost_report import SealedBalance, report_money
from model_build.evaluation.costs import NEVER, DailyBalance, PricedEvents, measure_balance
from model_build.evaluation.importance import measure_importance
from model_build.evaluation.metrics import Metrics, count_scores, draw_curves, sweep_thresholds
from model_build.evaluation.score_scale import check_scale
from model_build.evaluation.slices import ScoredEvents, count_unseen_categories, days_since_first_seen, measure_slices
from model_build.evaluation.thresholds import ThresholdChoice, apply_thresholds, choose_thresholds
from model_build.models.calibration import describe_calibration
from model_build.models.registry import TrainedModel

_LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "imbalanced-learn", "xgboost", "lightgbm", "pyarrow")
_PARTS = ("train", "validation", "test")
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class EvaluatedModel:
    """A trained model with what it reached on the validation and the test part; ``probabilities`` are on the latter."""

    model: TrainedModel
    validation: Metrics
    test: Metrics
    probabilities: Floats


@dataclass(frozen=True)
class HeldOutScores:
    """The chosen model's exported answers on all events that were not learned from.

    ``probabilities`` and ``scores`` have shape (n,) over all events and hold nothing outside ``split``'s validation and
    test parts.
    """

    split: Split
    probabilities: Floats
    scores: Ints
    scale: ScoreScale


def choose_outcomes(
    training_set: TrainingSet, held_out: HeldOutScores
) -> tuple[tuple[Outcome, ...], ThresholdChoice | None]:
    """Return the outcomes of a version, and the thresholds of least cost where a missed fraud has a price."""
    file = training_set.file
    if file.costs is None:
        return file.outcomes, None
    choice = choose_thresholds(
        _priced(training_set, held_out, held_out.split.validation), file.costs, _reviews(training_set)
    )
    return (apply_thresholds(file.outcomes, choice) if file.outcomes_from_cost else file.outcomes), choice


def _reviews(training_set: TrainingSet) -> int:
    return training_set.file.training.reviews_per_day


def _priced(training_set: TrainingSet, held_out: HeldOutScores, rows: Ints) -> PricedEvents:
    events, costs = training_set.data.events, training_set.file.costs
    assert costs is not None
    amounts = None if events.amounts is None else events.amounts[rows]
    days = events.times_us[rows] // _DAY_US
    return PricedEvents.of(training_set.labels(rows), held_out.scores[rows], amounts, days, costs)


def describe_version(
    training_set: TrainingSet,
    held_out: HeldOutScores,
    best: TrainedModel,
    outcomes: Sequence[Outcome],
    difference: float | None,
) -> dict[str, Any]:
    """Return the manifest of a version, but for the hashes that sealing adds."""
    file = training_set.file
    sealed = file.seal(training_set.features, held_out.scale, write_utc(clock.now()), outcomes)
    return {
        **sealed.to_manifest(),
        "model": {
            "kind": best.kind,
            "imbalance": _imbalance(best),
            "title": best.title,
            "parameters": dict(best.parameters),
            "largest_export_difference": difference,
            "brought_sha256": best.external_sha256,
        },
        "training": {
            **describe_data(training_set.data),
            "parts": {name: _describe_part(training_set, getattr(held_out.split, name)) for name in _PARTS},
            "choices": _describe_choices(file, best),
        },
        "libraries": installed_libraries(),
    }


def describe_data(data: LabeledEvents) -> dict[str, Any]:
    """Return what a manifest says of the events that a version was made from."""
    return {
        "rows": len(data.events),
        "frauds": int((data.labels == 1).sum()),
        "unlabelled": int((data.labels < 0).sum()),
        "from": write_time(int(data.events.times_us[0])),
        "to": write_time(data.end_us),
        "data_sha256": data.sha256,
    }


def _imbalance(fitted: TrainedModel) -> str | None:
    """Return how a model met imbalance; None where others trained it."""
    return None if fitted.external_sha256 else fitted.imbalance


def _describe_choices(file: DetectorFile, best: TrainedModel) -> dict[str, Any]:
    """Return what [training] says, without what a model that was brought does not go by."""
    skipped = ("models", "imbalance", "parameters", "reasons") if best.external_sha256 else ()
    return {name: value for name, value in asdict(file.training).items() if name not in skipped}


def _describe_part(training_set: TrainingSet, rows: Ints) -> dict[str, Any]:
    times_us = training_set.data.events.times_us[rows]
    return {
        "rows": len(rows),
        "frauds": int((training_set.labels(rows) == 1).sum()),
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
    training_set: TrainingSet,
    held_out: HeldOutScores,
    models: Sequence[EvaluatedModel],
    outcomes: Sequence[Outcome],
    choice: ThresholdChoice | None,
) -> dict[str, Any]:
    """Return what dashboard and model card show: figures of the test part, and how the choice was made."""
    test = held_out.split.test
    events, labels, scores = training_set.data.events, training_set.labels(test), held_out.scores[test]
    amounts = None if events.amounts is None else events.amounts[test]
    fraud_amount = None if amounts is None else round(float(np.nan_to_num(amounts[labels == 1]).sum()), 2)
    return {
        "period": {"from": write_time(int(events.times_us[test[0]])), "to": write_time(int(events.times_us[test[-1]]))},
        "rows": len(test),
        "frauds": int((labels == 1).sum()),
        "fraud_amount": fraud_amount,
        "models": [_report(evaluated, chosen=evaluated is models[0]) for evaluated in models],
        "curves": {_model_name(evaluated): draw_curves(labels, evaluated.probabilities) for evaluated in models},
        "thresholds": sweep_thresholds(labels, scores, amounts),
        "score_histogram": count_scores(labels, scores),
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in FALSE_POSITIVE_RATES[1:-1]],
        "examples": choose_examples(training_set.file.event_type, training_set.data, test, labels, scores),
        **_examine(training_set, held_out, models[0].model, outcomes, choice),
    }


def _examine(
    training_set: TrainingSet,
    held_out: HeldOutScores,
    best: TrainedModel,
    outcomes: Sequence[Outcome],
    choice: ThresholdChoice | None,
) -> dict[str, Any]:
    """Return what the model card adds: calibration, scale, importance, slices, money."""
    data, test = training_set.data, held_out.split.test
    labels, scores = training_set.labels(test), held_out.scores[test]
    review_from = next((outcome.from_score for outcome in outcomes[1:]), 900)
    first = next(iter(data.events.entities.values()), None)
    days = None if first is None else days_since_first_seen(first, data.events.times_us)[test]
    scored = ScoredEvents(data.events.take(test), labels, held_out.probabilities[test], scores, days)
    importance = measure_importance(
        best.predict,
        training_set.features,
        training_set.matrix[test],
        labels,
        best.gain,
        seed=training_set.file.training.seed,
    )
    found = {
        "calibration": describe_calibration(labels, held_out.probabilities[test]),
        "scale_check": {
            part: check_scale(held_out.scores[rows][training_set.labels(rows) == 0])
            for part, rows in (("validation", held_out.split.validation), ("test", test))
        },
        "importance": importance.to_json(),
        "slices": measure_slices(scored, training_set.file.event_type, review_from),
        "unseen_categories": count_unseen_categories(data.events, held_out.split.train, test),
    }
    if choice is None or training_set.file.costs is None:
        return found
    later = _balance(training_set, held_out, test, (choice.review_from, choice.block_from))
    sealed = _sealed_balance(training_set, held_out, outcomes)
    return {**found, "money": report_money(choice, training_set.file.event_type.currency, later, sealed)}


def _balance(
    training_set: TrainingSet, held_out: HeldOutScores, rows: Ints, thresholds: tuple[int, int]
) -> DailyBalance:
    assert training_set.file.costs is not None
    return measure_balance(
        _priced(training_set, held_out, rows), training_set.file.costs, _reviews(training_set), *thresholds
    )


def _sealed_balance(
    training_set: TrainingSet, held_out: HeldOutScores, outcomes: Sequence[Outcome]
) -> SealedBalance | None:
    """Return what the sealed outcomes cost; None where they are others than review and block."""
    scores = {outcome.name: outcome.from_score for outcome in outcomes[1:]}
    if not set(scores) <= {"review", "block"}:
        return None
    block_from = scores.get("block", NEVER)
    thresholds = scores.get("review", block_from), block_from
    validation, test = (
        _balance(training_set, held_out, rows, thresholds) for rows in (held_out.split.validation, held_out.split.test)
    )
    return SealedBalance(validation, test)


def _model_name(evaluated: EvaluatedModel) -> str:
    fitted = evaluated.model
    return fitted.kind if fitted.imbalance == "none" else f"{fitted.kind}+{fitted.imbalance}"


def _report(evaluated: EvaluatedModel, *, chosen: bool) -> dict[str, Any]:
    return {
        "name": _model_name(evaluated),
        "title": evaluated.model.title,
        "imbalance": _imbalance(evaluated.model),
        "chosen": chosen,
        "train_s": None if evaluated.model.train_s is None else round(evaluated.model.train_s, 2),
        "validation": _rounded(evaluated.validation),
        "test": _rounded(evaluated.test),
    }


def _rounded(metrics: Metrics) -> Mapping[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in asdict(metrics).items()}


def write_time(time_us: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return write_second(time_us / 1e6)
