"""Circuit breaker: holds back blocks when there are too many of them, across all running functions."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from tollgate import clock
from tollgate.adapters import clients
from tollgate.adapters.dynamodb.block_counts import BlockCountTable
from tollgate.core.decisions.circuit_breaker import BlockCounter, in_window, span_s
from tollgate.core.detectors.version import DetectorVersion
from tollgate.errors import UnavailableError

_log = logging.getLogger(__name__)
# How old the shared counts may be. Each running function asks at most that often: the whole cost of the breaker.
_ASK_EVERY_S = 2.0


@dataclass
class CircuitBreaker:
    """The circuit breakers of all detectors, as this process knows them. ``table`` names the table of decisions."""

    table: str
    patience_s: float
    _counters: dict[str, BlockCounter] = field(default_factory=dict)

    def apply(self, version: DetectorVersion, outcome: str, *, ask: bool = True) -> str:
        """Count a decision, and return its outcome: a review in place of a block where the breaker has tripped.

        ``ask`` False leaves the shared counts alone, for when the table is known not to answer.
        """
        safety = version.safety
        if safety.most_blocked is None:
            return outcome
        # Windows of another length have spans of another length, which do not add up with these.
        name = f"{version.detector}#{span_s(safety):g}"
        counter = self._counters.setdefault(name, BlockCounter())
        now_s = clock.now_s()
        blocks = outcome == safety.block
        counter.count(safety, now_s, block=blocks)
        if ask and now_s - counter.asked_s >= _ASK_EVERY_S:
            self._exchange(name, counter, version, now_s)
        return safety.review if blocks and counter.is_tripped(safety, now_s) else outcome

    def _exchange(self, name: str, counter: BlockCounter, version: DetectorVersion, now_s: float) -> None:
        safety = version.safety
        table = BlockCountTable(clients.impatient_dynamodb(self.patience_s), self.table)
        fresh = in_window(safety, counter.shared, now_s)
        stale = {span: pair for span, pair in counter.shared.items() if span not in fresh}
        counter.asked_s = now_s
        try:
            added = in_window(safety, counter.unshared, now_s)
            counter.shared = table.exchange(name, added, stale, now_s + 2 * safety.over_s)
        except UnavailableError as error:
            # No decision fails for it: the breaker goes on with what it knows, and asks again later.
            _log.error("The circuit breaker of %s goes by older counts: %s", version.detector, error)
        else:
            counter.unshared = {}
