"""Training: labelled payments and a detector file in, a sealed detector version out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tollgate import clock
from tollgate.core.detectors.model import Model
from tollgate.core.detectors.score import fit_score_scale

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import notice_data
from model_build.data.sampling import draw_past_events
from model_build.data.split import Split, notice_parts, split_by_time
from model_build.data.training_set import Material, Progress, read_material
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.rule_downgrades import notice_downgrades
from model_build.explanations.version_reasons import explain_version
from model_build.models.registry import Fitted, fit_candidate
from model_build.models.worth_notes import notice_worth
from model_build.onnx_export.parity import check_parity
from model_build.sealing.manifest import Contender, Judged, choose_outcomes, describe_version, evaluate_version
from model_build.sealing.sample_events import encode_judged_events
from model_build.sealing.seal import Sealed, encode_histories, seal_version


@dataclass(frozen=True)
class Trained:
    """The outcome of a training: the sealed version, all contenders (the chosen one first), and what was noticed.

    ``money`` says what the cheapest thresholds cost and save, empty where a missed fraud has no price.
    """

    sealed: Sealed
    contenders: tuple[Contender, ...]
    notes: tuple[str, ...]
    money: tuple[str, ...]


def train_detector(data_path: Path, file: DetectorFile, out: Path, progress: Progress) -> Trained:
    """Train the models of ``file`` on a table, seal the best by average precision on validation under ``out``.

    Raises `TableError` and `TrainingDataError` for what cannot be learned from, `ParityError` when the export differs,
    and `ReasonsError` when reasons do not add up.
    """
    material, split, notes = prepare(data_path, file, progress)
    return seal_best(material, split, _compare(material, split, progress), notes, out, progress)


def prepare(data_path: Path, file: DetectorFile, progress: Progress) -> tuple[Material, Split, tuple[str, ...]]:
    """Read a table into features and cut it in order of time; return with them what was noticed."""
    progress(f"Reading {data_path}")
    data = read_past_payments(data_path, file, clock.now())
    split = split_by_time(data, file.training)
    notes = (*notice_parts(data, split), *notice_data(data, file, clock.now_s()), *file.warnings)
    past = draw_past_events(data, split.test, file.training.past_events, file.training.seed)
    return read_material(data, file, split.train, progress, past), split, notes


def seal_best(
    material: Material,
    split: Split,
    contenders: tuple[Contender, ...],
    notes: tuple[str, ...],
    out: Path,
    progress: Progress,
) -> Trained:
    """Seal the first of the contenders, judged as it answers once it is exported."""
    best = contenders[0].fitted
    onnx, difference = best.export(), None
    if best.brought_sha256 is None:
        progress(f"Checking that the export of {best.title} answers alike")
        difference = check_parity(best, onnx, material.matrix[split.validation])
    reasons, told = explain_version(material, split, best, progress)
    judged = _judge(material, split, Model(onnx))
    progress("Evaluating and sealing")
    outcomes, choice = choose_outcomes(material, judged)
    notes = (*notes, *notice_downgrades(material, judged, outcomes))
    manifest = describe_version(material, judged, best, outcomes, difference) | {"reasons": told}
    evaluation = evaluate_version(material, judged, contenders, outcomes, choice)
    worth = notice_worth(
        contenders[0].test.auc,
        material.labels(split.test),
        evaluation.get("money"),
        from_cost=material.file.outcomes_from_cost,
    )
    notes = (*notes, *worth)
    evaluation |= {"notes": list(notes)}
    histories = encode_histories(material.data, material.plan, material.excess)
    past = encode_judged_events(material, judged, reasons)
    sealed = seal_version(manifest, onnx, evaluation, histories, out, reasons=reasons, past_events=past)
    return Trained(sealed, contenders, notes, tuple(evaluation.get("money", {}).get("words", ())))


def _compare(material: Material, split: Split, progress: Progress) -> tuple[Contender, ...]:
    """Train every model under every way to meet imbalance; return them, best on validation first."""
    training = material.file.training
    features, labels = material.matrix[split.train], material.labels(split.train)
    later = material.matrix[split.validation], material.labels(split.validation)
    contenders = []
    for kind in training.models:
        for imbalance in training.imbalance:
            progress(f"Training {kind.replace('_', ' ')}{_under(imbalance)} on {len(split.train):,} events")
            fitted = fit_candidate(
                kind,
                features,
                labels,
                training.seed,
                imbalance=imbalance,
                parameters=training.parameters.get(kind),
                calibrate_on=later,
            )
            contenders.append(measure_contender(material, split, fitted))
    return tuple(sorted(contenders, key=lambda contender: -contender.validation.average_precision))


def measure_contender(material: Material, split: Split, fitted: Fitted) -> Contender:
    """Return a model with what it reaches on the validation and the test part."""
    validation, test = (fitted.predict(material.matrix[rows]) for rows in (split.validation, split.test))
    return Contender(fitted, material.measure(split.validation, validation), material.measure(split.test, test), test)


def _under(imbalance: str) -> str:
    return "" if imbalance == "none" else f" with {imbalance.replace('_', ' ')}"


def _judge(material: Material, split: Split, model: Model) -> Judged:
    """Score what was not learned from with the exported model, on the scale that validation gives."""
    n = len(material.data.events)
    probabilities, scores = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    rows = np.concatenate([split.validation, split.test])
    probabilities[rows] = model.predict(material.matrix[rows])
    legitimate = split.validation[material.labels(split.validation) == 0]
    scale = fit_score_scale(probabilities[legitimate])
    scores[rows] = scale.score(probabilities[rows])
    return Judged(split, probabilities, scores, scale)
