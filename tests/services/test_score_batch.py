"""A file: scored once, to the byte, whatever is repeated."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tollgate.adapters.dynamodb.batches import BatchState
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.services.batches.catalog import list_batches, show_batch
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.detectors.describe import describe_detector

from tests.hypothesis_profiles import examples
from tests.services.backend import Backend, Payment, forget_storage, reseal, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

ADDED = ["score", "probability", "outcome", "status", "reason_1", "reason_2", "reason_3"]
SUMMARY = {
    "detector_version", "rows", "scored", "failed", "outcomes", "amounts", "score_histogram", "top_events", "errors",
    "notes", "unused_columns",
}  # fmt: skip


def score(backend: Backend, key: str, content: bytes) -> dict[str, Any]:
    """Drop a file and score it; return what the API shows of it."""
    state = score_batch(backend.container, key, backend.drop(key, content))
    return show_batch(backend.container, state.batch_id)


def read_results(backend: Backend, batch: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(backend.get(batch["summary"]["results"]).decode())))


def test_results_are_the_file_with_our_columns_more(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:50]
    rows = read_results(backend, score(backend, "inbox/payments/a.csv", write_payments(payments)))
    assert list(rows[0]) == [*payments[0], *ADDED]
    assert [row["event_id"] for row in rows] == [payment["event_id"] for payment in payments]
    assert [float(row["amount"]) for row in rows] == [payment["amount"] for payment in payments]
    assert {row["status"] for row in rows} == {"ok"}
    assert all(0 <= int(row["score"]) <= 1000 and 0 <= float(row["probability"]) <= 1 for row in rows)
    assert {row["outcome"] for row in rows} <= {"approve", "review", "block"}


def test_the_summary_says_what_the_contract_promises(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:120]
    batch = score(backend, "inbox/payments/a.csv", write_payments(payments))
    summary = batch["summary"]
    assert set(summary) >= SUMMARY
    assert (batch["status"], batch["rows"], batch["scored"], batch["failed"]) == ("done", 120, 120, 0)
    assert (summary["rows"], summary["scored"], summary["failed"]) == (120, 120, 0)
    assert sum(summary["outcomes"].values()) == 120
    assert list(summary["outcomes"]) == ["approve", "block", "review"]
    assert sum(summary["amounts"].values()) == pytest.approx(sum(payment["amount"] for payment in payments), abs=0.02)
    assert summary["score_histogram"]["edges"] == list(range(0, 1001, 50))
    assert sum(summary["score_histogram"]["counts"]) == 120
    assert len(summary["top_events"]) == 100
    top = summary["top_events"][0]
    assert {"row", "event_id", "timestamp", "amount", "score", "probability", "outcome", "customer_id"} <= set(top)
    probabilities = [event["probability"] for event in summary["top_events"]]
    assert probabilities == sorted(probabilities, reverse=True)


def test_bad_rows_keep_their_place_with_a_reason(backend: Backend, later_payments: list[Payment]) -> None:
    payments: list[dict[str, Any]] = [dict(payment) for payment in later_payments[:6]]
    payments[1]["amount"] = "a lot"
    payments[3]["timestamp"] = "yesterday"
    payments[4]["event_id"] = payments[0]["event_id"]
    batch = score(backend, "inbox/payments/a.csv", write_payments(payments))
    rows = read_results(backend, batch)
    assert [row["status"][:5] for row in rows] == ["ok", "error", "ok", "error", "error", "ok"]
    assert [bool(row["score"]) for row in rows] == [True, False, True, False, False, True]
    assert [(error["row"], error["column"]) for error in batch["summary"]["errors"]] == [
        (2, "amount"),
        (4, "timestamp"),
        (5, "event_id"),
    ]
    assert (batch["rows"], batch["scored"], batch["failed"]) == (6, 3, 3)


def test_a_file_of_bad_rows_only_is_done(backend: Backend, payment: Payment) -> None:
    batch = score(backend, "inbox/payments/a.csv", write_payments([{**payment, "timestamp": "yesterday"}]))
    assert (batch["status"], batch["scored"], batch["failed"]) == ("done", 0, 1)


def test_columns_that_nothing_uses_stay_and_are_named(backend: Backend, payment: Payment) -> None:
    batch = score(backend, "inbox/payments/a.csv", write_payments([{**payment, "note": "x", "score": 7}]))
    (row,) = read_results(backend, batch)
    assert batch["summary"]["unused_columns"] == ["note", "score"]
    assert (row["note"], row["score"]) == ("x", "7")
    assert row["tollgate_score"].isdigit()


def test_csv_gzip_and_parquet_give_the_same_decisions(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:30]
    text = write_payments(payments)
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_pylist(payments), buffer)
    files = {"a.csv": text, "a.csv.gz": gzip.compress(text), "a.parquet": buffer.getvalue()}
    decided = [
        [[row[name] for name in ADDED] for row in read_results(backend, score(backend, f"inbox/payments/{name}", file))]
        for name, file in files.items()
    ]
    assert decided[0] == decided[1] == decided[2]


def test_a_file_is_read_as_its_detector_declares(
    backend: Backend, sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    payments = [payment | {"channel": "Zürich"} for payment in later_payments[:30]]
    plain = read_results(backend, score(backend, "inbox/payments/a.csv", write_payments(payments)))
    form = {"delimiter": "~", "encoding": "cp1252"}
    backend.publish(reseal(sample_version, tmp_path, file_form=form))
    forget_storage()
    content = write_payments(payments).decode().replace(",", "~").encode("cp1252")
    batch = score(backend, "inbox/payments/b.csv", content)
    told = [{name: row[name] for name in (*payments[0], *ADDED[:4])} for row in plain]
    assert read_results(backend, batch) == told  # without reasons: the version was not sealed with any
    assert {row["channel"] for row in told} == {"Zürich"}
    assert describe_detector(backend.container.champion())["files"] == form


@pytest.mark.parametrize(
    "key",
    [
        "inbox/root.csv",
        "inbox/payments/in a folder.csv",
        "inbox/payments/b-0123456789abcdef0123/announced.csv",
        "inbox/payments/2026/11/deep.csv",
        "inbox/payments/März + April (1).CSV",
        "inbox/payments/100%25 sure.csv",
    ],
)
def test_a_file_is_found_under_any_key(backend: Backend, payment: Payment, key: str) -> None:
    batch = score(backend, key, write_payments([payment]))
    assert (batch["status"], batch["detector"]) == ("done", "payments")
    assert batch["filename"] == key.rsplit("/", 1)[1]
    assert read_results(backend, batch)[0]["event_id"] == payment["event_id"]


def test_an_announced_batch_keeps_its_id() -> None:
    key = "inbox/payments/b-0123456789abcdef0123/a.csv"
    assert BatchFile.of(key, "etag", "x").batch_id == "b-0123456789abcdef0123"


def test_another_content_under_the_same_name_is_another_batch(backend: Backend, later_payments: list[Payment]) -> None:
    ids = {
        score(backend, "inbox/payments/a.csv", write_payments([payment]))["batch_id"] for payment in later_payments[:2]
    }
    assert len(ids) == 2


def test_the_same_key_and_content_is_the_same_batch() -> None:
    assert BatchFile.of("inbox/a.csv", '"e"', "x") == BatchFile.of("inbox/a.csv", "e", "x")


@given(order=st.lists(st.sampled_from("abc"), min_size=3, max_size=9).filter(lambda order: set(order) == set("abc")))
@settings(max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_notices_may_come_again_and_in_any_order(
    backend: Backend, later_payments: list[Payment], order: list[str]
) -> None:
    files = {name: write_payments(later_payments[n * 10 :][:10]) for n, name in enumerate("abc")}
    folder = "".join(order)  # files of their own for each order
    etags = {name: backend.drop(f"inbox/payments/{folder}/{name}.csv", file) for name, file in files.items()}
    states = {
        name: score_batch(backend.container, f"inbox/payments/{folder}/{name}.csv", etags[name]).batch_id
        for name in order
    }
    for name, batch_id in states.items():
        results = [backend.get(key) for key in backend.keys(f"results/{batch_id}/") if key.endswith(".csv")]
        assert results == [EXPECTED.setdefault(name, results[0])]


EXPECTED: dict[str, bytes] = {}


def test_of_many_at_once_one_scores_the_file(backend: Backend, later_payments: list[Payment]) -> None:
    key = "inbox/payments/a.csv"
    etag = backend.drop(key, write_payments(later_payments[:100]))
    gate = threading.Barrier(5)
    states: list[BatchState] = []

    def work() -> None:
        gate.wait()
        states.append(score_batch(backend.container, key, etag))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted({state.status for state in states}) in (["done"], ["done", "running"])
    (batch_id,) = {state.batch_id for state in states}
    assert len(backend.keys(f"results/{batch_id}/")) == 3
    assert score_batch(backend.container, key, etag).run == 1
    assert not backend.keys("work/")


def test_a_batch_keeps_the_time_of_its_announcement(backend: Backend, payment: Payment) -> None:
    key = "inbox/payments/b-0123456789abcdef0123/a.csv"
    etag = backend.drop(key, write_payments([payment]))
    backend.container.states.announce(BatchFile.of(key, etag, "payments"), "2026-06-01T00:00:00Z")
    batch = show_batch(backend.container, score_batch(backend.container, key, etag).batch_id)
    assert (batch["status"], batch["created_at"]) == ("done", "2026-06-01T00:00:00Z")


def test_what_is_written_once_stays(backend: Backend) -> None:
    batches = backend.container.batches
    assert batches.write_once("results/b/a.csv", b"first", "text/csv") is True
    assert batches.write_once("results/b/a.csv", b"second", "text/csv") is False
    assert backend.get("results/b/a.csv") == b"first"


def test_a_finished_batch_is_not_touched_again(backend: Backend, payment: Payment) -> None:
    key = "inbox/payments/a.csv"
    etag = backend.drop(key, write_payments([payment]))
    first = score_batch(backend.container, key, etag)
    backend.s3.delete_object(Bucket=backend.bucket, Key=key)
    assert score_batch(backend.container, key, etag) == first


def test_formulas_are_defused_and_numbers_stay_numbers(backend: Backend, payment: Payment) -> None:
    formula = {**payment, "merchant_category": "=cmd()", "amount": -12.5}
    (row,) = read_results(backend, score(backend, "inbox/payments/a.csv", write_payments([formula])))
    assert (row["merchant_category"], row["amount"]) == ("'=cmd()", "-12.5")


def test_rows_see_the_rows_before_them_in_time_not_in_the_file(backend: Backend, later_payments: list[Payment]) -> None:
    # Payments of the same time are seen in the order of their rows.
    times = Counter(payment["timestamp"] for payment in later_payments)
    payments = [payment for payment in later_payments[:200] if times[payment["timestamp"]] == 1]
    forward = read_results(backend, score(backend, "inbox/payments/f.csv", write_payments(payments)))
    backward = read_results(backend, score(backend, "inbox/payments/b.csv", write_payments(payments[::-1])))
    by_id = {row["event_id"]: float(row["probability"]) for row in backward}
    assert by_id == {row["event_id"]: pytest.approx(float(row["probability"]), abs=1e-6) for row in forward}


def test_keys_too_long_for_the_table_are_scored_all_the_same(backend: Backend, payment: Payment) -> None:
    long = "\N{SNOWMAN}" * 256
    batch = score(
        backend, "inbox/payments/a.csv", write_payments([{**payment, "customer_id": long, "merchant_id": "🂡" * 256}])
    )
    assert (batch["status"], batch["scored"]) == ("done", 1)


def test_batches_are_listed_newest_first_in_pages(backend: Backend, later_payments: list[Payment]) -> None:
    made = [
        score(backend, f"inbox/payments/{n}.csv", write_payments([later_payments[n]]))["batch_id"] for n in range(5)
    ]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = list_batches(backend.container, 2, cursor)
        assert len(page["batches"]) <= 2
        seen += [batch["batch_id"] for batch in page["batches"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_the_list_is_empty_at_first(container: Container) -> None:
    assert list_batches(container, 20, None) == {"batches": [], "cursor": None}


def test_the_summary_is_plain_json(backend: Backend, payment: Payment) -> None:
    batch = score(backend, "inbox/payments/a.csv", write_payments([payment]))
    content = backend.get(f"results/{batch['batch_id']}/summary.json")
    assert json.loads(content) == batch["summary"]
