"""Sample events of a version: past events as they were posted, with scores and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.detectors.sample_events import write_past_events
from tollgate.core.events.event import Floats
from tollgate.core.events.event_type import EventType
from tollgate.core.explanations.archive import read_explainer
from tollgate.core.explanations.context import DecisionContext
from tollgate.core.explanations.explain import RankedReason, explain_contributions
from tollgate.core.explanations.explainer import Explainer
from tollgate.core.explanations.groups import GroupOrder, group_features
from tollgate.core.features.feature import Matrix

from model_build.data.payloads import post_columns
from model_build.data.sampling import WeightedSample
from model_build.data.table import LabeledEvents
from model_build.data.training_set import TrainingSet
from model_build.sealing.manifest import HeldOutScores

_MAX_REASONS = 5


def encode_scored_events(training_set: TrainingSet, held_out: HeldOutScores, reasons: bytes | None) -> bytes | None:
    """Return the file of the sampled past events with the model's answers to them; None where there are none.

    ``reasons`` is the file of the version's reasons, where it has one.
    """
    file, rows = training_set.file, training_set.past.rows
    if not len(rows):
        return None
    contributions, told = _explain(training_set, reasons)
    arrays = {
        "scores": held_out.scores[rows],
        "probabilities": held_out.probabilities[rows],
        "contributions": None if contributions is None else _as_float16(contributions),
    }
    return _encode(file.event_type, training_set.data, training_set.past, training_set.matrix[rows], arrays, told)


def _as_float16(contributions: Floats) -> npt.NDArray[np.float16]:
    """Return contributions at half precision; what lies beyond its range becomes its largest number."""
    most = float(np.finfo(np.float16).max)
    return np.clip(contributions, -most, most).astype(np.float16)


def _explain(
    training_set: TrainingSet, reasons: bytes | None
) -> tuple[Floats | None, Sequence[Sequence[RankedReason]]]:
    """Return exact contributions, (k, f), and the weightiest reasons of past events; nothing where none are exact."""
    explainer = None if reasons is None else read_explainer(reasons)
    if not isinstance(explainer, Explainer):
        return None, ()
    rows, event_type = training_set.past.rows, training_set.file.event_type
    context = DecisionContext(
        event_type,
        training_set.plan,
        training_set.data.events.take(rows),
        training_set.past_sums,
        training_set.excess[rows],
        training_set.features,
        training_set.matrix[rows],
    )
    found = explainer.explain(context.values)
    groups = group_features(training_set.features, event_type.entities)
    told = explain_contributions(groups, GroupOrder.of(groups), context, found, _MAX_REASONS)
    return found.values, [explanation.reasons for explanation in told]


def encode_unscored_events(
    event_type: EventType, data: LabeledEvents, sample: WeightedSample, features: Matrix
) -> bytes | None:
    """Return the file of the events that were drawn, where no model scores them; ``features`` (n, f) are of all."""
    return _encode(event_type, data, sample, features[sample.rows], {}) if len(sample.rows) else None


def _encode(
    event_type: EventType,
    data: LabeledEvents,
    sample: WeightedSample,
    features: Matrix,
    arrays: Mapping[str, npt.NDArray[Any] | None],
    reasons: Sequence[Sequence[RankedReason]] = (),
) -> bytes:
    known: dict[str, npt.NDArray[Any] | None] = {
        "features": features,
        "labels": data.labels[sample.rows],
        "weights": sample.weights,
    }
    return write_past_events(post_columns(event_type, data, sample.rows), {**known, **arrays}, reasons)
