"""Filled share of an event: below it, a model that never saw so empty an event is not asked for an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting

# Of the columns that say something of an event, the share that has to be there.
MIN_FILLED = 0.5
_SAYS_NOTHING = ("id", "timestamp", "label", "ignored")
_MAX_NAMED = 6


@dataclass(frozen=True)
class Filled:
    """How many columns of an event are filled, of how many; id and time do not count."""

    filled: int
    of: int
    missing: Sequence[str]

    @property
    def is_little(self) -> bool:
        """Whether a score says little of it."""
        return self.filled < self.of * MIN_FILLED

    def is_too_little(self, before: Filled | None) -> bool:
        """Whether it is not to be scored: it says little, and less than what was decided on ``before``."""
        return self.is_little and (before is None or self.filled < before.filled)


def count_filled(detector: Detector, event: Json) -> Filled:
    """Return how much of an event is filled in."""
    names = [variable.name for variable in detector.variables if variable.role not in _SAYS_NOTHING]
    missing = [name for name in names if event.get(name) is None or not str(event[name]).strip()]
    return Filled(len(names) - len(missing), len(names), missing)


def say_little(detector: Detector, known: Filled) -> str:
    """Return how little an event says."""
    named = ", ".join(formatting.title(name) for name in known.missing[:_MAX_NAMED])
    more = len(known.missing) - _MAX_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"This {detector.event_name} has {known.filled} of {known.of} columns, so its score says little. "
        f"Missing: {named}{rest}."
    )


def suggest_required(detector: Detector) -> str:
    """Return, in Markdown, how the API itself can be kept from scoring events that say too little."""
    columns = [detector.column(role) for role in ("amount", "entity")]
    named = ", ".join(f'"{name}"' for name in columns if name)
    return (
        "The API scores whatever it is sent, and says what was missing as `missing_columns`. For no score without "
        f"certain columns, name them under `[safety]` in the detector file: `required = [{named}]`."
    )


def say_too_little(detector: Detector, known: Filled) -> str:
    """Return why there is no outcome, and what there has to be for one."""
    least = -(-known.of * MIN_FILLED // 1)
    return (
        f"{known.filled} of {known.of} columns are filled in. The model has not learned from {detector.event_name}s so "
        f"empty, and its score would say nothing: fill in at least {least:.0f}."
    )
