"""Questions to a stored deployment, and their answers without words, as `expected.json` keeps them.

Answers are told apart from words that code may say otherwise any day: sentences, messages, and what names a group of
reasons. What is compared are stored values, and numbers that follow from them.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pyarrow.parquet
from tollgate import clock
from tollgate.core.decisions.decision import to_plain

from model_build.deployment.replay import replay_decision
from tests.doors.doors import call
from tests.services.backend import DETECTOR, Backend
from tests.stored.live import DAY_2, payment_of, take_file
from tests.stored.versions import CUSTOMER, FURTHER

NEXT_DAY, LATER = datetime(2026, 4, 10, 9, tzinfo=UTC), datetime(2026, 4, 13, 9, tzinfo=UTC)
# Words, and what differs each time: addresses that are signed, how long something took, when an object was put.
_LEFT_OUT = frozenset({
    "sentence", "message", "description", "timings_ms", "downloads", "upload", "changed_at", "cursor", "heartbeat_at",
})  # fmt: skip
_WORDED = frozenset({"contribution", "impact"})
_TOLERANCE = 1e-6
# Files that are told of again: the first is done already.
_TAKEN = ("done", "scoring", "recording", "killed", "sent")
_SOON = timedelta(minutes=2)


@dataclass(frozen=True)
class Question:
    """What is asked ``at`` a moment, by ``door``: a method of HTTP, "file", "results", "replay" or "histories".

    ``of`` is the path, key, batch or event; ``body`` goes with HTTP.
    """

    at: str
    door: str
    of: str
    body: Any = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain form."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def ask(backend: Backend, question: Question) -> Any:  # noqa: ANN401 - JSON
    """Ask a question of what is stored, with the clock as it says; return the answer without words."""
    with clock.set_to(datetime.fromisoformat(question.at)):
        return without_words(_ask(backend, question))


def _ask(backend: Backend, question: Question) -> Any:  # noqa: ANN401 - JSON
    match question.door:
        case "file":
            take_file(question.of, backend.s3.head_object(Bucket=backend.bucket, Key=question.of)["ETag"].strip('"'))
            return None
        case "results":
            return _read_results(backend, question.of)
        case "replay":
            table = backend.container.decisions.table
            replayed = replay_decision(question.of, DETECTOR, table, backend.bucket, None)
            names = ("score", "probability", "outcome", "rules", "reasons")
            return {name: to_plain(getattr(replayed.again, name)) for name in names}
        case "histories":
            return {pk: sums for pk, sums in sorted(backend.histories().items()) if question.of in pk}
        case _:
            path, _, query = question.of.partition("?")
            status, answer = call(question.door, path, question.body, query)
            return {"status": status, "answer": answer}


def _read_results(backend: Backend, batch_id: str) -> Any:  # noqa: ANN401 - JSON
    summary = call("GET", f"/v1/batches/{batch_id}")[1]["summary"]
    rows = list(csv.DictReader(io.StringIO(backend.get(summary["results"]).decode())))
    table = pyarrow.parquet.read_table(io.BytesIO(backend.get(summary["results_parquet"])))
    wanted = ("event_id", "score", "probability", "outcome")
    parquet = [[row[name] for name in wanted] for row in table.to_pylist()]
    return {"csv": [[row[name] for name in wanted] for row in rows], "parquet": parquet}


def without_words(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """Return an answer without its words, and without what differs each time."""
    if isinstance(answer, Mapping):
        left_out = {"name"} | _LEFT_OUT if answer.keys() & _WORDED else _LEFT_OUT
        told = {name: value for name, value in answer.items() if name not in left_out and not _is_told(name, value)}
        return {name: without_words(value) for name, value in told.items()}
    return [without_words(value) for value in answer] if isinstance(answer, list) else answer


def _is_told(name: str, value: object) -> bool:
    """Return whether these are the reasons of a file's riskiest rows, which are sentences."""
    return name == "reasons" and isinstance(value, list) and all(isinstance(one, str) for one in value)


