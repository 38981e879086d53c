"""Reader of detector.toml, the one file that describes a detector."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.safety import Safety
from tollgate.core.detectors.version import Outcome
from tollgate.core.events.event_type import EventType, LabelRule, OutcomeRule
from tollgate.core.features.catalog import plan_features
from tollgate.core.files.file_format import FileForm
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.rules.rule import RuleBook
from tollgate.core.rules.scope import Scope, scope_of
from tollgate.core.streams.mapping import StreamMapping
from tollgate.errors import DetectorFileError

from model_build.detector_file.excluded_features import drop_features
from model_build.detector_file.files import FILE_KEYS, read_file_form
from model_build.detector_file.lists import read_lists
from model_build.detector_file.outcomes import read_order, read_outcomes, wants_outcomes_from_cost
from model_build.detector_file.rules import RULE_KEYS, check_rules, read_rules
from model_build.detector_file.safety import SAFETY_KEYS, read_safety
from model_build.detector_file.stream import STREAM_KEYS, read_stream
from model_build.detector_file.toml import TomlReader
from model_build.detector_file.training import TRAINING_KEYS, TrainingChoices, read_training
from model_build.detector_file.value_formats import VALUE_FORM_KEYS, read_value_forms
from model_build.evaluation.costs import read_costs

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
# Sections and the keys each may have; None stands for names of the user's own.
_KEYS: Mapping[str, tuple[str, ...] | None] = {
    "detector": ("id", "description", "rules_mode"),
    "event": (
        *("type", "id", "timestamp", "max_ahead", "amount", "currency"),
        *VALUE_FORM_KEYS,
        *("label", "label_values", "label_time", "label_delay", "outcome", "location"),
        *("numeric", "categorical", "boolean", "ignored"),
    ),
    "entities": None,
    "history": ("half_lives", "unusual_times", "unusual_amount", "record_batches"),
    "training": TRAINING_KEYS,
    "costs": ("missed_fraud", "review", "blocked_legitimate"),
    "outcomes": None,
    "rules": RULE_KEYS,
    "lists": None,
    "safety": SAFETY_KEYS,
    "stream": STREAM_KEYS,
    "files": FILE_KEYS,
}
# Sections that are written once for each of what they describe.
_TABLES = ("rules",)
_UNUSUAL_TIMES = 2.5


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


def read_detector_file(path: Path) -> DetectorFile:
    """Read a detector.toml; raise `DetectorFileError` naming the line, the key and the nearest known one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DetectorFileError(f"Detector file {path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DetectorFileError(f"{path} cannot be read as text: {error}.") from None
    try:
        reader = TomlReader(path, text)
    except tomllib.TOMLDecodeError as error:
        raise DetectorFileError(f"{path} is not valid TOML: {error}.") from None
    reader.check_keys(_KEYS, _TABLES)
    detector = reader.need("detector", "id")
    if not _NAME.fullmatch(detector):
        raise reader.fail("detector", "id", "must be lowercase letters, digits, - and _, starting with a letter")
    event_type = _read_event_type(reader)
    costs = read_costs(reader, has_amount=event_type.amount is not None)
    from_cost = wants_outcomes_from_cost(reader, costs)
    half_lives_s, unusual_times = _read_half_lives(reader), _read_positive(reader, "unusual_times") or _UNUSUAL_TIMES
    unusual_amount = _read_positive(reader, "unusual_amount")
    outcomes = read_outcomes(reader, from_cost=from_cost)
    order = read_order(reader)
    safety = read_safety(reader, event_type, order)
    event_type = replace(event_type, outcome=_read_outcome(reader, order, safety))
    _check_roles(reader, event_type)
    rules = read_rules(reader, order, read_lists(reader))
    file = DetectorFile(
        detector=detector,
        description=reader.take("detector", "description", str, ""),
        event_type=event_type,
        half_lives_s=half_lives_s,
        unusual_times=unusual_times,
        unusual_amount=unusual_amount,
        record_batches=reader.take("history", "record_batches", bool, False),
        training=read_training(reader),
        costs=costs,
        outcomes=outcomes,
        outcomes_from_cost=from_cost,
        rules=rules,
        safety=safety,
        stream=read_stream(reader, event_type),
        file_form=read_file_form(reader),
    )
    return replace(file, warnings=check_rules(reader, rules, file.rule_scope))


def _read_event_type(reader: TomlReader) -> EventType:
    location = reader.take("event", "location", dict, {})
    columns = [column for column in location.values() if isinstance(column, str) and column]
    if location and (set(location) != {"latitude", "longitude"} or len(set(columns)) != 2):
        raise reader.fail("event", "location", 'must be { latitude = "column", longitude = "column" }')
    return EventType(
        name=reader.take("event", "type", str, "event"),
        id=reader.take("event", "id", str) or None,
        timestamp=reader.need("event", "timestamp"),
        amount=reader.take("event", "amount", str),
        currency=reader.take("event", "currency", str),
        label=_read_label(reader),
        latitude=location.get("latitude"),
        longitude=location.get("longitude"),
        numeric=reader.texts("event", "numeric"),
        categorical=reader.texts("event", "categorical"),
        boolean=reader.texts("event", "boolean"),
        ignored=reader.texts("event", "ignored"),
        entities=_read_entities(reader),
        max_ahead_s=reader.span_s("event", "max_ahead", reader.take("event", "max_ahead", str, "10m"), zero=True),
        **read_value_forms(reader),
    )


def _check_roles(reader: TomlReader, event_type: EventType) -> None:
    roles: list[tuple[str, str | None]] = [
        *(("id", event_type.id), ("timestamp", event_type.timestamp), ("amount", event_type.amount)),
        *(("location", event_type.latitude), ("location", event_type.longitude)),
        ("label", event_type.label.column if event_type.label else None),
        ("label_time", event_type.label.time if event_type.label else None),
        ("outcome", event_type.outcome.column if event_type.outcome else None),
        *(("numeric", column) for column in event_type.numeric),
        *(("categorical", column) for column in event_type.categorical),
        *(("boolean", column) for column in event_type.boolean),
        *(("ignored", column) for column in event_type.ignored),
    ]
    first: dict[str, str] = {}
    for role, column in roles:
        if column is not None and first.setdefault(column, role) != role:
            raise reader.fail("event", role, f'names column "{column}", which is already used as {first[column]}')
    for column in (event_type.label.column, event_type.label.time) if event_type.label else ():
        if column in event_type.entity_columns:
            raise reader.fail("entities", "", f'must not use the label column "{column}"')


def _read_label(reader: TomlReader) -> LabelRule | None:
    column = reader.take("event", "label", str)
    if column is None:
        for key in ("label_values", "label_time", "label_delay"):
            if key in reader.sections.get("event", {}):
                raise reader.fail("event", key, "needs label, the column that says which events were fraud")
        return None
    delay_s = reader.span_s("event", "label_delay", reader.take("event", "label_delay", str, "7d"), zero=True)
    rule = LabelRule(column, delay_s, reader.take("event", "label_time", str))
    values = reader.take("event", "label_values", dict)
    if values is None:
        return rule
    if set(values) != {"fraud", "legitimate"}:
        raise reader.fail("event", "label_values", 'must be { fraud = ["…"], legitimate = ["…"] }')

    def words(given: object) -> tuple[str, ...]:
        return tuple(str(word).strip().lower() for word in (given if isinstance(given, list) else [given]))

    fraud, legitimate = words(values["fraud"]), words(values["legitimate"])
    if set(fraud) & set(legitimate) or not fraud or not legitimate:
        raise reader.fail("event", "label_values", "must give fraud and legitimate different words")
    return LabelRule(column, delay_s, rule.time, fraud, legitimate)


def _read_outcome(reader: TomlReader, order: Sequence[str], safety: Safety) -> OutcomeRule | None:
    column = reader.take("event", "outcome", str)
    words, first = [name.lower() for name in order], safety.withheld_from(order)
    return OutcomeRule(column, tuple(words[:first]), tuple(words[first:])) if column else None


def _read_entities(reader: TomlReader) -> dict[str, tuple[str, ...]]:
    entities = {}
    for name, columns in reader.sections.get("entities", {}).items():
        parts = [columns] if isinstance(columns, str) else columns
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
            raise reader.fail("entities", name, "must be lowercase letters, digits and _, as it names features")
        if not isinstance(parts, list) or not 1 <= len(parts) <= 4 or not all(isinstance(p, str) and p for p in parts):
            raise reader.fail("entities", name, 'must be a column, or a list of up to four, such as ["card", "device"]')
        entities[name] = tuple(parts)
    if len(entities) > 20:
        raise reader.fail(
            "entities", "", "has more than 20 entities, the limit, as each is read and written for every payment"
        )
    return entities


def _read_half_lives(reader: TomlReader) -> tuple[float, ...]:
    given = reader.take("history", "half_lives", list, ["1h", "1d", "7d", "30d"])
    spans = tuple(sorted({reader.span_s("history", "half_lives", text) for text in given}))
    if not 1 <= len(spans) <= 8:
        raise reader.fail("history", "half_lives", "must have one to eight durations")
    return spans


def _read_positive(reader: TomlReader, key: str) -> float | None:
    value = reader.take("history", key, (float, int))
    if value is not None and not 0 < value < float("inf"):
        raise reader.fail("history", key, f"must be a number above 0, not {value}")
    return None if value is None else float(value)
