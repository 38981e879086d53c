"""Section [training] of a detector file: models to compare, their parameters, and the split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollgate.errors import suggest

from model_build.detector_file.toml import TomlReader

MODELS = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
IMBALANCE = ("none", "class_weights", "smote", "undersampling", "smote_undersampling", "balanced_ensemble")
# What may be set of each model, in the words of its library; "rounds" are trees, "bags" averaged copies.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "logistic_regression": ("C", "max_iter"),
    "random_forest": ("rounds", "max_depth", "min_samples_leaf", "max_samples"),
    "xgboost": (
        *("rounds", "bags", "max_bin", "max_depth", "max_leaves", "eta", "min_child_weight", "gamma"),
        *("subsample", "colsample_bytree", "colsample_bynode", "reg_lambda", "reg_alpha"),
    ),
    "lightgbm": (
        *("rounds", "bags", "max_bin", "max_depth", "num_leaves", "learning_rate", "min_data_in_leaf"),
        *("min_sum_hessian_in_leaf", "bagging_fraction", "bagging_freq", "feature_fraction", "lambda_l1", "lambda_l2"),
    ),
}
MAX_PAST_EVENTS = 10_000
REASONS = ("path_dependent", "none")
TRAINING_KEYS = (
    *("models", "imbalance", "validation_share", "test_share", "reviews_per_day", "seed", "leave_out", "reasons"),
    "past_events",
    *MODELS,
)


@dataclass(frozen=True)
class TrainingChoices:
    """What [training] says. Shares are of the labelled events, in order of time.

    ``parameters`` maps a model to what the file sets of its parameters, in place of the defaults. ``leave_out`` holds
    patterns of the names of features (`fnmatch`) that no model learns from. ``past_events`` is how many events
    of the test part a version is sealed with at most, 0 for none.
    """

    models: tuple[str, ...] = MODELS
    validation_share: float = 0.2
    test_share: float = 0.2
    reviews_per_day: int = 100
    seed: int = 0
    imbalance: tuple[str, ...] = ("none",)
    parameters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    reasons: str = "path_dependent"
    past_events: int = MAX_PAST_EVENTS


def read_training(reader: TomlReader) -> TrainingChoices:
    """Read [training]; raise `DetectorFileError` naming the line and the key."""
    default = TrainingChoices()
    models = _read_names(reader, "models", "model", MODELS) or default.models
    imbalance = _read_names(reader, "imbalance", "strategy", IMBALANCE) or default.imbalance
    shares = [
        float(reader.take("training", key, (float, int), getattr(default, key)))
        for key in ("validation_share", "test_share")
    ]
    if min(shares) < 0.05 or sum(shares) > 0.8:
        raise reader.fail(
            "training", "test_share", "and validation_share must be at least 0.05 each, and at most 0.8 together"
        )
    reviews = int(reader.take("training", "reviews_per_day", int, default.reviews_per_day))
    if reviews < 1:
        raise reader.fail("training", "reviews_per_day", "must be 1 or more")
    seed = int(reader.take("training", "seed", int, default.seed))
    if not 0 <= seed < 2**32:
        raise reader.fail("training", "seed", f"must be from 0 to {2**32 - 1}, not {seed}")
    reasons = reader.take("training", "reasons", str, default.reasons)
    if reasons == "background":
        raise reader.fail(
            "training",
            "reasons",
            'can no longer be "background"; remove the key for exact reasons, which count from the training data',
        )
    if reasons not in REASONS:
        wanted = f'must be {" or ".join(REASONS)}, not "{reasons}"'
        raise reader.fail("training", "reasons", f"{wanted}{suggest(reasons, REASONS)}")
    parameters = {model: found for model in MODELS if (found := _read_parameters(reader, model))}
    leave_out = reader.texts("training", "leave_out")
    past_events = int(reader.take("training", "past_events", int, default.past_events))
    if not 0 <= past_events <= MAX_PAST_EVENTS:
        raise reader.fail("training", "past_events", f"must be from 0 to {MAX_PAST_EVENTS}, not {past_events}")
    return TrainingChoices(
        *(models, shares[0], shares[1], reviews, seed, imbalance, parameters, leave_out, reasons, past_events)
    )


def _read_names(reader: TomlReader, key: str, kind: str, known: tuple[str, ...]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(reader.texts("training", key)))
    for name in given:
        if name not in known:
            raise reader.fail("training", key, f'names "{name}", which is not a known {kind}{suggest(name, known)}')
    return given


def _read_parameters(reader: TomlReader, model: str) -> dict[str, float]:
    given = reader.take("training", model, dict, {})
    for name, value in given.items():
        if name not in PARAMETERS[model]:
            raise reader.fail("training", name, f"is not a parameter of {model}{suggest(name, PARAMETERS[model])}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise reader.fail("training", name, f"must be a number of 0 or more, not {value!r}")
    return dict(given)
