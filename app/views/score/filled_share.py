"""Filled share of an event. Below a minimum, the page shows no outcome: the model never saw events that empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting

# Required share of the columns that describe an event.
MIN_FILLED = 0.5
_NOT_DESCRIPTIVE = ("id", "timestamp", "label", "ignored")
_MAX_NAMED = 6


@dataclass(frozen=True)
class Filled:
    """Number of filled columns of an event, and of all columns; ID and time do not count."""

    filled: int
    of: int
    missing: Sequence[str]

    @property
    def is_few(self) -> bool:
        """Whether there are too few values for a reliable score."""
        return self.filled < self.of * MIN_FILLED

    def is_too_few(self, before: Filled | None) -> bool:
        """Whether to show no score: too few values, and fewer than in the decided event ``before``."""
        return self.is_few and (before is None or self.filled < before.filled)


def count_filled(detector: Detector, event: Json) -> Filled:
    """Return how much of an event is filled in."""
    names = [variable.name for variable in detector.variables if variable.role not in _NOT_DESCRIPTIVE]
    missing = [name for name in names if event.get(name) is None or not str(event[name]).strip()]
    return Filled(len(names) - len(missing), len(names), missing)


def warn_unreliable(detector: Detector, known: Filled) -> str:
    """Return a warning that the score is unreliable, with the missing columns."""
    named = ", ".join(formatting.title(name) for name in known.missing[:_MAX_NAMED])
    more = len(known.missing) - _MAX_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"Only {known.filled} of {known.of} columns of this {detector.event_name} have values, so its score is not "
        f"reliable. Missing: {named}{rest}."
    )


def suggest_required(detector: Detector) -> str:
    """Return, in Markdown, how to keep the API from scoring events with too few values."""
    columns = [detector.column(role) for role in ("amount", "entity")]
    named = ", ".join(f'"{name}"' for name in columns if name)
    return (
        "The API scores every event and lists missing columns in `missing_columns`. To require columns, name them "
        f"under `[safety]` in the detector file: `required = [{named}]`."
    )


def explain_no_score(detector: Detector, known: Filled) -> str:
    """Return why there is no outcome, and how many columns one needs."""
    least = -(-known.of * MIN_FILLED // 1)
    return (
        f"{known.filled} of {known.of} columns are filled in. The model was not trained on "
        f"{formatting.plural(detector.event_name)} with so few values. Fill in at least {least:.0f} columns."
    )
