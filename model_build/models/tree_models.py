"""Tree models: random forests, balanced or not, and boosted trees of XGBoost and LightGBM.

The log-odds of boosted trees are averaged over copies from different samples or seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import xgboost
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import RandomForestClassifier
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.fitted import (
    Parameters,
    UncalibratedModel,
    average_margins,
    thread_count,
    to_probabilities,
    to_shares,
)
from model_build.models.resampling import Draw, Sample, fill_rows
from model_build.onnx_export.tree_import import forest_trees, lightgbm_trees, xgboost_trees
from model_build.onnx_export.trees import Ensemble, average_ensembles, export_trees, fill_missing, forest_margin

# Bins are placed as if this share of events were frauds, with at most so many legitimate ones.
_FRAUDS_AMONG_BINNED = 0.2
_MAX_BINNED = 200_000


def fit_forest(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Fit a random forest to a sample of one draw; ``max_samples`` is the most events that a tree draws."""
    chosen = dict(parameters)
    (draw,) = sample.draws
    forest = RandomForestClassifier(
        n_estimators=chosen.pop("rounds"),
        max_samples=min(chosen.pop("max_samples"), len(draw.labels)),
        n_jobs=thread_count(),
        random_state=seed,
        **chosen,
    )
    return _from_forest(forest.fit(draw.features, draw.labels, draw.weights), sample.fill_values)


