"""Training set: labeled events with their features at arrival, as a matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tollgate.core.decisions.decide import Reads, compute_in_blocks
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.features.pipeline import FeatureSteps
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.replay import Replayed, replay_histories

from model_build.data.sampling import EMPTY_SAMPLE, WeightedSample
from model_build.data.table import LabeledEvents, count_categories
from model_build.detector_file.reader import DetectorFile
from model_build.detector_file.training import exclude_features
from model_build.evaluation.metrics import Metrics, measure
from model_build.models.fitted import thread_count
from model_build.models.registry import Labels

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainingSet:
    """Labeled events with their features. Rows of ``matrix`` (n, f) are the events in order of time.

    ``excess`` says how far each amount goes beyond the usual (`amount_excess`), shape (n,). ``past_sums`` are what the
    events ``past`` read from histories, side by side, shape (k, s).
    """

    file: DetectorFile
    data: LabeledEvents
    plan: HistoryPlan
    features: tuple[Feature, ...]
    matrix: Matrix
    excess: Floats
    past: WeightedSample
    past_sums: Floats

    def labels(self, rows: Ints) -> Labels:
        """Return the labels of the given rows."""
        return self.data.labels[rows]

    def measure(self, rows: Ints, scores: Floats) -> Metrics:
        """Return how well scores, shape (len(rows),), tell the frauds among the given rows."""
        return measure(
            self.labels(rows),
            scores,
            self.data.events.times_us[rows],
            None if self.cards is None else self.cards[rows],
            self.file.training.reviews_per_day,
        )

    @property
    def cards(self) -> Ints | None:
        """The codes of the first entity, on which card precision is measured; None where there is no entity."""
        entities = list(self.data.events.entities.values())
        return entities[0].codes if entities else None


def build_training_set(
    data: LabeledEvents,
    file: DetectorFile,
    learned_from: Ints,
    progress: Progress,
    past: WeightedSample = EMPTY_SAMPLE,
) -> TrainingSet:
    """Replay the past of labeled events into features.

    ``learned_from`` are the rows whose categories may be known: those that the models learn from. ``past`` are those
    that the version is sealed with. Raises `TrainingDataError` when the detector file leaves out a feature that there
    is not, or every one.
    """
    plan = file.history
    planned = plan_features(file.event_type, plan, count_categories(data.events.take(learned_from)))
    features = exclude_features(planned, file.training.leave_out)
    progress(f"Replaying {len(data.events):,} events into {len(features)} features")
    replayed = replay_histories(plan, data.events, data.frauds, withheld=data.withheld, threads=thread_count())
    matrix = build_matrix(features, plan, data.events, replayed)
    reads = {entity: read[past.rows] for entity, read in replayed.reads.items()}
    past_sums = plan.layout.side_by_side(reads, 0, len(past.rows))
    return TrainingSet(file, data, plan, features, matrix, replayed.excess, past, past_sums)


def build_matrix(features: Sequence[Feature], plan: HistoryPlan, events: Events, replayed: Replayed) -> Matrix:
    """Return the features of n events, shape (n, f), as `compute_features` does, on all cores."""
    steps, reads = FeatureSteps.of(features, plan), Reads(replayed.reads, replayed.excess)
    with ThreadPoolExecutor(thread_count()) as pool:
        return compute_in_blocks(steps, plan.layout, events, reads, pool.map)
