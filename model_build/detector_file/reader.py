"""Reader of detector.toml, the one file that describes a detector."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Strict, ValidationError
from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.manifest import Outcome, SealedDetector
from tollgate.core.detectors.safety import Safety
from tollgate.core.detectors.score import ScoreScale
from tollgate.core.events.event_type import EventType
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.feature import Feature
from tollgate.core.files.file_format import FileForm
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.rules.rule import RuleBook
from tollgate.core.rules.scope import Scope, scope_of
from tollgate.core.streams.mapping import StreamMapping
from tollgate.errors import DetectorFileError

from model_build.detector_file.event import EventSection, read_outcome_rule
from model_build.detector_file.messages import WrongValueError, find_mistake, write_message
from model_build.detector_file.rules import ListSections, RuleSection, check_lists, check_rules, read_lists, read_rules
from model_build.detector_file.section import Section, Table
from model_build.detector_file.sections import (
    CostsSection,
    DetectorSection,
    Entities,
    HistorySection,
    read_order,
    read_outcomes,
)
from model_build.detector_file.serving import FilesSection, SafetySection, StreamSection
from model_build.detector_file.training import TrainingChoices, TrainingSection, drop_features

# A section that a file does not have: all of its keys have their defaults.
_EMPTY: Any = {}


class DetectorToml(Section):
    """The sections of a detector file."""

    detector: DetectorSection = _EMPTY
    event: EventSection = _EMPTY
    entities: Entities = _EMPTY
    history: HistorySection = _EMPTY
    training: TrainingSection = _EMPTY
    costs: CostsSection = _EMPTY
    outcomes: Table | None = None
    rules: Annotated[tuple[RuleSection, ...], Strict(False)] = ()
    lists: ListSections = _EMPTY
    safety: SafetySection = _EMPTY
    stream: StreamSection = _EMPTY
    files: FilesSection = _EMPTY


@dataclass(frozen=True)
class DetectorFile:
    """What a detector.toml says.

    ``costs`` is None where a missed fraud has no price. With ``outcomes_from_cost`` the scores of ``outcomes`` are the
    defaults, and training puts the cheapest in their place. ``warnings`` name rules that look odd.
    """

    detector: str
    description: str
    event_type: EventType
    half_lives_s: tuple[float, ...]
    unusual_times: float
    unusual_amount: float | None
    record_batches: bool
    training: TrainingChoices
    costs: Costs | None
    outcomes: tuple[Outcome, ...]
    outcomes_from_cost: bool
    rules: RuleBook = field(default_factory=RuleBook)
    safety: Safety = field(default_factory=Safety)
    stream: StreamMapping = field(default_factory=StreamMapping)
    file_form: FileForm = field(default_factory=FileForm)
    warnings: tuple[str, ...] = ()

    @property
    def history(self) -> HistoryPlan:
        """The histories that the file asks for."""
        return plan_history(
            self.event_type,
            self.half_lives_s,
            unusual_times=self.unusual_times,
            unusual_amount=self.unusual_amount,
        )

    @property
    def rule_scope(self) -> Scope:
        """What rules can name. Only features for single categories need the data, and rules cannot name those."""
        no_categories: Mapping[str, Mapping[str, float]] = {column: {} for column in self.event_type.categorical}
        planned = plan_features(self.event_type, self.history, no_categories)
        features = drop_features(planned, self.training.leave_out)
        return scope_of(self.event_type, features, {name: held.kind for name, held in self.rules.lists.items()})

    def seal(
        self,
        features: Sequence[Feature],
        scale: ScoreScale,
        created_at: str,
        outcomes: Sequence[Outcome] | None = None,
    ) -> SealedDetector:
        """Return what a version is sealed with; ``outcomes`` are other scores than those of the file."""
        return SealedDetector(
            detector=self.detector,
            description=self.description,
            created_at=created_at,
            event_type=self.event_type,
            history=self.history,
            features=tuple(features),
            scale=scale,
            outcomes=self.outcomes if outcomes is None else tuple(outcomes),
            record_batches=self.record_batches,
            rule_book=self.rules,
            safety=self.safety,
            stream=self.stream,
            file_form=self.file_form,
        )


def read_detector_file(path: Path) -> DetectorFile:
    """Read a detector.toml; raise `DetectorFileError` naming the line, the key and the nearest known one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DetectorFileError(f"Detector file {path} does not exist.") from None
    except OSError as error:
        raise DetectorFileError(f"Detector file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DetectorFileError(f"Detector file {path} is not UTF-8 text; save it as UTF-8.") from None
    try:
        plain = tomllib.loads(text)
        file = _read(DetectorToml.model_validate(plain), path.parent)
        odd = [write_message(path, text, found) for found in check_rules(file.rules, file.rule_scope)]
    except tomllib.TOMLDecodeError as error:
        raise DetectorFileError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise DetectorFileError(f"{write_message(path, text, find_mistake(error, DetectorToml))}.") from None
    except WrongValueError as mistake:
        raise DetectorFileError(f"{write_message(path, text, mistake)}.") from None
    return replace(file, warnings=(*(f"{warning}." for warning in odd), *check_lists(file.rules)))


def _read(toml: DetectorToml, folder: Path) -> DetectorFile:
    """Return what the sections say together; raise `WrongValueError` where they do not fit each other."""
    event_type = toml.event.event_type(toml.entities)
    costs = toml.costs.costs(has_amount=event_type.amount is not None, is_written=toml.has("costs"))
    outcomes, from_cost = read_outcomes(toml.outcomes, costs)
    order = read_order(toml.outcomes)
    safety = toml.safety.safety(event_type, order)
    outcome_rule = read_outcome_rule(toml.event.outcome, order, safety.withheld_from(order))
    event_type = replace(event_type, outcome=outcome_rule)
    toml.event.check_roles(event_type.entities)
    lists = read_lists(toml.lists, [rule.when for rule in toml.rules], folder)
    return DetectorFile(
        detector=toml.detector.id,
        description=toml.detector.description,
        event_type=event_type,
        half_lives_s=toml.history.half_lives,
        unusual_times=toml.history.unusual_times,
        unusual_amount=toml.history.unusual_amount,
        record_batches=toml.history.record_batches,
        training=toml.training.choices(),
        costs=costs,
        outcomes=outcomes,
        outcomes_from_cost=from_cost,
        rules=read_rules(toml.detector.rules_mode, toml.rules, order, lists),
        safety=safety,
        stream=toml.stream.stream(event_type),
        file_form=toml.files.file_form(),
    )
