"""The past events that a version is sealed with, as they were posted, with their reasons."""

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
from tollgate.core.explanations.explain import Reason, explain_contributions
from tollgate.core.explanations.explainer import Explainer
from tollgate.core.explanations.groups import GroupOrder, group_features
from tollgate.core.features.feature import Matrix

from model_build.data.payloads import post_columns
from model_build.data.sampling import Drawn
from model_build.data.table import LabelledEvents
from model_build.data.training_set import Material
from model_build.sealing.manifest import Judged

_MOST_REASONS = 5


def encode_judged_events(material: Material, judged: Judged, reasons: bytes | None) -> bytes | None:
    """Return the file of the past events of ``material`` with what the model says of them; None where there are none.

    ``reasons`` is the file of the version's reasons, where it has one.
    """
    file, rows = material.file, material.past.rows
    if not len(rows):
        return None
    contributions, told = _explain(material, reasons)
    arrays = {
        "scores": judged.scores[rows],
        "probabilities": judged.probabilities[rows],
        "contributions": None if contributions is None else _as_float16(contributions),
    }
    return _encode(file.event_type, material.data, material.past, material.matrix[rows], arrays, told)


def _as_float16(contributions: Floats) -> npt.NDArray[np.float16]:
    """Return contributions at half precision; what lies beyond its range becomes its largest number."""
    most = float(np.finfo(np.float16).max)
    return np.clip(contributions, -most, most).astype(np.float16)


def _explain(material: Material, reasons: bytes | None) -> tuple[Floats | None, Sequence[Sequence[Reason]]]:
    """Return exact contributions, (k, f), and the weightiest reasons of past events; nothing where none are exact."""
    explainer = None if reasons is None else read_explainer(reasons)
    if not isinstance(explainer, Explainer):
        return None, ()
    rows, event_type = material.past.rows, material.file.event_type
    context = DecisionContext(
        event_type,
        material.plan,
        material.data.events.take(rows),
        material.past_sums,
        material.excess[rows],
        material.features,
        material.matrix[rows],
    )
    found = explainer.explain(context.values)
    groups = group_features(material.features, event_type.entities)
    told = explain_contributions(groups, GroupOrder.of(groups), context, found, _MOST_REASONS)
    return found.values, [explanation.reasons for explanation in told]


def encode_unjudged_events(event_type: EventType, data: LabelledEvents, drawn: Drawn, features: Matrix) -> bytes | None:
    """Return the file of the events that were drawn, where no model scores them; ``features`` (n, f) are of all."""
    return _encode(event_type, data, drawn, features[drawn.rows], {}) if len(drawn.rows) else None


def _encode(
    event_type: EventType,
    data: LabelledEvents,
    drawn: Drawn,
    features: Matrix,
    arrays: Mapping[str, npt.NDArray[Any] | None],
    reasons: Sequence[Sequence[Reason]] = (),
) -> bytes:
    known: dict[str, npt.NDArray[Any] | None] = {
        "features": features,
        "labels": data.labels[drawn.rows],
        "weights": drawn.weights,
    }
    return write_past_events(post_columns(event_type, data, drawn.rows), {**known, **arrays}, reasons)
