"""Safety settings: the fallback when a detector cannot decide in full, and the limit of its circuit breaker.

They are set in the section [safety] of the detector file, and sealed in the version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tollgate.core.events.event_type import EventType

Fail = Literal["none", "rules_only", "review", "allow"]
Clock = Literal["event", "now"]

# What may be missing, besides a required variable, which is named as `variable:<column>`.
MODEL, HISTORY, RECORD = "model", "history", "record"

_FORCED = "tollgate-force-"


@dataclass(frozen=True)
class Safety:
    """The [safety] section of a detector file.

    ``fail`` "none" makes an event that cannot be decided in full an error. ``required`` are columns without which it
    cannot. ``review`` and ``block`` are the outcomes by these names. Where more than ``most_blocked`` of the decisions
    of the last ``over_s`` seconds, of which there have to be ``at_least``, are blocks, blocks become reviews; None:
    never. With ``clock`` "now" an event that lies too far ahead of the server's clock is decided on as of that clock;
    with "event" it is refused.
    """

    fail: Fail = "none"
    required: tuple[str, ...] = ()
    review: str = "review"
    block: str = "block"
    most_blocked: float | None = None
    over_s: float = 300.0
    at_least: int = 50
    clock: Clock = "event"

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        return asdict(self) | {"required": list(self.required)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Safety:
        """Rebuild what `to_json` wrote."""
        return cls(**{**plain, "required": tuple(plain["required"])})

    def withheld_from(self, order: Sequence[str]) -> int:
        """Return from which place on outcomes do not let an event through, of all from weak to strong.

        That is the outcome meant by a block. Without it, it is the strongest, unless that is the one meant by a review;
        behind the last one, if none does.
        """
        if self.block in order:
            return max(order.index(self.block), 1)
        strongest = len(order) - 1
        return strongest if strongest > 0 and order[strongest] != self.review else len(order)

    def missing_variables(self, event: Mapping[str, Any]) -> list[str]:
        """Return the required columns that an event lacks, each as decisions name it."""
        return [f"variable:{column}" for column in self.required if is_missing(event.get(column))]


def missing_columns(event_type: EventType, event: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the declared columns that an event lacks. None of them has to be there, yet a score says less without."""
    return tuple([column for column in event_type.variables if is_missing(event.get(column))])


def is_missing(value: object) -> bool:
    """Return whether a value of an event counts as missing: left out, null, or blank."""
    return value is None or (isinstance(value, str) and not value.strip())


def forced_outcome(event_id: str, outcomes: Sequence[str]) -> str | None:
    """Return the outcome that an id such as "tollgate-force-block" or "tollgate-force-block-17" asks for, if any."""
    if not event_id.startswith(_FORCED):
        return None
    asked = event_id.removeprefix(_FORCED)
    fitting = [name for name in outcomes if asked == name or asked.startswith(f"{name}-")]
    return max(fitting, key=len, default=None)
