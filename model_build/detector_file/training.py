"""Section [training] of a detector file: models to compare, their parameters, the split, and excluded features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Strict
from tollgate.core.features.feature import Feature
from tollgate.errors import TrainingDataError, suggest

from model_build.detector_file.messages import WrongValueError, show
from model_build.detector_file.section import Section, Table, Texts, between, key, limited

Kind = Literal["logistic_regression", "random_forest", "xgboost", "lightgbm"]
Strategy = Literal["none", "class_weights", "smote", "undersampling", "smote_undersampling", "balanced_ensemble"]
MODELS: tuple[Kind, ...] = get_args(Kind)
IMBALANCE: tuple[Strategy, ...] = get_args(Strategy)
MAX_PAST_EVENTS = 10_000


@dataclass(frozen=True)
class TrainingChoices:
    """What [training] says. Shares are of the labeled events, in order of time.

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


def _parameters(*known: str) -> AfterValidator:
    """Check the parameters of a model against those of its library."""

    def check(given: Table) -> Table:
        for name, value in given.items():
            if name not in known:
                raise WrongValueError(f"is not a parameter of this model{suggest(name, known)}", name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise WrongValueError(f"must be a number of 0 or more, not {show(value)}", name)
        return given

    return AfterValidator(check)


def _refuse_background(given: object) -> object:
    if given == "background":
        raise WrongValueError(
            'can no longer be "background"; remove the key for exact reasons, which count from the training data'
        )
    return given


def _once(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


_DEFAULT = TrainingChoices()


class TrainingSection(Section):
    """The keys of [training]."""

    models: Annotated[tuple[Kind, ...], Strict(False), AfterValidator(_once)] = key(
        _DEFAULT.models,
        "The models to train. The one with the best average precision on the validation part is sealed.",
        example='["xgboost"]',
    )
    imbalance: Annotated[tuple[Strategy, ...], Strict(False), AfterValidator(_once)] = key(
        _DEFAULT.imbalance,
        "The ways to treat [imbalance](#imbalance) that are compared; each model is trained with each of them.",
        example='["none"]',
    )
    validation_share: float = key(
        _DEFAULT.validation_share, "The share of events that choose the model and fix the score scale."
    )
    test_share: float = key(
        _DEFAULT.test_share,
        "The share of events, the latest, that no model has seen. The reported figures come from them.",
    )
    reviews_per_day: Annotated[int, limited(lambda count: count >= 1, "1 or more")] = key(
        _DEFAULT.reviews_per_day,
        "How many reviews are possible per day: of cards or customers for card precision, of payments for "
        "[costs](#costs).",
    )
    leave_out: Texts = key(
        _DEFAULT.leave_out,
        'Features that no model learns from: names, or patterns with `*`, `?` and `[...]`, such as `"*_pace_*"`. With '
        "fewer features, training is faster and the model is easier to explain. Rules cannot name them either.",
    )
    seed: Annotated[int, between(0, 2**32 - 1)] = key(
        _DEFAULT.seed,
        f"The same seed and data give the same models with the same library versions; 0 to {2**32 - 1}.",
    )
    reasons: Annotated[Literal["path_dependent", "none"], BeforeValidator(_refuse_background)] = key(
        _DEFAULT.reasons,
        '`"path_dependent"` seals a version with exact [reasons](../explanation/reasons.md), `"none"` without. A model '
        "from [outside Tollgate](../how-to/bring-your-own-model.md) has approximate reasons, or none.",
    )
    past_events: Annotated[int, between(0, MAX_PAST_EVENTS)] = key(
        _DEFAULT.past_events,
        "How many payments of the test part are sealed in the version, so that the dashboard can show them and test "
        f"rules on them; 0 to {MAX_PAST_EVENTS}. One fifth is reserved for fraud. They are your payments with the ids "
        "of customers and devices, and stay in your bucket as long as the version does. `0` leaves them out.",
    )
    # The parameters have the names of the model's library; "rounds" are trees, "bags" averaged copies.
    logistic_regression: Annotated[Table, _parameters("C", "max_iter")] = key(
        {}, "[Parameters](#parameters) of this model that replace its defaults."
    )
    random_forest: Annotated[Table, _parameters("rounds", "max_depth", "min_samples_leaf", "max_samples")] = key(
        {}, "The same for the random forest."
    )
    xgboost: Annotated[
        Table,
        _parameters(
            *("rounds", "bags", "max_bin", "max_depth", "max_leaves", "eta", "min_child_weight", "gamma"),
            *("subsample", "colsample_bytree", "colsample_bynode", "reg_lambda", "reg_alpha"),
        ),
    ] = key({}, "The same for XGBoost.")
    lightgbm: Annotated[
        Table,
        _parameters(
            *("rounds", "bags", "max_bin", "max_depth", "num_leaves", "learning_rate", "min_data_in_leaf"),
            *("min_sum_hessian_in_leaf", "bagging_fraction", "bagging_freq", "feature_fraction"),
            *("lambda_l1", "lambda_l2"),
        ),
    ] = key({}, "The same for LightGBM.")

    def choices(self) -> TrainingChoices:
        """Return what the section says; raise `WrongValueError` for shares that leave too little to learn from."""
        shares = self.validation_share, self.test_share
        if not min(shares) >= 0.05 or not sum(shares) <= 0.8:
            wanted = "and validation_share must be at least 0.05 each, and at most 0.8 together"
            raise WrongValueError(wanted, "training", "test_share")
        parameters: dict[str, Table] = {model: found for model in MODELS if (found := getattr(self, model))}
        plain = {name: getattr(self, name) for name in type(self).model_fields if name not in MODELS}
        plain |= {"models": self.models or MODELS, "imbalance": self.imbalance or _DEFAULT.imbalance}
        return TrainingChoices(parameters=parameters, **plain)


def drop_features(features: Sequence[Feature], patterns: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features whose names match none of the patterns (`fnmatch`)."""
    return tuple(f for f in features if not any(fnmatchcase(f.name, pattern) for pattern in patterns))


def exclude_features(features: Sequence[Feature], patterns: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features whose names match none of the patterns.

    Raises `TrainingDataError` when a pattern matches no feature, or nothing is left.
    """
    for pattern in patterns:
        if not any(fnmatchcase(feature.name, pattern) for feature in features):
            nearest = suggest(pattern, [feature.name for feature in features])
            raise TrainingDataError(f'[training] leave_out has "{pattern}", but no feature matches it{nearest}.')
    kept = drop_features(features, patterns)
    if not kept:
        raise TrainingDataError("[training] leave_out excludes every feature; remove a pattern.")
    return kept
