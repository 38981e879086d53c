"""Training: labelled payments and a detector file in, a sealed detector version out."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
from tollgate.core.event import Ints
from tollgate.core.feature import Feature
from tollgate.core.features import Matrix, compute_features, plan_features
from tollgate.core.history import HistoryPlan, plan_history
from tollgate.core.model import Model
from tollgate.core.replay import Arrivals, replay
from tollgate.core.score import FALSE_POSITIVE_RATES, ScoreScale, fit_score_scale
from tollgate.core.version import history_to_json

from model_build.candidates import Fitted, Labels, fit_candidate
from model_build.data import LabelledEvents, count_categories, read_labelled_events
from model_build.detector_file import DetectorFile
from model_build.examples import choose_examples
from model_build.metrics import Metrics, count_scores, draw_curves, measure, sweep_thresholds
from model_build.parity import check_parity
from model_build.sealing import Sealed, encode_histories, seal_version
from model_build.split import Split, split_by_time

Progress = Callable[[str], None]
_LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "pyarrow")


@dataclass(frozen=True)
class Contender:
    """A trained model with what it reached on the validation and the test part."""

    fitted: Fitted
    validation: Metrics
    test: Metrics


@dataclass(frozen=True)
class Trained:
    """The outcome of a training: the sealed version, all contenders (the chosen one first), and what was noticed."""

    sealed: Sealed
    contenders: tuple[Contender, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Material:
    """Everything that the models learn from. Rows of ``features`` are the sorted events."""

    file: DetectorFile
    data: LabelledEvents
    plan: HistoryPlan
    features: tuple[Feature, ...]
    matrix: Matrix
    split: Split

    def labels(self, rows: Ints) -> Labels:
        return self.data.labels[rows]

    def measure(self, rows: Ints, fitted: Fitted) -> Metrics:
        entities = list(self.data.events.entities.values())
        return measure(
            self.labels(rows),
            fitted.predict(self.matrix[rows]),
            self.data.events.times_us[rows],
            entities[0].codes[rows] if entities else None,
            self.file.training.reviews_per_day,
        )


def train_detector(data_path: Path, file: DetectorFile, out: Path, progress: Progress) -> Trained:
    """Train the models of ``file`` on a table, seal the best by average precision on validation under ``out``.

    Raises `TableError` and `TrainingDataError` for what cannot be learned from, `ParityError` when the export differs.
    """
    material = _prepare(data_path, file, progress)
    contenders = []
    for kind in file.training.models:
        progress(f"Training {kind.replace('_', ' ')} on {len(material.split.train):,} events")
        fitted = fit_candidate(
            kind, material.matrix[material.split.train], material.labels(material.split.train), file.training.seed
        )
        contenders.append(
            Contender(
                fitted,
                material.measure(material.split.validation, fitted),
                material.measure(material.split.test, fitted),
            )
        )
    contenders.sort(key=lambda contender: -contender.validation.average_precision)
    sealed = _seal(material, contenders, out, progress)
    return Trained(sealed, tuple(contenders), _notice(material))


def _prepare(data_path: Path, file: DetectorFile, progress: Progress) -> _Material:
    progress(f"Reading {data_path}")
    data = read_labelled_events(data_path, file.event_type)
    split = split_by_time(data, file.training)
    plan = plan_history(file.event_type, file.half_lives_s)
    features = plan_features(file.event_type, plan, count_categories(data.events))
    progress(f"Replaying {len(data.events):,} events into {len(features)} features")
    arrivals = Arrivals.of(data.events, data.frauds)
    histories = {entity: replay(plan, entity, data.events, arrivals) for entity in data.events.entities}
    return _Material(file, data, plan, features, compute_features(features, plan, data.events, histories), split)


def _seal(material: _Material, contenders: Sequence[Contender], out: Path, progress: Progress) -> Sealed:
    best = contenders[0].fitted
    progress(f"Exporting {best.title} and checking that the export answers alike")
    onnx = best.export()
    validation = material.split.validation
    difference = check_parity(best, onnx, material.matrix[validation])
    probabilities = Model(onnx).predict(material.matrix[validation])
    scale = fit_score_scale(probabilities[material.labels(validation) == 0])
    progress("Evaluating and sealing")
    evaluation = _evaluate(material, contenders, Model(onnx), scale)
    manifest = _describe(material, best, scale, difference)
    return seal_version(manifest, onnx, evaluation, encode_histories(material.data, material.plan), out)


def _describe(material: _Material, best: Fitted, scale: ScoreScale, difference: float) -> dict[str, Any]:
    file, data = material.file, material.data
    return {
        "detector": file.detector,
        "description": file.description,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "event_type": file.event_type.to_json(),
        "history": history_to_json(material.plan),
        "features": [feature.to_json() for feature in material.features],
        "score_scale": scale.to_json(),
        "outcomes": [asdict(outcome) for outcome in file.outcomes],
        "record_batches": file.record_batches,
        "model": {"kind": best.kind, "title": best.title, "largest_export_difference": difference},
        "training": {
            "rows": len(data.events),
            "frauds": int((data.labels == 1).sum()),
            "from": write_time(int(data.events.times_us[0])),
            "to": write_time(int(data.events.times_us[-1])),
            "data_sha256": data.sha256,
            "choices": asdict(file.training),
        },
        "libraries": {"python": platform.python_version(), **{name: installed_version(name) for name in _LIBRARIES}},
    }


def _evaluate(material: _Material, contenders: Sequence[Contender], model: Model, scale: ScoreScale) -> dict[str, Any]:
    test = material.split.test
    events, labels = material.data.events, material.labels(test)
    scores = scale.score(model.predict(material.matrix[test]))
    amounts = None if events.amounts is None else events.amounts[test]
    fraud_amount = None if amounts is None else round(float(np.nan_to_num(amounts[labels == 1]).sum()), 2)
    return {
        "period": {"from": write_time(int(events.times_us[test[0]])), "to": write_time(int(events.times_us[test[-1]]))},
        "rows": len(test),
        "frauds": int((labels == 1).sum()),
        "fraud_amount": fraud_amount,
        "models": [_report(contender, chosen=contender is contenders[0]) for contender in contenders],
        "curves": {
            contender.fitted.kind: draw_curves(labels, contender.fitted.predict(material.matrix[test]))
            for contender in contenders
        },
        "thresholds": sweep_thresholds(labels, scores, amounts),
        "score_histogram": count_scores(labels, scores),
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in FALSE_POSITIVE_RATES[1:-1]],
        "examples": choose_examples(material.file.event_type, material.data, test, labels, scores),
    }


def _report(contender: Contender, *, chosen: bool) -> dict[str, Any]:
    return {
        "name": contender.fitted.kind,
        "title": contender.fitted.title,
        "chosen": chosen,
        "train_s": round(contender.fitted.train_s, 2),
        "validation": _rounded(contender.validation),
        "test": _rounded(contender.test),
    }


def _rounded(metrics: Metrics) -> Mapping[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in asdict(metrics).items()}


def _notice(material: _Material) -> tuple[str, ...]:
    notes = []
    data = material.data
    frauds = int((data.labels == 1).sum())
    if frauds < 50:
        notes.append(f"Only {frauds} frauds are labelled: every figure above is uncertain.")
    if np.any(np.diff(data.rows) < 0):
        notes.append("The rows were not in order of time; they were sorted.")
    if data.unused_columns:
        notes.append(f"Columns not declared and not used: {', '.join(data.unused_columns)}.")
    unlabelled = int((data.labels < 0).sum())
    if unlabelled:
        notes.append(f"{unlabelled:,} events are not labelled: they count in histories and are not learned from.")
    return tuple(notes)


def write_time(time_us: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
