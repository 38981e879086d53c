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
from tollgate.core.version import Outcome
from tollgate.errors import DetectorFileError, suggest

MODELS = ("logistic_regression", "random_forest", "xgboost")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
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


class _Reader:
    """Takes typed values out of the parsed file; every error names the line and the key."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self.sections: dict[str, Any] = tomllib.loads(text)

    def fail(self, section: str, key: str, message: str) -> DetectorFileError:
        line = self._line(section, key)
        place = f"{self._path}, line {line}" if line else str(self._path)
        name = f"{key} in [{section}]" if key else f"[{section}]"
        return DetectorFileError(f"{place}: {name} {message}.")

    def _line(self, section: str, key: str) -> int:
        current, section_line = "", 0
        for number, line in enumerate(self._lines, start=1):
            if heading := re.match(r"\s*\[+\s*([^\]\s]+)\s*\]+", line):
                current = heading[1]
                section_line = number if current.split(".")[0] == section else section_line
            elif current.split(".")[0] == section and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return number
        return section_line

    def check_keys(self) -> None:
        for section, content in self.sections.items():
            if section not in _KEYS:
                raise self.fail(section, "", f"is no section of a detector file{suggest(section, _KEYS)}")
            if not isinstance(content, dict):
                raise self.fail(section, section, f"stands outside a section; write [{section}]")
            allowed = _KEYS[section]
            for key in content:
                if allowed is not None and key not in allowed:
                    raise self.fail(section, key, f"is not known{suggest(key, allowed)}")

    def take(self, section: str, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:  # noqa: ANN401
        value = self.sections.get(section, {}).get(key, default)
        if value is default:
            return default
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(
                {"str": "a text", "int": "a number", "float": "a number"}.get(k.__name__, f"a {k.__name__}")
                for k in kinds[:1]
            )
            raise self.fail(section, key, f"has to be {wanted}, not {value!r}")
        return value

    def need(self, section: str, key: str) -> str:
        value = self.take(section, key, str)
        if not value:
            raise self.fail(section, key, "is required and missing")
        return str(value)

    def texts(self, section: str, key: str) -> tuple[str, ...]:
        values = self.take(section, key, list, [])
        if not all(isinstance(value, str) and value for value in values):
            raise self.fail(section, key, 'has to be a list of texts, such as ["a", "b"]')
        return tuple(values)

    def span_s(self, section: str, key: str, text: object) -> float:
        match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if not match or (float(match[1]) == 0 and key != "label_delay"):
            raise self.fail(section, key, f'has to be a length of time such as "12h" or "7d", not {text!r}')
        return float(match[1]) * _UNIT_S[match[2]]


def read_detector_file(path: Path) -> DetectorFile:
    """Read a detector.toml; raise `DetectorFileError` naming the line, the key and the nearest known one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DetectorFileError(f"There is no detector file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DetectorFileError(f"{path} cannot be read as text: {error}.") from None
    try:
        reader = _Reader(path, text)
    except tomllib.TOMLDecodeError as error:
        raise DetectorFileError(f"{path} is not valid TOML: {error}.") from None
    reader.check_keys()
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


def _read_event_type(reader: _Reader) -> EventType:
    location = reader.take("event", "location", dict, {})
    columns = [column for column in location.values() if isinstance(column, str) and column]
    if location and (set(location) != {"latitude", "longitude"} or len(set(columns)) != 2):
        raise reader.fail("event", "location", 'has to be { latitude = "column", longitude = "column" }')
    event_type = EventType(
        name=reader.take("event", "type", str, "event"),
        id=reader.need("event", "id"),
        timestamp=reader.need("event", "timestamp"),
        timestamp_format=reader.take("event", "timestamp_format", str, "iso"),
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


def _check_roles(reader: _Reader, event_type: EventType) -> None:
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


def _read_label(reader: _Reader) -> LabelRule | None:
    column = reader.take("event", "label", str)
    if column is None:
        for key in ("label_values", "label_time", "label_delay"):
            if key in reader.sections.get("event", {}):
                raise reader.fail("event", key, "needs label, the column that says what was fraud")
        return None
    delay_s = reader.span_s("event", "label_delay", reader.take("event", "label_delay", str, "7d"))
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


def _read_entities(reader: _Reader) -> dict[str, tuple[str, ...]]:
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


def _read_half_lives(reader: _Reader) -> tuple[float, ...]:
    given = reader.take("history", "half_lives", list, ["1h", "1d", "7d", "30d"])
    spans = tuple(sorted({reader.span_s("history", "half_lives", text) for text in given}))
    if not 1 <= len(spans) <= 8:
        raise reader.fail("history", "half_lives", "has to hold one to eight lengths of time")
    return spans


def _read_training(reader: _Reader) -> TrainingChoices:
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


def _read_outcomes(reader: _Reader) -> tuple[Outcome, ...]:
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
