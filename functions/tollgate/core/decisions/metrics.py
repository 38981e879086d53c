"""Metrics on decisions in CloudWatch's embedded metric format, named as Amazon Fraud Detector names them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

# What begins with "AWS/" CloudWatch keeps for AWS itself.
NAMESPACE = "Tollgate"
DETECTOR, VERSION, OUTCOME, RULE, VARIABLE = (
    "DetectorID",
    "DetectorVersionID",
    "OutcomeName",
    "RuleID",
    "VariableName",
)
# Events that lay too far ahead of the clock: refused, or decided on as of now.
EVENTS_AHEAD = "EventsAhead"

Dimensions = tuple[tuple[str, str], ...]
Unit = Literal["Count", "Milliseconds"]


class Metric(NamedTuple):
    """One number; ``dimensions`` are pairs of name and value."""

    name: str
    dimensions: Dimensions
    value: float = 1.0
    unit: Unit = "Count"


@dataclass(frozen=True, eq=False)
class CountedTogether:
    """Metrics of value 1 that are counted up as one: each such object is another, whatever it holds."""

    metrics: tuple[Metric, ...]


def write_embedded(metrics: Iterable[Metric], time_ms: int) -> list[str]:
    """Return lines of JSON in the embedded metric format, each with as many of the metrics as fit beside each other.

    A line has one value for each name, so metrics of two rules stand in two lines. The format is AWS's "CloudWatch
    embedded metric format specification".
    """
    found = list(metrics)
    values = [metric.value for metric in found]
    lines = _arrange(tuple((metric.name, metric.dimensions, metric.unit) for metric in found))
    return [line.write(time_ms, values) for line in lines]


@dataclass(frozen=True)
class _Line:
    """One line but for its numbers; ``places`` says which of the values stand under which names."""

    directives: str
    dimensions: str
    places: tuple[tuple[str, int], ...]

    def write(self, time_ms: int, values: Sequence[float]) -> str:
        numbers = "".join(f",{name}:{float(values[place])!r}" for name, place in self.places)
        about = f'{{"Timestamp":{time_ms},"CloudWatchMetrics":{self.directives}}}'
        return f'{{"_aws":{about}{self.dimensions}{numbers}}}'


# The metrics of decisions are the same ones again and again.
@lru_cache(maxsize=256)
def _arrange(metrics: tuple[tuple[str, Dimensions, Unit], ...]) -> list[_Line]:
    lines: list[_Draft] = []
    for place, (name, dimensions, unit) in enumerate(metrics):
        line = next((line for line in lines if line.takes(name, dimensions)), None)
        if line is None:
            lines.append(line := _Draft())
        line.add(place, name, dimensions, unit)
    return [line.finish() for line in lines]


class _Draft:
    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._dimensions: dict[str, str] = {}
        self._groups: dict[tuple[str, ...], list[dict[str, str]]] = {}

    def takes(self, name: str, dimensions: Dimensions) -> bool:
        if name in self._places:
            return False
        return all(self._dimensions.get(dimension, value) == value for dimension, value in dimensions)

    def add(self, place: int, name: str, dimensions: Dimensions, unit: Unit) -> None:
        self._places[name] = place
        self._dimensions |= dict(dimensions)
        names = tuple(dimension for dimension, _ in dimensions)
        self._groups.setdefault(names, []).append({"Name": name, "Unit": unit})

    def finish(self) -> _Line:
        directives = [
            {"Namespace": NAMESPACE, "Dimensions": [list(names)], "Metrics": metrics}
            for names, metrics in self._groups.items()
        ]
        named = ((_to_json(name), place) for name, place in self._places.items())
        dimensions = "".join(f",{_to_json(name)}:{_to_json(value)}" for name, value in self._dimensions.items())
        return _Line(_to_json(directives), dimensions, tuple(named))


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
