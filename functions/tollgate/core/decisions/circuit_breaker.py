"""Circuit breaker against mass declines: counts recent blocks by spans of time, which add up between processes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tollgate.core.detectors.safety import Safety

# A window is cut into so many spans: it moves on in steps of a tenth.
_SPANS = 10

Counts = Mapping[int, tuple[int, int]]


def span_s(safety: Safety) -> float:
    """Return the length of a span in seconds."""
    return safety.over_s / _SPANS


def span_of(safety: Safety, time_s: float) -> int:
    """Return the number of the span in which a moment lies, counted from 1970."""
    return math.floor(time_s / span_s(safety))


def in_window(safety: Safety, counts: Counts, now_s: float) -> dict[int, tuple[int, int]]:
    """Return the counts of the spans that lie in the window now."""
    now = span_of(safety, now_s)
    return {span: pair for span, pair in counts.items() if now - _SPANS < span <= now}


@dataclass
class BlockCounter:
    """Counts of this process that it has not shared yet, and the counts of all processes as it last read them.

    Counts are span → (decisions, blocks). Not safe between threads; a function works on one event at a time.
    """

    shared: dict[int, tuple[int, int]] = field(default_factory=dict)
    unshared: dict[int, tuple[int, int]] = field(default_factory=dict)
    asked_s: float = -math.inf

    def count(self, safety: Safety, now_s: float, *, block: bool) -> None:
        """Count one decision."""
        span = span_of(safety, now_s)
        decided, blocked = self.unshared.get(span, (0, 0))
        self.unshared[span] = (decided + 1, blocked + block)

    def is_tripped(self, safety: Safety, now_s: float) -> bool:
        """Return whether a block that was just counted is to become a review."""
        if safety.most_blocked is None:
            return False
        pairs = [*in_window(safety, self.shared, now_s).values(), *in_window(safety, self.unshared, now_s).values()]
        decided, blocked = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        return decided >= safety.at_least and blocked > safety.most_blocked * decided