def fit_balanced_forest(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Grow each tree on as many legitimate events as frauds (Chen, Liaw, Breiman, 2004)."""
    chosen = {name: value for name, value in parameters.items() if name != "max_samples"}
    (draw,) = sample.draws
    forest = BalancedRandomForestClassifier(
        n_estimators=chosen.pop("rounds"), n_jobs=thread_count(), random_state=seed, **chosen
    )
    return _from_forest(forest.fit(draw.features, draw.labels), sample.fill_values)


def _from_forest(forest: Any, fill_values: Matrix | None) -> UncalibratedModel:  # noqa: ANN401 - scikit-learn has no types
    def shares(rows: Matrix) -> Floats:
        both: Floats = forest.predict_proba(fill_rows(rows, fill_values))
        return both

    def margin(rows: Matrix) -> Floats:
        legitimate, fraud = shares(rows).T
        return forest_margin(fraud, legitimate)

    def form() -> Ensemble:
        ensemble = forest_trees(forest)
        return ensemble if fill_values is None else fill_missing(ensemble, fill_values)

    def export(calibration: Calibration | None) -> bytes:
        return export_trees(form(), forest.n_features_in_, calibration)

    gain = np.asarray(forest.feature_importances_, dtype=np.float64)
    return UncalibratedModel(margin, lambda rows: shares(rows)[:, 1], export, to_shares(gain), form)


@dataclass(frozen=True)
class _Booster:
    """One fitted copy: its log-odds (n,), its contributions (n, f), its trees, the total gain of each feature (f,)."""

    margin: Callable[[Matrix], Floats]
    contribute: Callable[[Matrix], Floats]
    trees: Callable[[], Ensemble]
    gain: Floats


# Fits one copy for each seed to a draw, with parameters and a number of rounds.
_Boost = Callable[[Draw, dict[str, Any], int, Sequence[int]], list[_Booster]]


def fit_xgboost(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Fit XGBoost to each draw, ``bags`` times with other seeds."""
    return _to_model(sample, _fit_copies(sample, parameters, seed, _boost_xgboost))


def fit_lightgbm(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Fit LightGBM to each draw, ``bags`` times with other seeds."""
    return _to_model(sample, _fit_copies(sample, parameters, seed, _boost_lightgbm))


def _fit_copies(
    sample: Sample,
    parameters: Parameters,
    seed: int,
    boost: _Boost,
) -> list[_Booster]:
    chosen = dict(parameters)
    rounds, bags = chosen.pop("rounds"), chosen.pop("bags")
    copies: list[_Booster] = []
    for draw in sample.draws:
        # LightGBM takes no seed of 32 bits.
        seeds = [(seed + len(copies) + bag) % 2**31 for bag in range(bags)]
        copies += boost(draw, chosen, rounds, seeds)
    return copies


def _boost_xgboost(draw: Draw, parameters: dict[str, Any], rounds: int, seeds: Sequence[int]) -> list[_Booster]:
    bins = {"max_bin": parameters["max_bin"], "nthread": thread_count()}
    data = xgboost.QuantileDMatrix(
        draw.features, draw.labels, weight=draw.weights, ref=_make_bins(draw, bins, seeds[0]), **bins
    )
    fixed = {"objective": "binary:logistic", "nthread": thread_count()}
    boosters = [xgboost.train({**parameters, **fixed, "seed": seed}, data, rounds) for seed in seeds]
    return [_read_xgboost(booster, draw.features.shape[1]) for booster in boosters]


def _make_bins(draw: Draw, bins: Mapping[str, int], seed: int) -> xgboost.QuantileDMatrix:
    """Return the events that define the bins of a draw, so that bins are fine where frauds are.

    XGBoost places bins at quantiles of all events. If 1% of the events is fraud, the values that distinguish frauds (a
    history with frauds in it, an unusually large amount) fall into the last few of many bins.
    """
    frauds, legitimate = np.flatnonzero(draw.labels == 1), np.flatnonzero(draw.labels == 0)
    if len(legitimate) > _MAX_BINNED:
        legitimate = np.random.default_rng(seed).choice(legitimate, _MAX_BINNED, replace=False)
    rows = np.sort(np.concatenate([frauds, legitimate]))
    labels = draw.labels[rows]
    share = _FRAUDS_AMONG_BINNED
    weights = np.where(labels == 1, share / max(len(frauds), 1), (1 - share) / max(len(legitimate), 1))
    return xgboost.QuantileDMatrix(draw.features[rows], labels, weight=weights * len(rows), **bins)


def _read_xgboost(booster: Any, features: int) -> _Booster:  # noqa: ANN401 - xgboost has no types
    gain = np.zeros(features)
    for name, total in booster.get_score(importance_type="total_gain").items():
        gain[int(name.removeprefix("f"))] = total
    return _Booster(
        lambda rows: np.asarray(booster.inplace_predict(rows, predict_type="margin"), dtype=np.float64),
        lambda rows: _all_but_base(booster.predict(xgboost.DMatrix(rows, nthread=thread_count()), pred_contribs=True)),
        lambda: xgboost_trees(booster),
        gain,
    )


def _boost_lightgbm(draw: Draw, parameters: dict[str, Any], rounds: int, seeds: Sequence[int]) -> list[_Booster]:
    fixed = {
        "objective": "binary",
        "deterministic": True,
        "force_row_wise": True,  # which is faster would otherwise be timed, and the sums depend on it
        "zero_as_missing": False,
        "num_threads": thread_count(),
        "verbosity": -1,
    }
    boosters = [
        lightgbm.train(
            {**parameters, **fixed, "seed": seed},
            lightgbm.Dataset(draw.features, draw.labels, weight=draw.weights, params={**parameters, **fixed}),
            rounds,
        )
        for seed in seeds
    ]
    return [_read_lightgbm(booster) for booster in boosters]


def _read_lightgbm(booster: Any) -> _Booster:  # noqa: ANN401 - lightgbm has no types
    return _Booster(
        lambda rows: np.asarray(booster.predict(rows, raw_score=True, num_threads=thread_count()), dtype=np.float64),
        lambda rows: _all_but_base(booster.predict(rows, pred_contrib=True, num_threads=thread_count())),
        lambda: lightgbm_trees(booster),
        np.asarray(booster.feature_importance("gain"), dtype=np.float64),
    )


def _to_model(sample: Sample, copies: Sequence[_Booster]) -> UncalibratedModel:
    def margin(rows: Matrix) -> Floats:
        return average_margins([copy.margin for copy in copies], fill_rows(rows, sample.fill_values))

    def form() -> Ensemble:
        ensemble = average_ensembles([copy.trees() for copy in copies])
        return ensemble if sample.fill_values is None else fill_missing(ensemble, sample.fill_values)

    def export(calibration: Calibration | None) -> bytes:
        return export_trees(form(), len(copies[0].gain), calibration)

    def contribute(rows: Matrix) -> Floats:
        filled = fill_rows(rows, sample.fill_values)
        return np.asarray(np.mean([copy.contribute(filled) for copy in copies], axis=0))

    gain = to_shares(np.sum([copy.gain for copy in copies], axis=0))
    return UncalibratedModel(margin, lambda rows: to_probabilities(margin(rows)), export, gain, form, contribute)


def _all_but_base(contributions: Any) -> Floats:  # noqa: ANN401 - the libraries have no types
    """Return contributions, shape (n, f), without the base in the last column."""
    return np.asarray(contributions, dtype=np.float64)[:, :-1]
