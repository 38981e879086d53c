"""Metric log: metrics on standard output, where CloudWatch finds them without a call."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tollgate import clock
from tollgate.core.decisions.metrics import CountedTogether, Metric, write_embedded

# Rules and variables are counted up for so long before they are written: a line for each at every decision would cost
# more than the decision.
_ADDED_UP_FOR_S = 10.0


@dataclass
class MetricLog:
    """Metrics of this process."""

    _added: Counter[CountedTogether] = field(default_factory=Counter)
    _since_s: float = field(default_factory=time.monotonic)

    def write(self, metrics: Iterable[Metric]) -> None:
        """Write metrics at once."""
        for line in write_embedded(metrics, int(clock.now_s() * 1000)):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def add_up(self, counted: CountedTogether) -> None:
        """Count metrics, and write the counts if the last writing is long enough ago."""
        self._added[counted] += 1
        if time.monotonic() - self._since_s >= _ADDED_UP_FOR_S:
            self.write_added()

    def write_added(self) -> None:
        """Write what was added up."""
        self._since_s = time.monotonic()
        counts: Counter[Metric] = Counter()
        for counted, times in self._added.items():
            counts.update(dict.fromkeys(counted.metrics, times))
        self._added.clear()
        self.write(metric._replace(value=float(times)) for metric, times in counts.items())
