"""Labels of events, set one by one or many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, DecisionTable, Found, WaitingLabel
from tollgate.adapters.dynamodb.histories import HistoryTable, history_key
from tollgate.adapters.dynamodb.items import ConditionFailedError, write_together
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import earlier_spellings
from tollgate.core.history.latest_addition import NOT_MOVED, LatestMoved, move_latest
from tollgate.errors import ConflictError, InputError
from tollgate.services.container import Container
from tollgate.services.labels.transitions import (
    WAITING_DAYS,
    LabelRequest,
    LabelResult,
    history_changes,
    label_result,
    label_time_us,
    read_event_id,
    read_label,
    take_label,
)

STATUSES = ("accepted", "unchanged", "waiting", "failed")
_DAY_S = 86_400
_ATTEMPTS = 10
_WRITERS = 8


def label_events(
    container: Container,
    labels: Sequence[object],
    detector: str | None = None,
    version: DetectorVersion | None = None,
) -> dict[str, Any]:
    """Set the labels of events, each by itself; answer for each what became of it, in their order.

    A fraud is one addition to the histories of its entities, dated when it became known. A repeated label changes
    nothing; another label takes the former one back exactly, unless it became known before it. A label of an event that
    was not decided on yet waits for that. A legitimate event needs no label: it counts as one once its label delay is
    over. A label that is there already can get another note; it keeps its date. Of several labels of one event, each is
    answered as if it were sent alone, and what they come to is written once.
    """
    version = version or container.champion(detector)
    limit = version.skew_limit(clock.now())
    results: dict[int, LabelResult] = {}
    by_event: dict[str, dict[int, LabelRequest]] = {}
    for place, raw in enumerate(labels):
        try:
            request = read_label(version, raw, limit)
        except InputError as error:
            results[place] = label_result(read_event_id(raw), "failed", str(error))
        else:
            by_event.setdefault(request.event_id, {})[place] = request
    writer = _LabelWriter(container.decisions, container.histories, version)
    found = container.decisions.look(version.detector, list(by_event))
    writer.find_by_earlier_ids(by_event, found)
    with ThreadPoolExecutor(_WRITERS) as pool:
        for done in pool.map(lambda event_id: writer.label(event_id, by_event[event_id], found[event_id]), by_event):
            results |= done
    counts = Counter(result["status"] for result in results.values())
    in_order = [results[place] for place in range(len(labels))]
    return {**{status: counts[status] for status in STATUSES}, "results": in_order}


@dataclass(frozen=True)
class _LabelWriter:
    """Labels of events that a detector decides on, and what they change in the histories."""

    decisions: DecisionTable
    histories: HistoryTable
    version: DetectorVersion

    def find_by_earlier_ids(self, by_event: dict[str, dict[int, LabelRequest]], found: dict[str, Found | None]) -> None:
        """Let labels go to decisions from before a whole number had one spelling as an id, where there is no other."""
        earlier = {other: key for key in by_event if found[key] is None for other in earlier_spellings(key)}
        looked_up = self.decisions.look(self.version.detector, list(earlier)) if earlier else {}
        for other, stands in looked_up.items():
            if stands is not None:
                found[other] = stands
                labels = by_event.pop(earlier[other])
                renamed = {place: replace(request, event_id=other) for place, request in labels.items()}
                by_event[other] = dict(sorted((by_event.get(other, {}) | renamed).items()))

    def label(self, event_id: str, labels: Mapping[int, LabelRequest], before: Found | None) -> dict[int, LabelResult]:
        """Give one event its labels, by their places in the request; return what became of each."""
        for _ in range(_ATTEMPTS):
            after, results = self._take(labels, before)
            try:
                self._write(event_id, before, after)
            except ConditionFailedError:
                # The event was decided on, or labeled by somebody else, meanwhile: look again.
                before = self.decisions.look(self.version.detector, [event_id])[event_id]
            except ConflictError as error:
                return _fail_written(results, str(error))
            else:
                return results
        return _fail_written(results, "The label was changed by others at the same time; try again.")

    def _take(
        self, labels: Mapping[int, LabelRequest], before: Found | None
    ) -> tuple[Found | None, dict[int, LabelResult]]:
        results = {}
        for place, request in labels.items():
            try:
                before, results[place] = take_label(self.version, request, before)
            except InputError as error:
                results[place] = label_result(request.event_id, "failed", str(error))
        return before, results

    def _write(self, event_id: str, before: Found | None, after: Found | None) -> None:
        """Write what stands for an event now, unless it is what stood there.

        Raises `ConditionFailedError` where something else stands there, `ConflictError` where others write to the same
        items all the time.
        """
        if after == before:
            return
        if isinstance(before, DecisionRecord):
            assert isinstance(after, DecisionRecord)
            self._write_label(event_id, before, after)
        else:
            assert isinstance(after, WaitingLabel)
            expires_s = clock.now_s() + WAITING_DAYS * _DAY_S
            put = self.decisions.let_wait(self.version.detector, event_id, before, after, expires_s)
            write_together(self.decisions.client, [{"Put": put}])

    def _write_label(self, event_id: str, before: DecisionRecord, after: DecisionRecord) -> None:
        """Set a label, and change the histories in the same transaction."""
        expires_s = max(clock.now_s(), after.known_s or before.time_s) + self.version.history.forgotten_after_s
        changes = history_changes(self.version, before, after)
        keys = {entity: history_key(before.space, entity, before.entities[entity]) for entity in changes}
        latest = self._move_latest(list(keys.values()), label_time_us(after))
        additions = [
            self.histories.addition(pk, changes[entity], expires_s, latest=latest[pk]) for entity, pk in keys.items()
        ]
        update = self.decisions.set_label(self.version.detector, event_id, before, after)
        write_together(self.decisions.client, [{"Update": action} for action in (update, *additions)])

    def _move_latest(self, pks: Sequence[str], time_us: int | None) -> Mapping[str, LatestMoved]:
        """Return what a label does to the times of the latest additions: what it takes back is dated before these."""
        if time_us is None:
            return dict.fromkeys(pks, NOT_MOVED)
        stored = self.histories.read_names(pks)
        return {pk: move_latest(stored.get(pk, ()), time_us) for pk in pks}


def _fail_written(results: Mapping[int, LabelResult], message: str) -> dict[int, LabelResult]:
    """Return the results of labels of which nothing was written after all."""
    return {
        place: label_result(result["event_id"], "failed", message)
        if result["status"] in ("accepted", "waiting")
        else result
        for place, result in results.items()
    }
