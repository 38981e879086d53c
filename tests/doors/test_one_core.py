"""One core, many doors: the same payments get the same decisions wherever they come in."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.events.reader import read_events
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.process import score_batch

from model_build.deployment.publish import load_folder_histories, open_folder, publish_version
from tests.doors.doors import call, invoke, write_kafka, write_kinesis
from tests.services.backend import Backend, Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def test_http_file_streams_and_python_agree(
    empty_backend: Backend, small_version: Path, later_payments: list[Payment]
) -> None:
    container = empty_backend.container
    publish_version(small_version, empty_backend.bucket, container.histories.table)

    version = open_folder(small_version)
    columns = {name: [payment[name] for payment in later_payments] for name in later_payments[0]}
    events, problems = read_events(version.event_type, columns)
    assert not problems
    python = decide_in_order(version, events, load_folder_histories(version, small_version))
    assert len(np.unique(python.scores)) > 100, "the payments have to differ for this to say anything"

    # The file first: it reads the histories and does not add to them.
    etag = empty_backend.drop("inbox/payments/a.csv", write_payments(later_payments))
    batch = show_batch(container, score_batch(container, "inbox/payments/a.csv", etag).batch_id)
    rows = list(csv.DictReader(io.StringIO(empty_backend.get(batch["summary"]["results"]).decode())))
    assert [int(row["score"]) for row in rows] == python.scores.tolist()
    assert [row["outcome"] for row in rows] == list(python.outcomes)
    assert [float(row["probability"]) for row in rows] == pytest.approx(python.probabilities.tolist(), abs=1e-6)

    # Then each payment alone: a third by HTTP, a third from Kinesis, a third from Kafka.
    third = len(later_payments) // 3
    for payment in later_payments[:third]:
        assert call("POST", "/v1/decisions", {"event": payment})[0] == 200
    for write, part in (
        (write_kinesis, later_payments[third : 2 * third]),
        (write_kafka, later_payments[2 * third :]),
    ):
        assert invoke("stream", write(part)) == {"batchItemFailures": []}
    found = [call("GET", f"/v1/decisions/{payment['event_id']}")[1] for payment in later_payments]
    assert [answer["score"] for answer in found] == python.scores.tolist()
    assert [answer["outcome"] for answer in found] == list(python.outcomes)
    assert [answer["probability"] for answer in found] == pytest.approx(python.probabilities.tolist(), abs=1e-6)