def differences(expected: Any, found: Any, at: str, where: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield where an answer is not as expected. It may have more fields, and numbers may differ by 1e-6.

    What is dated now, by the clock of the question, need not be so to the millisecond.
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            yield from differences(value, found.get(name, "nothing"), at, f"{where}.{name}")
    elif isinstance(expected, list) and isinstance(found, Sequence) and len(expected) == len(found):
        for place, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, at, f"{where}[{place}]")
    elif not _is_same(expected, found, datetime.fromisoformat(at)):
        yield f"{where}: {str(expected)[:200]} is expected, {str(found)[:200]} was found"


def _is_same(expected: object, found: object, at: datetime) -> bool:
    if isinstance(expected, float) and isinstance(found, float | int):
        return math.isclose(expected, found, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    if isinstance(expected, str) and isinstance(found, str) and expected != found:
        moments = [_read_time(text) for text in (expected, found)]
        return all(moment is not None and at <= moment <= at + _SOON for moment in moments)
    return type(expected) is type(found) and expected == found


def _read_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def questions() -> list[Question]:
    """Return what is asked of a deployment that `live` has filled, in this order."""
    with clock.set_to(NEXT_DAY):
        decisions = call("GET", "/v1/decisions", query="from=2026-04-07&limit=200")[1]["decisions"]
        batches = [(one["batch_id"], one["filename"]) for one in call("GET", "/v1/batches")[1]["batches"]]
    return [
        *_about_decisions(sorted(one["event_id"] for one in decisions)),
        *_about_the_index(),
        *_about_versions(),
        *_about_further_detectors(),
        *_of_events_to_come(NEXT_DAY),
        *_labels(),
        *_about_batches(batches),
        *_of_events_to_come(LATER),
        *(_at(LATER, "replay", event_id) for event_id in ("all", "usual", "denied", "large", "bare", "new-1")),
        _at(LATER, "histories", CUSTOMER),
        _at(LATER, "histories", "#merchant#"),
    ]


def _at(moment: datetime, door: str, of: str, body: object = None) -> Question:
    return Question(moment.isoformat().replace("+00:00", "Z"), door, of, body)


def _about_decisions(ids: Sequence[str]) -> Iterator[Question]:
    for event_id in (*ids, "36.0", "37", "37.0", "waiting", "waiting-for-ever"):
        yield _at(NEXT_DAY, "GET", f"/v1/decisions/{quote(event_id, safe='')}")
    for event_id in ("e5", "top", "large", "usual"):
        yield _at(NEXT_DAY, "GET", f"/v1/decisions/{event_id}?reasons=all")
    for repeated in ("e1", "all", "denied", 36.0, "degraded"):
        again = payment_of(90, DAY_2, event_id=repeated)
        yield _at(NEXT_DAY, "POST", "/v1/decisions", {"event": again, "reasons": "top"})
    variants = [{"amount": 12.0}, {"timestamp": "2026-04-07T03:00:00Z"}, {"merchant_id": "m00011"}]
    for event_id in ("all", "usual", "trusted", "denied"):
        body = {"event_id": event_id, "variants": variants, "reasons": "top", "histories": event_id == "all"}
        yield _at(NEXT_DAY, "POST", "/v1/what-if", body)
    event = payment_of(91, NEXT_DAY)
    yield _at(NEXT_DAY, "POST", "/v1/what-if", {"event": event, "reasons": "all", "histories": True})


def _about_the_index() -> Iterator[Question]:
    days = "from=2026-04-07&to=2026-04-10"
    searches = (
        "limit=200", "sort=money_at_risk&limit=5", "rule=denied", "rule=night&limit=5", "label=fraud", "outcome=block",
        f"entity=customer:{CUSTOMER}&limit=200", "entity=customer:1234", "from_score=500&label=none&sort=score",
    )  # fmt: skip
    yield from (_at(NEXT_DAY, "GET", f"/v1/decisions?{days}&{search}") for search in searches)
    yield _at(NEXT_DAY, "GET", f"/v1/summaries?{days}")


def _about_versions() -> Iterator[Question]:
    for path in ("detector/versions", "rules/draft", "lists/denied", "lists/limits", "lists/trusted", "healthz"):
        yield _at(NEXT_DAY, "GET", f"/v1/{path}")
    rule = {"name": "top", "expression": "score >= 500 && amount > 30", "outcome": "block"}
    yield _at(NEXT_DAY, "POST", "/v1/rules/trial", {"rules": [rule]})


def _about_further_detectors() -> Iterator[Question]:
    """Ask for reasons that are told from other forms of files."""
    for detector in FURTHER:
        yield _at(NEXT_DAY, "GET", f"/v1/decisions/of-{detector}?detector={detector}&reasons=all")
        event = payment_of(92, NEXT_DAY - timedelta(minutes=10), event_id=f"new-of-{detector}")
        yield _at(NEXT_DAY, "POST", "/v1/decisions", {"event": event, "reasons": "all", "detector": detector})


def _of_events_to_come(moment: datetime) -> Iterator[Question]:
    """Ask for decisions on new events, by what is stored of their customers, lists and rules."""
    suffix = {NEXT_DAY: 1, LATER: 2}[moment]
    changes: list[dict[str, Any]] = [
        {"event_id": f"new-{suffix}"},
        {"event_id": f"listed-{suffix}", "customer_id": "c900002"},
        {"event_id": f"unlisted-{suffix}", "customer_id": "c900001"},
        {"event_id": f"number-{suffix}", "customer_id": 1234, "device_id": "true"},
        {"event_id": f"text-{suffix}", "customer_id": "55.0", "device_id": "True"},
        {"event_id": f"other-{suffix}", "customer_id": "c000026", "merchant_id": "m00038", "amount": 700},
        {"event_id": "waiting" if suffix == 1 else "waiting-for-ever"},
    ]
    for number, changed in enumerate(changes):
        event = payment_of(number, moment - timedelta(minutes=10), **changed)
        yield _at(moment, "POST", "/v1/decisions", {"event": event, "reasons": "all"})


def _labels() -> Iterator[Question]:
    labels = [
        {"event_id": "all", "label": "fraud", "note": "A chargeback.", "labelled_by": "ben"},
        {"event_id": "e1", "label": "fraud"},
        {"event_id": "top", "label": "legitimate"},
        {"event_id": "denied", "label": "legitimate"},
        {"event_id": "decided-with-label", "label": "fraud", "note": "Said again."},
        {"event_id": "waiting-for-ever", "label": "fraud", "known_at": "2026-04-10T08:00:00Z"},
    ]
    yield _at(NEXT_DAY, "POST", "/v1/labels", {"labels": labels})
    for event_id in ("all", "e1", "top", "denied", "decided-with-label"):
        yield _at(NEXT_DAY, "GET", f"/v1/decisions/{event_id}")


def _about_batches(batches: Sequence[tuple[str, str]]) -> Iterator[Question]:
    """Ask for all batches, then have files told of again, of which some were left in the middle."""
    yield _at(NEXT_DAY, "GET", "/v1/batches")
    yield from (_at(NEXT_DAY, "GET", f"/v1/batches/{batch_id}") for batch_id, _ in batches)
    for name in _TAKEN:
        yield _at(NEXT_DAY, "file", f"inbox/payments/{name}.csv")
    yield _at(NEXT_DAY, "file", "labels/payments/known.csv")
    for batch_id, name in batches:
        yield _at(NEXT_DAY, "GET", f"/v1/batches/{batch_id}")
        if name.removesuffix(".csv") in _TAKEN:
            yield _at(NEXT_DAY, "results", batch_id)
