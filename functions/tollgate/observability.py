"""Logs and metrics: one JSON object per line, without personal data. CloudWatch takes metrics from the log."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tollgate import clock
from tollgate.core.decisions.metrics import CountedTogether, Metric, write_embedded
from tollgate.errors import InputError, TollgateError

# Of the places that an error passed, the innermost ones are logged.
_MAX_PLACES = 6
# Rules and variables are counted up for so long before they are written: a line for each at every decision would cost
# more than the decision.
_ADDED_UP_FOR_S = 10.0


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)


def set_up_logging() -> None:
    """Log INFO and above of Tollgate as JSON lines to standard error, unless Lambda's own logging writes JSON."""
    log = logging.getLogger("tollgate")
    log.setLevel(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"))
    if log.handlers or os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        return  # Lambda's runtime writes JSON itself
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    log.addHandler(handler)
    log.propagate = False


def describe_error(error: Exception) -> str:
    """Return what a log may hold of an error: its kind, and the places that it passed, innermost last.

    Its message stays out where it may quote a value of an event: that of an error in what was handed in, and of any
    that is not Tollgate's own.
    """
    if isinstance(error, TollgateError) and not isinstance(error, InputError):
        return f"{error.code}: {error}"
    kind = error.code if isinstance(error, TollgateError) else type(error).__name__
    passed = traceback.extract_tb(error.__traceback__)[-_MAX_PLACES:]
    return f"{kind} at {' > '.join(f'{Path(frame.filename).name}:{frame.lineno}' for frame in passed)}"


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
