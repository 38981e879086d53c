"""Walk-forward evaluation of a detector file: every model beside the baselines that it has to beat.

The baselines are the amount alone, and a few rules that an analyst would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from tollgate import clock
from tollgate.core.events.event import Floats
from tollgate.core.history.unusual_amounts import is_unusual

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import note_data_quality
from model_build.data.training_set import Progress, TrainingSet, build_training_set
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.prequential import Fold, FoldResult, Protocol, Scorer, cut_folds, run_folds, score_by_model
from model_build.models.registry import MODEL_KINDS
from model_build.models.resampling import IMBALANCE
from model_build.models.tuning import tune_parameters

FIGURES = ("auc", "average_precision", "card_precision")
# A known fraud counts half of itself after a half-life: "one in about the last two weeks" over a half-life of a week.
_RECENTLY = 0.25
_WEEK_S = 604_800.0
_FAST = 5.0


def score_by_amount(training_set: TrainingSet, fold: Fold) -> Floats:
    """Return the amounts of the test rows, shape (n,)."""
    amounts = training_set.data.events.amounts
    return np.zeros(len(fold.test)) if amounts is None else np.nan_to_num(amounts[fold.test], nan=-np.inf)


def score_by_rules(training_set: TrainingSet, fold: Fold) -> Floats:
    """Return how many of the rules match each test row, shape (n,).

    The rules: the amount is unusually large; an entity had a known fraud recently; an entity pays five times as fast as
    usual.
    """
    score = is_unusual(training_set.excess[fold.test])
    nearest_s = min(training_set.plan.half_lives_s, key=lambda half_life_s: abs(half_life_s - _WEEK_S))
    half_life = training_set.plan.half_lives_s.index(nearest_s)
    for place, feature in enumerate(training_set.features):
        column = training_set.matrix[fold.test, place]
        if feature.operation == "fraud_count" and feature.half_life == half_life:
            score += column >= _RECENTLY
        if feature.operation == "pace" and feature.half_life == 0:
            score += column >= _FAST
    return score


BASELINES: Mapping[str, Scorer] = {"Amount alone": score_by_amount, "Rules alone": score_by_rules}


@dataclass(frozen=True)
class Row:
    """A model or baseline: its name, and its metrics on each fold.

    ``parameters`` are those that tuning chose, None where nothing was tuned.
    """

    title: str
    results: tuple[FoldResult, ...]
    parameters: Mapping[str, Any] | None = None

    def summary(self, figure: str) -> tuple[float, float] | None:
        """Return mean and population standard deviation of a figure over the folds, or None if a fold lacks it."""
        values = [getattr(result.metrics, figure) for result in self.results]
        return None if None in values else (float(np.mean(values)), float(np.std(values)))

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON, fold by fold."""
        folds = [
            {"start": result.start.isoformat(), **{name: getattr(result.metrics, name) for name in FIGURES}}
            for result in self.results
        ]
        summaries = {name: self.summary(name) for name in FIGURES}
        return {"title": self.title, "parameters": self.parameters, "folds": folds, **summaries}


@dataclass(frozen=True)
class EvaluationResult:
    """Rows of an evaluation, its protocol, and warnings about the data."""

    protocol: Protocol
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def evaluate_detector(
    path: Path,
    file: DetectorFile,
    plan: Callable[..., Protocol],
    progress: Progress,
    *,
    tune_s: float = 0.0,
    now: datetime | None = None,
) -> EvaluationResult:
    """Evaluate every model and strategy of ``file`` on a table; ``plan`` makes the protocol from the labeled events.

    With ``tune_s``, each model's parameters are searched for so many seconds on earlier folds, never on those reported.
    No row may be later than ``now``, by default the time of this machine.
    Raises `TableError` and `TrainingDataError` for what cannot be evaluated.
    """
    progress(f"Reading {path}")
    now = now or clock.now()
    data = read_past_payments(path, file, now)
    notes = (*note_data_quality(data, file, now.timestamp()), *file.warnings)
    protocol = plan(data)
    folds = cut_folds(data, protocol)
    earlier = cut_folds(data, protocol.earlier()) if tune_s else ()
    training_set = build_training_set(data, file, folds[0].train, progress)
    rows = [_run(training_set, folds, title, scorer) for title, scorer in BASELINES.items()]
    for kind, imbalance in _list_models(file):
        title = title_of(kind, imbalance)
        parameters = dict(file.training.parameters.get(kind, {}))
        if tune_s:
            progress(f"Tuning {title} for {tune_s:g} s on the folds from {earlier[0].start}")
            parameters = tune_parameters(training_set, earlier, kind, imbalance, tune_s)
        progress(f"Evaluating {title} on {len(folds)} folds")
        row = _run(training_set, folds, title, score_by_model(kind, imbalance, parameters))
        rows.append(Row(row.title, row.results, parameters if tune_s else None))
    return EvaluationResult(protocol, tuple(rows), notes)


def _list_models(file: DetectorFile) -> Iterator[tuple[str, str]]:
    # Logistic regression is a baseline too.
    for kind in dict.fromkeys(("logistic_regression", *file.training.models)):
        for imbalance in file.training.imbalance:
            yield kind, imbalance


def _run(training_set: TrainingSet, folds: Sequence[Fold], title: str, scorer: Scorer) -> Row:
    return Row(title, tuple(run_folds(training_set, folds, scorer)))


def title_of(kind: str, imbalance: str) -> str:
    """Return the display name of a model under a strategy against imbalance."""
    title = MODEL_KINDS[kind].title
    return title if imbalance == "none" else f"{title}, {IMBALANCE[imbalance].title}"
