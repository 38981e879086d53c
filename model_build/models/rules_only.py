"""Rules-only detector: sealed like any other, with a model that gives every event the probability 0."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from tollgate import clock
from tollgate.core.detectors.model import INPUT, OUTPUT
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES, TOP_SCORE, ScoreScale
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.feature import Feature
from tollgate.core.history.replay import replay_histories
from tollgate.core.rules.scope import SCORE
from tollgate.core.rules.syntax import names
from tollgate.core.rules.type_check import read_rule
from tollgate.core.times.timestamps import write_utc
from tollgate.errors import DetectorFileError

from model_build.data.future_rows import read_past_payments
from model_build.data.sampling import sample_past_events
from model_build.data.split import begin_test
from model_build.data.table import LabeledEvents, count_categories
from model_build.data.training_set import Progress, build_matrix
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.metrics import count_scores
from model_build.models.fitted import thread_count
from model_build.onnx_export.graph import build_model
from model_build.sealing.manifest import describe_data, installed_libraries
from model_build.sealing.sample_events import encode_unscored_events
from model_build.sealing.seal import Sealed, encode_histories, seal_version


def seal_rules(file: DetectorFile, data_path: Path | None, out: Path, progress: Progress) -> Sealed:
    """Seal the rules of a detector file under ``out``, without a model: every score is 0, and rules decide.

    The events of ``data_path`` begin the histories, where it is given. Raises `DetectorFileError` for a file without
    rules, or with one that reads the score; `TableError` and `TrainingDataError` for data that cannot be read.
    """
    _check_rules(file)
    plan = file.history
    data = None if data_path is None else read_past_payments(data_path, file, clock.now())
    categories: Mapping[str, Mapping[str, float]] = {column: {} for column in file.event_type.categorical}
    features = plan_features(file.event_type, plan, categories if data is None else count_categories(data.events))
    created_at = write_utc(clock.now())
    manifest = {
        **file.seal(features, _unreachable_scale(), created_at).to_manifest(),
        "rules_alone": True,
        "training": _describe_nothing(created_at) if data is None else describe_data(data),
        "libraries": installed_libraries(),
    }
    histories, past = (gzip.compress(b"", mtime=0), None) if data is None else _replay(data, file, features, progress)
    progress("Sealing")
    model, evaluation = zero_model(len(features)), _no_evaluation(created_at, file)
    return seal_version(manifest, model, evaluation, histories, out, past_events=past)


def _check_rules(file: DetectorFile) -> None:
    if not file.rules.rules:
        raise DetectorFileError("The detector file has no [[rules]]; a detector without a model needs at least one.")
    scope = file.rule_scope
    for rule in file.rules.rules:
        if SCORE in {name.name for name in names(read_rule(rule.when, scope))}:
            raise DetectorFileError(
                f'Rule "{rule.name}" reads the score, but a detector without a model has none; train a model instead.'
            )


def zero_model(features: int) -> bytes:
    """Return a model that gives every event the probability 0."""
    zero = numpy_helper.from_array(np.zeros(1, dtype=np.float32))
    constants = [
        numpy_helper.from_array(np.array([0], dtype=np.int64), "first"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "one"),
    ]
    nodes = [
        helper.make_node("Shape", [INPUT], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["rows"]),
        helper.make_node("Concat", ["rows", "one"], ["wanted"], axis=0),
        helper.make_node("ConstantOfShape", ["wanted"], [OUTPUT], value=zero),
    ]
    assert zero.data_type == TensorProto.FLOAT
    return build_model(nodes, constants, features)


def _unreachable_scale() -> ScoreScale:
    """Return a scale on which every probability has the score 0."""
    return ScoreScale(np.full(TOP_SCORE, 2.0))


def _describe_nothing(created_at: str) -> dict[str, Any]:
    """Return what a manifest says of the events of a version that was made without any."""
    return {"rows": 0, "frauds": 0, "unlabelled": 0, "from": created_at, "to": created_at, "data_sha256": None}


def _replay(
    data: LabeledEvents, file: DetectorFile, features: Sequence[Feature], progress: Progress
) -> tuple[bytes, bytes | None]:
    """Return the files of the histories after the events, and of some of the last events."""
    progress(f"Replaying {len(data.events):,} events into histories")
    plan, choices = file.history, file.training
    replayed = replay_histories(plan, data.events, data.frauds, withheld=data.withheld, threads=thread_count())
    last = np.arange(begin_test(data, choices), len(data.events))
    sample = sample_past_events(data, last, choices.past_events, choices.seed)
    matrix = build_matrix(features, plan, data.events, replayed)
    past = encode_unscored_events(file.event_type, data, sample, matrix)
    return encode_histories(data, plan, replayed.excess), past


def _no_evaluation(created_at: str, file: DetectorFile) -> dict[str, Any]:
    nothing = np.empty(0, dtype=np.int64)
    return {
        "period": {"from": created_at, "to": created_at},
        "rows": 0,
        "frauds": 0,
        "fraud_amount": None,
        "models": [],
        "curves": {},
        "thresholds": [],
        "score_histogram": count_scores(nothing.astype(np.int8), nothing),
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in FALSE_POSITIVE_RATES[1:-1]],
        "examples": [],
        "notes": list(file.warnings),
    }
