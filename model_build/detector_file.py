"""detector.toml: the one file that describes a detector."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollgate.core.event_type import EventType, LabelRule
from tollgate.core.score import TOP_SCORE
from tollgate.core.values import TIME_FORMATS
from tollgate.core.version import Outcome
from tollgate.errors import DetectorFileError, suggest

from model_build.toml_reader import TomlReader

MODELS = ("logistic_regression", "random_forest", "xgboost")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
# Sections and the keys each may have; None stands for names of the user's own.
_KEYS: Mapping[str, tuple[str, ...] | None] = {
    "detector": ("id", "description"),
    "event": (
        *("type", "id", "timestamp", "timestamp_format", "amount", "currency"),
        *("label", "label_values", "label_time", "label_delay", "location"),
        *("numeric", "categorical", "boolean", "ignored"),
    ),
    "entities": None,
    "history": ("half_lives", "record_batches"),
    "training": ("models", "validation_share", "test_share", "reviews_per_day", "seed"),
    "outcomes": None,
}


@dataclass(frozen=True)
class TrainingChoices:
    """What [training] says. Shares are of the labelled events, in order of time."""

    models: tuple[str, ...] = MODELS
    validation_share: float = 0.2
    test_share: float = 0.2
    reviews_per_day: int = 100
    seed: int = 0


@dataclass(frozen=True)
class DetectorFile:
    """What a detector.toml says."""

    detector: str
    description: str
    event_type: EventType
    half_lives_s: tuple[float, ...]
    record_batches: bool
    training: TrainingChoices
    outcomes: tuple[Outcome, ...]


def read_detector_file(path: Path) -> DetectorFile:
    """Read a detector.toml; raise `DetectorFileError` naming the line, the key and the nearest known one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DetectorFileError(f"There is no detector file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DetectorFileError(f"{path} cannot be read as text: {error}.") from None
    try:
        reader = TomlReader(path, text)
    except tomllib.TOMLDecodeError as error:
        raise DetectorFileError(f"{path} is not valid TOML: {error}.") from None
    reader.check_keys(_KEYS)
    detector = reader.need("detector", "id")
    if not _NAME.fullmatch(detector):
        raise reader.fail("detector", "id", "has to be lower-case letters, digits, - and _, beginning with a letter")
    return DetectorFile(
        detector=detector,
        description=reader.take("detector", "description", str, ""),
        event_type=_read_event_type(reader),
        half_lives_s=_read_half_lives(reader),
        record_batches=reader.take("history", "record_batches", bool, False),
        training=_read_training(reader),
        outcomes=_read_outcomes(reader),
    )


def _read_event_type(reader: TomlReader) -> EventType:
    location = reader.take("event", "location", dict, {})
    columns = [column for column in location.values() if isinstance(column, str) and column]
    if location and (set(location) != {"latitude", "longitude"} or len(set(columns)) != 2):
        raise reader.fail("event", "location", 'has to be { latitude = "column", longitude = "column" }')
    time_format = reader.take("event", "timestamp_format", str, "iso")
    if time_format not in TIME_FORMATS and "%" not in time_format:
        wanted = f'has to be {", ".join(TIME_FORMATS)} or a pattern such as "%d.%m.%Y %H:%M"'
        raise reader.fail("event", "timestamp_format", f"{wanted}{suggest(time_format, TIME_FORMATS)}")
    event_type = EventType(
        name=reader.take("event", "type", str, "event"),
        id=reader.need("event", "id"),
        timestamp=reader.need("event", "timestamp"),
        timestamp_format=time_format,
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
    )
    _check_roles(reader, event_type)
    return event_type


def _check_roles(reader: TomlReader, event_type: EventType) -> None:
    roles: list[tuple[str, str | None]] = [
        *(("id", event_type.id), ("timestamp", event_type.timestamp), ("amount", event_type.amount)),
        *(("location", event_type.latitude), ("location", event_type.longitude)),
        ("label", event_type.label.column if event_type.label else None),
        ("label_time", event_type.label.time if event_type.label else None),
        *(("numeric", column) for column in event_type.numeric),
        *(("categorical", column) for column in event_type.categorical),
        *(("boolean", column) for column in event_type.boolean),
        *(("ignored", column) for column in event_type.ignored),
    ]
    first: dict[str, str] = {}
    for role, column in roles:
        if column is not None and first.setdefault(column, role) != role:
            raise reader.fail("event", role, f'names column "{column}", which is {first[column]} already')
    for column in (event_type.label.column, event_type.label.time) if event_type.label else ():
        if column in event_type.entity_columns:
            raise reader.fail("entities", "", f'uses the label column "{column}"')


def _read_label(reader: TomlReader) -> LabelRule | None:
    column = reader.take("event", "label", str)
    if column is None:
        for key in ("label_values", "label_time", "label_delay"):
            if key in reader.sections.get("event", {}):
                raise reader.fail("event", key, "needs label, the column that says what was fraud")
        return None
    delay_s = reader.span_s("event", "label_delay", reader.take("event", "label_delay", str, "7d"), zero=True)
    rule = LabelRule(column, delay_s, reader.take("event", "label_time", str))
    values = reader.take("event", "label_values", dict)
    if values is None:
        return rule
    if set(values) != {"fraud", "legitimate"}:
        raise reader.fail("event", "label_values", 'has to be { fraud = ["…"], legitimate = ["…"] }')

    def words(given: object) -> tuple[str, ...]:
        return tuple(str(word).strip().lower() for word in (given if isinstance(given, list) else [given]))

    fraud, legitimate = words(values["fraud"]), words(values["legitimate"])
    if set(fraud) & set(legitimate) or not fraud or not legitimate:
        raise reader.fail("event", "label_values", "has to give each of fraud and legitimate words of its own")
    return LabelRule(column, delay_s, rule.time, fraud, legitimate)


def _read_entities(reader: TomlReader) -> dict[str, tuple[str, ...]]:
    entities = {}
    for name, columns in reader.sections.get("entities", {}).items():
        parts = [columns] if isinstance(columns, str) else columns
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
            raise reader.fail("entities", name, "has to be lower-case letters, digits and _, as it names features")
        if not isinstance(parts, list) or not 1 <= len(parts) <= 4 or not all(isinstance(p, str) and p for p in parts):
            raise reader.fail(
                "entities", name, 'has to be a column, or a list of up to four, such as ["card", "device"]'
            )
        entities[name] = tuple(parts)
    if len(entities) > 20:
        raise reader.fail("entities", "", "has more than 20 entities; each is read and written for every payment")
    return entities


def _read_half_lives(reader: TomlReader) -> tuple[float, ...]:
    given = reader.take("history", "half_lives", list, ["1h", "1d", "7d", "30d"])
    spans = tuple(sorted({reader.span_s("history", "half_lives", text) for text in given}))
    if not 1 <= len(spans) <= 8:
        raise reader.fail("history", "half_lives", "has to hold one to eight lengths of time")
    return spans


def _read_training(reader: TomlReader) -> TrainingChoices:
    default = TrainingChoices()
    models = reader.texts("training", "models") or default.models
    for model in models:
        if model not in MODELS:
            raise reader.fail("training", "models", f'names "{model}", which is no model{suggest(model, MODELS)}')
    shares = [
        float(reader.take("training", key, (float, int), getattr(default, key)))
        for key in ("validation_share", "test_share")
    ]
    if min(shares) < 0.05 or sum(shares) > 0.8:
        raise reader.fail(
            "training", "test_share", "and validation_share have to be 0.05 or more, and 0.8 together at most"
        )
    reviews = int(reader.take("training", "reviews_per_day", int, default.reviews_per_day))
    if reviews < 1:
        raise reader.fail("training", "reviews_per_day", "has to be 1 or more")
    seed = int(reader.take("training", "seed", int, default.seed))
    if not 0 <= seed < 2**32:
        raise reader.fail("training", "seed", f"has to be from 0 to {2**32 - 1}, not {seed}")
    return TrainingChoices(models, shares[0], shares[1], reviews, seed)


def _read_outcomes(reader: TomlReader) -> tuple[Outcome, ...]:
    given: Mapping[str, Any] = reader.sections.get("outcomes", {"review": 900, "block": 975})
    outcomes = [Outcome("approve", 0)]
    for name, score in given.items():
        if isinstance(score, bool) or not isinstance(score, int) or not 1 <= score <= TOP_SCORE:
            raise reader.fail("outcomes", name, f"has to be a score from 1 to {TOP_SCORE}, not {score!r}")
        if score <= outcomes[-1].from_score or name == "approve":
            raise reader.fail(
                "outcomes",
                name,
                "has to come after the weaker outcomes, with a higher score; approve is the first by itself",
            )
        outcomes.append(Outcome(name, score))
    return tuple(outcomes)
