"""Decision with its announcement: metrics, and an event on the bus."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tollgate.core.decisions.decision import Decision
from tollgate.core.decisions.metrics import DETECTOR, Metric, count_decision, count_failure, count_parts
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.explanations.explain import Wanted
from tollgate.errors import EventAheadError, TollgateError
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event

DECIDED = "Decision"


def decide_and_publish(
    container: Container,
    event: Mapping[str, Any],
    detector: str | None = None,
    reasons: Wanted = "none",
    version: DetectorVersion | None = None,
) -> Decision:
    """Do what `decide_event` does, count how it went, and put each first decision that is recorded on the bus.

    The version is looked up once, unless the caller did that: another one may become the champion at any moment.
    """
    began = time.perf_counter()
    try:
        version = version or container.champion(detector)
        decision = decide_event(container, event, detector, reasons, version)
    except Exception as error:
        status = error.status if isinstance(error, TollgateError) else 500
        # Callers name detectors as they like: a name that is not known gets no metric of its own.
        name = detector if detector and container.versions.has_open(detector) else container.settings.detector
        container.metrics.write(count_failure(name, status, _since_ms(began), ahead=isinstance(error, EventAheadError)))
        raise
    metrics = list(count_decision(version, decision, _since_ms(began)))
    if not decision.repeated:
        container.metrics.add_up(count_parts(version, decision))
        if decision.recorded and not container.events.put(DECIDED, decision.to_announcement()):
            metrics.append(Metric("EventNotPut", ((DETECTOR, version.detector),)))
    container.metrics.write(metrics)
    return decision


def _since_ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
