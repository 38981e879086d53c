"""External model: an ONNX file trained elsewhere, tested and sealed like a trained one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.special import logit
from tollgate.core.detectors.model import Model
from tollgate.core.detectors.version import sha256
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix
from tollgate.errors import ModelFileError

from model_build.data.training_set import Progress
from model_build.detector_file.reader import DetectorFile
from model_build.models.fitted import UncalibratedModel, to_shares
from model_build.models.registry import TrainedModel
from model_build.onnx_export.external import read_onnx_file
from model_build.onnx_export.parity import MAX_DIFFERENCE, with_missing_values
from model_build.train import TrainingResult, evaluate_model, prepare, seal_best

KIND = "onnx"
_TRIED, _TRIED_ALONE, _SHUFFLED = 5_000, 50, 1_000
_ROUNDING = 1e-6


def seal_external_model(
    data_path: Path, file: DetectorFile, model: Path, out: Path, progress: Progress
) -> TrainingResult:
    """Evaluate the model of an ONNX file on a table as if it had been trained here, and seal it under ``out``.

    Its reasons are approximate. Raises what `train_detector` does, and `ModelFileError` for a model that cannot be
    used, or that detects fraud no better than chance.
    """
    training_set, split, notes = prepare(data_path, file, progress)
    progress(f"Testing {model}")
    external = _load_external(model, training_set.matrix[split.validation], file.training.seed)
    evaluated = evaluate_model(training_set, split, external)
    if evaluated.validation.auc <= 0.5:
        raise ModelFileError(
            f"{model} is no better than chance: its AUC on the validation part is {evaluated.validation.auc:.2f}. "
            "Fraud must be its second class (labels 0 and 1), and its features must be those of `tollgate features`, "
            "in their order."
        )
    return seal_best(training_set, split, (evaluated,), notes, out, progress)


def _load_external(path: Path, features: Matrix, seed: int) -> TrainedModel:
    """Return the model of an ONNX file, tried on ``features``, (n, f), of events that it is evaluated on.

    Raises `ModelFileError` unless it gives every event, with values missing too, one probability that does not change.
    """
    onnx = read_onnx_file(path, features[:3])
    model = Model(onnx)
    _check_answers(path, model, features[:_TRIED])
    gain = _measure_gain(model, features[:_SHUFFLED], seed)

    def margin(rows: Matrix) -> Floats:
        return _log_odds(model.predict(rows))

    uncalibrated = UncalibratedModel(margin, model.predict, lambda _: onnx, gain, lambda: None)
    title, hashed = f"{path.name} (imported)", sha256(path.read_bytes())
    return TrainedModel(KIND, "none", title, None, model.predict, lambda: onnx, gain, {}, uncalibrated, None, hashed)


def _check_answers(path: Path, model: Model, features: Matrix) -> None:
    rows = np.concatenate([features, with_missing_values(features)])
    answers = model.predict(rows)
    _check_probabilities(path, answers)
    if not np.array_equal(answers, model.predict(rows)):
        raise ModelFileError(f"{path} gives different answers to the same events; remove its random operations.")
    few = rows[:: max(len(rows) // _TRIED_ALONE, 1)]
    alone = np.concatenate([model.predict(row[None, :]) for row in few])
    largest = float(np.abs(alone - model.predict(few)).max())
    if largest > MAX_DIFFERENCE:
        raise ModelFileError(
            f"{path} gives an event another answer alone than in a batch, by up to {largest:.2g}: export it for "
            "inference, so that nothing is computed over the events of a batch."
        )
    if float(np.ptp(answers)) == 0.0:
        raise ModelFileError(f"{path} gives every event the same probability, {answers[0]:.4g}.")


def _check_probabilities(path: Path, answers: Floats) -> None:
    lost = int((~np.isfinite(answers)).sum())
    if lost:
        raise ModelFileError(
            f"{path} gives no finite answer for {lost:,} of {len(answers):,} events. A missing feature is NaN: "
            "include an imputer in the model before you export it."
        )
    low, high = float(np.min(answers)), float(np.max(answers))
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ModelFileError(
            f"{path} answers from {low:.4g} to {high:.4g}, which are not probabilities: export predict_proba, from 0 "
            "to 1, not a margin or a class."
        )


def _log_odds(probabilities: Floats) -> Floats:
    log_odds: Floats = logit(np.clip(probabilities, 1e-7, 1 - 1e-7))
    return log_odds


def _measure_gain(model: Model, features: Matrix, seed: int) -> Floats:
    """Return how far shuffling each feature among the events moves the log-odds, in shares of 1, shape (f,)."""
    before, order = _log_odds(model.predict(features)), np.random.default_rng(seed).permutation(len(features))
    shuffled = features.copy()
    moves = np.zeros(features.shape[1])
    for place in range(len(moves)):
        shuffled[:, place] = features[order, place]
        moves[place] = np.abs(_log_odds(model.predict(shuffled)) - before).mean()
        shuffled[:, place] = features[:, place]
    return to_shares(moves)
