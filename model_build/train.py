"""Training: from labeled payments and a detector file to a sealed version, or to the features alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from tollgate import clock
from tollgate.core.detectors.model import Model
from tollgate.core.detectors.score import fit_score_scale
from tollgate.core.files.results import free_name

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import note_data_quality
from model_build.data.sampling import sample_past_events
from model_build.data.split import Split, note_small_parts, split_by_time
from model_build.data.training_set import Progress, TrainingSet, build_training_set
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.cost_report import note_model_worth
from model_build.evaluation.rule_backtest import note_downgrades
from model_build.explanations.build import explain_version
from model_build.models.registry import TrainedModel, train_model
from model_build.onnx_export.parity import check_parity
from model_build.sealing.manifest import (
    EvaluatedModel,
    HeldOutScores,
    choose_outcomes,
    describe_version,
    evaluate_version,
)
from model_build.sealing.sample_events import encode_scored_events
from model_build.sealing.seal import Sealed, encode_histories, seal_version

_PARTS = ("train", "validation", "test")
FEATURE_SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class TrainingResult:
    """The outcome of a training: the sealed version, all evaluated models (the chosen one first), and notes.

    ``money`` says what the cheapest thresholds cost and save, empty where a missed fraud has no price.
    """

    sealed: Sealed
    models: tuple[EvaluatedModel, ...]
    notes: tuple[str, ...]
    money: tuple[str, ...]


def train_detector(data_path: Path, file: DetectorFile, out: Path, progress: Progress) -> TrainingResult:
    """Train the models of ``file`` on a table, seal the best by average precision on validation under ``out``.

    Raises `TableError` and `TrainingDataError` for data that cannot be trained on, `ParityError` if the export differs,
    and `ReasonsError` if reasons do not add up.
    """
    training_set, split, notes = prepare(data_path, file, progress)
    return seal_best(training_set, split, _compare(training_set, split, progress), notes, out, progress)


def prepare(data_path: Path, file: DetectorFile, progress: Progress) -> tuple[TrainingSet, Split, tuple[str, ...]]:
    """Read a table into a training set, split it by time, and return both with the warnings about the data."""
    progress(f"Reading {data_path}")
    data = read_past_payments(data_path, file, clock.now())
    split = split_by_time(data, file.training)
    notes = (*note_small_parts(data, split), *note_data_quality(data, file, clock.now_s()), *file.warnings)
    past = sample_past_events(data, split.test, file.training.past_events, file.training.seed)
    return build_training_set(data, file, split.train, progress, past), split, notes


def seal_best(
    training_set: TrainingSet,
    split: Split,
    models: tuple[EvaluatedModel, ...],
    notes: tuple[str, ...],
    out: Path,
    progress: Progress,
) -> TrainingResult:
    """Seal the first of ``models``, evaluated by the answers of its export."""
    best = models[0].model
    onnx, difference = best.export(), None
    if best.external_sha256 is None:
        progress(f"Checking the ONNX export of {best.title}")
        difference = check_parity(best, onnx, training_set.matrix[split.validation])
    reasons, reasons_summary = explain_version(training_set, split, best, progress)
    held_out = _score_held_out(training_set, split, Model(onnx))
    progress("Evaluating and sealing")
    outcomes, choice = choose_outcomes(training_set, held_out)
    notes = (*notes, *note_downgrades(training_set, held_out, outcomes))
    manifest = describe_version(training_set, held_out, best, outcomes, difference) | {"reasons": reasons_summary}
    evaluation = evaluate_version(training_set, held_out, models, outcomes, choice)
    worth = note_model_worth(
        models[0].test.auc,
        training_set.labels(split.test),
        evaluation.get("money"),
        from_cost=training_set.file.outcomes_from_cost,
    )
    notes = (*notes, *worth)
    evaluation |= {"notes": list(notes)}
    histories = encode_histories(training_set.data, training_set.plan, training_set.excess)
    past = encode_scored_events(training_set, held_out, reasons)
    sealed = seal_version(manifest, onnx, evaluation, histories, out, reasons=reasons, past_events=past)
    return TrainingResult(sealed, models, notes, tuple(evaluation.get("money", {}).get("words", ())))


def _compare(training_set: TrainingSet, split: Split, progress: Progress) -> tuple[EvaluatedModel, ...]:
    """Train every model under every strategy against imbalance; return them, best on validation first."""
    training = training_set.file.training
    features, labels = training_set.matrix[split.train], training_set.labels(split.train)
    later = training_set.matrix[split.validation], training_set.labels(split.validation)
    models = []
    for kind in training.models:
        for imbalance in training.imbalance:
            progress(f"Training {kind.replace('_', ' ')}{_name_strategy(imbalance)} on {len(split.train):,} events")
            fitted = train_model(
                kind,
                features,
                labels,
                training.seed,
                imbalance=imbalance,
                parameters=training.parameters.get(kind),
                calibrate_on=later,
            )
            models.append(evaluate_model(training_set, split, fitted))
    return tuple(sorted(models, key=lambda evaluated: -evaluated.validation.average_precision))


def evaluate_model(training_set: TrainingSet, split: Split, fitted: TrainedModel) -> EvaluatedModel:
    """Return a model with its metrics on the validation and the test part."""
    validation, test = (fitted.predict(training_set.matrix[rows]) for rows in (split.validation, split.test))
    return EvaluatedModel(
        fitted, training_set.measure(split.validation, validation), training_set.measure(split.test, test), test
    )


def _name_strategy(imbalance: str) -> str:
    return "" if imbalance == "none" else f" with {imbalance.replace('_', ' ')}"


def _score_held_out(training_set: TrainingSet, split: Split, model: Model) -> HeldOutScores:
    """Score the validation and the test part with the exported model, on the scale of the validation part."""
    n = len(training_set.data.events)
    probabilities, scores = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    rows = np.concatenate([split.validation, split.test])
    probabilities[rows] = model.predict(training_set.matrix[rows])
    legitimate = split.validation[training_set.labels(split.validation) == 0]
    scale = fit_score_scale(probabilities[legitimate])
    scores[rows] = scale.score(probabilities[rows])
    return HeldOutScores(split, probabilities, scores, scale)


def write_features(data_path: Path, file: DetectorFile, out: Path, progress: Progress) -> tuple[int, int]:
    """Write what models would learn from, in order of time; return how many events and features there are.

    Before the features stand the event's id, the ``part`` that it belongs to (empty: its label was not known in time)
    and its ``label``, 1 for fraud. Raises what training does for data that cannot be learned from.
    """
    training_set, split, _ = prepare(data_path, file, progress)
    data, n = training_set.data, len(training_set.data.events)
    parts = np.full(n, None, dtype=object)
    for name in _PARTS:
        parts[getattr(split, name)] = name
    names = [feature.name for feature in training_set.features]
    columns = {
        free_name(file.event_type.id or "row", names): pa.array(data.events.ids, pa.string()),
        free_name("part", names): pa.array(parts, pa.string()),
        free_name("label", names): pa.array(data.labels, pa.int8(), mask=data.labels < 0),
    }
    # A missing value is an empty cell, and NaN to whoever reads it.
    columns |= {name: pa.array(training_set.matrix[:, place], from_pandas=True) for place, name in enumerate(names)}
    progress(f"Writing {out}")
    out.parent.mkdir(parents=True, exist_ok=True)
    write = pa.parquet.write_table if out.suffix.lower() == ".parquet" else pa.csv.write_csv
    write(pa.table(columns), out)
    return n, len(names)
