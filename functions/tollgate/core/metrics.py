"""Numbers about decisions, named as Amazon Fraud Detector names them, and CloudWatch's embedded metric format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

# What begins with "AWS/" CloudWatch keeps for AWS itself.
NAMESPACE = "Tollgate"
DETECTOR, VERSION, OUTCOME, RULE, VARIABLE = (
    "DetectorID",
    "DetectorVersionID",
    "OutcomeName",
    "RuleID",
    "VariableName",
)

Dimensions = tuple[tuple[str, str], ...]
Unit = Literal["Count", "Milliseconds"]


@dataclass(frozen=True)
class Metric:
    """One number; ``dimensions`` are pairs of name and value."""

    name: str
    dimensions: Dimensions
    value: float = 1.0
    unit: Unit = "Count"


def write_embedded(metrics: Iterable[Metric], time_ms: int) -> list[str]:
    """Return lines of JSON in the embedded metric format, each with as many of the metrics as fit beside each other.

    A line has one value for each name, so metrics of two rules stand in two lines. The format is AWS's "CloudWatch
    embedded metric format specification".
    """
    lines: list[_Line] = []
    for metric in metrics:
        line = next((line for line in lines if line.takes(metric)), None)
        if line is None:
            lines.append(line := _Line())
        line.add(metric)
    return [line.write(time_ms) for line in lines]


class _Line:
    def __init__(self) -> None:
        self._values: dict[str, str | float] = {}
        self._groups: dict[tuple[str, ...], list[dict[str, str]]] = {}

    def takes(self, metric: Metric) -> bool:
        if metric.name in self._values:
            return False
        return all(self._values.get(name, value) == value for name, value in metric.dimensions)

    def add(self, metric: Metric) -> None:
        self._values |= dict(metric.dimensions)
        self._values[metric.name] = metric.value
        names = tuple(name for name, _ in metric.dimensions)
        self._groups.setdefault(names, []).append({"Name": metric.name, "Unit": metric.unit})

    def write(self, time_ms: int) -> str:
        directives = [
            {"Namespace": NAMESPACE, "Dimensions": [list(names)], "Metrics": metrics}
            for names, metrics in self._groups.items()
        ]
        line: Mapping[str, Any] = {"_aws": {"Timestamp": time_ms, "CloudWatchMetrics": directives}, **self._values}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
