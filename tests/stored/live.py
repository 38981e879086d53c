"""The deeds of a small deployment: what fills its bucket and tables with one of everything that is stored.

All is done at the outermost doors, and at fixed times, soon after the payments that the version was trained on.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from tollgate import clock
from tollgate.adapters import clients

from localstack.deployment import connection
from model_build.deployment.publish import publish_version
from tests.doors.doors import Context, call, invoke, write_kinesis, write_notice
from tests.services.backend import DETECTOR, Backend, Payment, write_payments
from tests.services.decision_stream import Record, read_stream
from tests.services.killed import KilledError
from tests.stored.storage import setting
from tests.stored.versions import CUSTOMER, FURTHER, TRAINED_AT, Sealed

DAY_1, DAY_2 = TRAINED_AT, datetime(2026, 4, 9, 10, tzinfo=UTC)
_EARLIER = DAY_1.replace(hour=9, minute=30)
# Files in so small pieces that one ends in the middle.
_SMALL = {"TOLLGATE_PIECE_ROWS": "8", "TOLLGATE_CHECKPOINT_S": "0"}
# Results are sent in parts then, of which the upload is gone once the storage is loaded elsewhere.
_PARTS = {"TOLLGATE_PART_BYTES": "1000"}
_TRIES = 3
_ALL_TAKEN: dict[str, Any] = {"batchItemFailures": []}
DEVICE, IP = "d900001", "203.0.113.9"


def live(backend: Backend, sealed: Sealed) -> None:
    """Fill the storage: two days on which events are decided on, labeled, indexed, and files are scored."""
    for folder in sealed.folders:
        with clock.set_to(DAY_1):
            publish_version(folder, backend.bucket, backend.environment["TOLLGATE_HISTORY_TABLE"])
        _upload_beside(backend, folder)
    deeds = _Deeds(backend, sealed.payments)
    with clock.set_to(DAY_1):
        deeds.decide_on_all_kinds()
        deeds.label()
    deeds.index(DAY_1)
    with clock.set_to(DAY_2):
        deeds.decide_later()
        deeds.change_lists_and_draft()
        deeds.score_files()
    deeds.index(DAY_2)


def payment_of(number: int, moment: datetime, **changes: Any) -> Payment:  # noqa: ANN401 - whatever an event has
    """Return a payment of one customer, by another device and with other merchants."""
    payment = {
        "event_id": f"e{number}", "timestamp": moment.isoformat().replace("+00:00", "Z"), "amount": 20.0 + number,
        "customer_id": CUSTOMER, "merchant_id": f"m{number % 7:05d}", "merchant_category": "electronics",
        "device_id": DEVICE, "ip": IP, "latitude": 34.0559, "longitude": -118.2202, "channel": "online",
    }  # fmt: skip
    return {**payment, **changes}


def decide(event: Payment, reasons: str = "none", detector: str = DETECTOR) -> None:
    """Have an event decided on at the HTTP door."""
    status, answer = call("POST", "/v1/decisions", {"event": event, "reasons": reasons, "detector": detector})
    assert status == 200, answer


def take_file(key: str, etag: str, time_left_s: float = 900.0) -> None:
    """Tell the batch function of a file, again where it asks for that, as the queue does."""
    handler = importlib.import_module("tollgate.handlers.batch").handler
    for _ in range(_TRIES):
        if handler({"Records": [write_notice(key, etag)]}, Context(time_left_s)) == _ALL_TAKEN:
            return
    raise AssertionError(f"{key} was not taken")


class _Deeds:
    def __init__(self, backend: Backend, payments: Sequence[Payment]) -> None:
        self._backend = backend
        self._payments = [{**payment, "event_id": f"later-{payment['event_id']}"} for payment in payments]
        self._indexed: set[str] = set()

    def decide_on_all_kinds(self) -> None:
        """Decide on events of each kind that leaves something else behind."""
        for number in range(1, 9):
            decide(payment_of(number, DAY_1.replace(hour=8, minute=number)))
        kinds: list[tuple[Payment, str]] = [
            (payment_of(20, _EARLIER, event_id="top"), "top"),
            (payment_of(21, _EARLIER, event_id="all", amount=312.5), "all"),
            (payment_of(22, _EARLIER, event_id="degraded", amount=None), "top"),
            (payment_of(23, _EARLIER, event_id="denied", customer_id="c900001"), "top"),
            (payment_of(24, _EARLIER, event_id="large", amount=900.25), "all"),
            (payment_of(25, _EARLIER, event_id="trusted", merchant_id="m99999", amount=4500), "none"),
            (payment_of(26, _EARLIER, event_id=36.0, customer_id=1234.0, device_id=True), "none"),
            (payment_of(30, _EARLIER, event_id="37.0", customer_id="55.0", device_id="True"), "none"),
            (payment_of(27, _EARLIER, event_id="007", customer_id="käse/🂡"), "none"),
            ({"event_id": "bare", "timestamp": "2026-04-07T09:29:00Z", "amount": 3}, "top"),
            (payment_of(28, _EARLIER, event_id="tollgate-force-block-1"), "none"),
            (payment_of(29, DAY_2, event_id="ahead"), "top"),
        ]
        for event, reasons in kinds:
            decide(event, reasons)
        for detector in FURTHER:
            decide(payment_of(31, _EARLIER, event_id=f"of-{detector}"), "all", detector)
        assert invoke("stream", write_kinesis(self._payments[:6])) == _ALL_TAKEN

    def label(self) -> None:
        """Label decided events, one of them twice, and some that are still to come."""
        said = {"note": "Not hers: she was at home.", "labelled_by": "ana@example.com"}
        labels: list[dict[str, Any]] = [
            {"event_id": "top", "label": "fraud", "known_at": "2026-04-07T09:45:00Z", **said},
            {"event_id": "e1", "label": "fraud"},
            {"event_id": "e2", "label": "legitimate"},
            {"event_id": "waiting", "label": "fraud", "known_at": "2026-04-07T09:00:00Z", **said},
            {"event_id": "waiting-for-ever", "label": "legitimate"},
            {"event_id": "decided-with-label", "label": "fraud", **said},
        ]
        assert call("POST", "/v1/labels", {"labels": labels})[1]["failed"] == 0
        again = [{"event_id": "e1", "label": "legitimate", "labelled_by": "ben"}]
        assert call("POST", "/v1/labels", {"labels": again})[1]["failed"] == 0
        self._take("labels/payments/known.csv", b"event_id,label\ne3,fraud\nlater-still,fraud\n")

    def decide_later(self) -> None:
        """Decide on the day after some events matured, and label one of the first day."""
        for number in range(40, 44):
            decide(payment_of(number, DAY_2.replace(hour=9, minute=number)))
        decide(payment_of(50, DAY_2, event_id="decided-with-label"), "top")
        decide({**self._payments[10], "event_id": "usual", "timestamp": "2026-04-09T09:30:00Z"}, "all")
        assert call("POST", "/v1/labels", {"labels": [{"event_id": "e4", "label": "fraud"}]})[1]["accepted"] == 1

    def change_lists_and_draft(self) -> None:
        """Put a list in place of a sealed one, and save a draft of rules."""
        first = {"if-none-match": "*"}
        rule = {"name": "huge", "expression": "amount > 2000", "outcome": "block", "shadow": True}
        changed = {"add": ["c900002"], "remove": ["c900001"]}
        assert call("PATCH", "/v1/lists/denied", changed, headers=first)[0] == 200
        draft = {"rules": [rule], "saved_by": "ana@example.com"}
        assert call("PUT", "/v1/rules/draft", draft, headers=first)[0] == 200

    def score_files(self) -> None:
        """Score a file, refuse one, give one up, announce one, and leave some in the middle, each in another way."""
        announced = call("POST", "/v1/batches", {"filename": "to-come.csv"})
        assert announced[0] == 201
        rows = [{**payment, "timestamp": f"2026-04-09T08:00:{n:02d}Z"} for n, payment in enumerate(self._payments)]
        self._take("inbox/payments/done.csv", write_payments(rows[20:26]))
        self._take("inbox/payments/refused.csv", b"nothing,of,use\n1,2,3\n")
        with _small_chunks(self._backend):
            scoring = self._drop("inbox/payments/scoring.csv", write_payments(rows[26:50]))
            take_file("inbox/payments/scoring.csv", scoring, time_left_s=0)
            recording = self._drop("inbox/payments/recording.csv", write_payments(rows[20:36]))
            for _ in range(3):
                take_file("inbox/payments/recording.csv", recording, time_left_s=0)
            self._kill_while_scoring("inbox/payments/killed.csv", write_payments(rows[36:52]))
            with setting(_PARTS):
                sent = self._drop("inbox/payments/sent.csv", write_payments(rows[40:56]))
                take_file("inbox/payments/sent.csv", sent, time_left_s=0)
        with setting({"TOLLGATE_MOST_TRIES": "0"}):
            etag = self._drop("inbox/payments/given-up.csv", write_payments(rows[20:22]))
            assert invoke("batch", {"Records": [write_notice("inbox/payments/given-up.csv", etag)]}) != _ALL_TAKEN

    def index(self, moment: datetime) -> None:
        """Index what the stream of the table of decisions told since the last time."""
        with clock.set_to(moment):
            records = [one for one in read_stream(self._backend) if _number(one) not in self._indexed]
            self._indexed |= {_number(one) for one in records}
            for record in records:
                record["dynamodb"]["ApproximateCreationDateTime"] = int(moment.timestamp())
            assert invoke("index", {"Records": records}) == _ALL_TAKEN

    def _kill_while_scoring(self, key: str, content: bytes) -> None:
        """Have a run end where it would say that its first checkpoint counts: it leaves a lease behind."""
        etag, updates, events = self._drop(key, content), count(1), clients.dynamodb().meta.events

        def end(**_request: object) -> None:
            if next(updates) == 2:
                raise KilledError

        events.register("before-call.dynamodb.UpdateItem", end)
        try:
            take_file(key, etag)
        except KilledError:
            return
        finally:
            events.unregister("before-call.dynamodb.UpdateItem", end)
        raise AssertionError("nothing was killed")

    def _drop(self, key: str, content: bytes) -> str:
        return self._backend.drop(key, content)

    def _take(self, key: str, content: bytes) -> None:
        take_file(key, self._drop(key, content))


def _number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _upload_beside(backend: Backend, folder: Path) -> None:
    """Upload also what of a version folder is not published: its histories and its card."""
    for path in sorted(folder.iterdir()):
        backend.drop(f"detectors/{folder.parent.name}/{folder.name}/{path.name}", path.read_bytes())


@contextmanager
def _small_chunks(backend: Backend) -> Iterator[None]:
    """Files are read in small pieces, and handed on to a queue."""
    sqs: Any = boto3.client("sqs", **connection(backend.environment["AWS_ENDPOINT_URL"]))
    url = sqs.create_queue(QueueName=backend.bucket)["QueueUrl"]
    with setting({**_SMALL, "TOLLGATE_QUEUE_URL": url}):
        yield
