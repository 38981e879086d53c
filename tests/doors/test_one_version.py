"""Another version becomes the champion in the middle: what one version began, it ends."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.decisions.metrics import VERSION
from tollgate.core.detectors.version import DetectorVersion
from tollgate.services.batches.lease import Delivery
from tollgate.services.batches.process import score_batch
from tollgate.services.decisions.decide import decide_and_publish
from tollgate.services.labels.label_file import label_file
from tollgate.services.streams.process import decide_records

from model_build.deployment.publish import open_folder
from tests.doors.doors import read_http, write_http
from tests.services.backend import Backend, Payment, forget_storage, reseal, write_payments
from tests.services.stream_reading import Results
from tests.services.test_decide_lot import write_lot

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator


@pytest.fixture
def versions(sample_version: Path, tmp_path: Path) -> list[DetectorVersion]:
    """Two versions that read the amount of a stream's record from different places."""
    places = ("cheap", "dear")
    mapping = ("event_id", "timestamp", "customer_id", "merchant_id", "device_id", "ip", "channel", "merchant_category")
    return [
        open_folder(
            reseal(
                sample_version,
                tmp_path / place,
                stream={"columns": {**{name: name for name in mapping}, "amount": place}, "minor_units": {}},
            )
        )
        for place in places
    ]


@pytest.fixture
def alternate(versions: list[DetectorVersion], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make another version the champion at every look-up; return the names of those that were looked up."""
    looked_up: list[str] = []

    def champion(_store: VersionStore, _detector: str, _now_s: float) -> DetectorVersion:
        version = versions[len(looked_up) % 2]
        looked_up.append(version.version)
        return version

    monkeypatch.setattr(VersionStore, "champion", champion)
    monkeypatch.setattr(VersionStore, "pinned", lambda *named: {one.version: one for one in versions}[named[2]])
    return looked_up


def read_metrics(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{") and "_aws" in line]


def test_a_record_is_decided_on_and_told_by_the_version_that_mapped_it(
    backend: Backend,
    results: Results,
    later_payments: list[Payment],
    versions: list[DetectorVersion],
    alternate: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    payments = later_payments[:6]
    lot = write_lot([{**payment, "cheap": 1.0, "dear": 9_000.0} for payment in payments])
    assert decide_records(backend.container, lot) == []
    put = {result["event_id"]: result["detector_version"] for _, result in results()}
    metrics = read_metrics(capsys.readouterr().out)
    assert alternate == [versions[number % 2].version for number in range(6)], "one look-up a record"
    for number, payment in enumerate(payments):
        version = versions[number % 2]
        record = backend.container.decisions.find("payments", payment["event_id"])
        assert record is not None
        assert record.event["amount"] == (1.0, 9_000.0)[number % 2]
        assert record.decision.detector_version == put[payment["event_id"]] == version.version
    counted = [one[VERSION] for one in metrics if "PredictionLatency" in one]
    assert counted == [versions[number % 2].version for number in range(6)]


def test_a_posted_event_is_told_by_the_version_that_decided(
    backend: Backend, payment: Payment, alternate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = decide_and_publish(backend.container, payment)
    assert alternate == [answer.detector_version]
    named = {one[VERSION] for one in read_metrics(capsys.readouterr().out) if VERSION in one}
    assert named == set(alternate)


@pytest.mark.parametrize("route", [("/v1/decisions", {}), ("/v1/what-if", {})])
def test_one_request_looks_the_version_up_once(
    backend: Backend, payment: Payment, alternate: list[str], route: tuple[str, dict[str, Any]]
) -> None:
    from tollgate.handlers.api import handler  # noqa: PLC0415 - it opens the storage

    path, more = route
    status, answer = read_http(handler(write_http("POST", path, {"event": payment, **more}), None))
    assert (status, answer["detector_version"]) == (200, alternate[0])
    assert len(alternate) == 1
    assert backend.container


def test_labels_of_a_file_are_read_and_set_by_one_version(
    backend: Backend, payment: Payment, alternate: list[str]
) -> None:
    content = f"event_id,label\n{payment['event_id']},fraud\n".encode()
    etag = backend.drop("labels/payments/a.csv", content)
    assert label_file(backend.container, "labels/payments/a.csv", etag)["waiting"] == 1
    assert len(alternate) == 1


def test_a_file_keeps_its_version_when_it_is_handed_on(
    backend: Backend,
    sample_version: Path,
    tmp_path: Path,
    later_payments: list[Payment],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOLLGATE_PIECE_ROWS", "100")
    monkeypatch.setenv("TOLLGATE_REFRESH_S", "0")
    forget_storage()
    first = open_folder(sample_version).version
    etag = backend.drop("inbox/payments/a.csv", write_payments(later_payments[:500]))
    queue: list[str] = []
    monkeypatch.setattr("tollgate.adapters.sqs.FileQueue.hand_on", lambda _self, key, _etag: queue.append(key))
    state = score_batch(backend.container, "inbox/payments/a.csv", etag, Delivery(ends_s=time.monotonic()))
    assert (state.status, queue) == ("running", ["inbox/payments/a.csv"])
    other = reseal(sample_version, tmp_path / "other", created_at="2026-11-30T00:00:00Z")
    backend.publish(other)
    assert backend.container.champion().version == other.name != first
    state = score_batch(backend.container, "inbox/payments/a.csv", etag, Delivery())
    assert state.status == "done"
    (key,) = [key for key in backend.keys("results/") if key.endswith("summary.json")]
    summary = json.loads(backend.get(key))
    assert (summary["detector_version"], summary["scored"]) == (first, 500)
    rows = list(csv.DictReader(io.StringIO(backend.get(summary["results"]).decode())))
    assert len(rows) == 500
