"""Files under faults: killed at any moment, throttled, cut short, told of twice, a hundred at once.

After each, every row of a file is in its results exactly once, and in the histories where files are recorded.
"""

from __future__ import annotations

import csv
import io
import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from tollgate.adapters.dynamodb.batches import BatchState, Lease
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.errors import ConflictError, TollgateError
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.lease import BatchJob, BatchLease, Delivery
from tollgate.services.batches.process import GivenUpError, LeaseHeldError, score_batch

from tests.doors.doors import invoke, write_notice
from tests.services.backend import Backend, Payment, forget_storage, write_payments
from tests.services.faulty_endpoint import Fault, FaultyEndpoint, faulty_endpoint

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.long]

KEY = "inbox/payments/a.csv"
ROWS = 60
LEASE_S = 0.5
# Chunks, parts and leases so small that a file of 60 rows has many of each.
SMALL = {
    "PIECE_ROWS": "15", "CHECKPOINT_S": "0", "PART_BYTES": "2000", "LEASE_S": str(LEASE_S), "HEARTBEAT_S": "0.1",
    "MOST_TRIES": "50",
}  # fmt: skip
SERVICES, FAULTY = ("DynamoDB", "/inbox/", "/results/", "/work/"), ("throttle", "drop the answer", "cut the answer")
QUICK = {("DynamoDB", "throttle"), ("/inbox/", "cut the answer"), ("/results/", "drop the answer")}
FAULTS = [
    pytest.param(*fault, marks=() if fault in QUICK else pytest.mark.slow)
    for fault in itertools.product(SERVICES, FAULTY)
]
RUN = (
    "import sys; from tollgate.services.container import open_container; from tollgate.services.batches.process import "
)
RUN += "score_batch; print(score_batch(open_container(), *sys.argv[1:]).status)"


@pytest.fixture
def small(empty_backend: Backend, recording_version: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Storage in which files are recorded, in small chunks."""
    for name, value in SMALL.items():
        monkeypatch.setenv(f"TOLLGATE_{name}", value)
    forget_storage()
    empty_backend.publish(recording_version)
    return empty_backend


@pytest.fixture
def endpoint(small: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyEndpoint]:
    """The way to the storage; without faults until some are set."""
    with faulty_endpoint(small.environment["AWS_ENDPOINT_URL"]) as started:
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.url)
        forget_storage()
        yield started


def read_results(backend: Backend, batch_id: str) -> list[dict[str, str]]:
    summary = show_batch(backend.container, batch_id)["summary"]
    text = backend.get(summary["results"]).decode()
    table = pa.parquet.read_table(io.BytesIO(backend.get(summary["results_parquet"])))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert table.column("event_id").to_pylist() == [row["event_id"] for row in rows]
    return rows


def undisturbed(
    backend: Backend, payments: list[Payment], key: str = "inbox/payments/undisturbed.csv"
) -> tuple[list[dict[str, str]], dict[str, dict[str, int]]]:
    """Return results and histories of a file of the same payments that nothing happened to, and forget them."""
    rows = read_results(
        backend, score_batch(backend.container, key, backend.drop(key, write_payments(payments))).batch_id
    )
    histories = backend.histories()
    for page in backend.dynamodb.get_paginator("scan").paginate(TableName=backend.container.histories.table):
        for item in page["Items"]:
            backend.dynamodb.delete_item(TableName=backend.container.histories.table, Key={"pk": item["pk"]})
    return rows, histories


def go_on_until_done(backend: Backend, etag: str) -> BatchState:
    for _ in range(60):
        with suppress(TollgateError):
            state = score_batch(backend.container, KEY, etag)
            if state.status != "running":
                return state
        time.sleep(LEASE_S / 5)
    raise AssertionError("it does not end")


def test_in_small_pieces_the_results_are_those_of_one_piece(
    small: Backend, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, histories = undisturbed(small, later_payments[:ROWS])
    for name in SMALL:
        monkeypatch.delenv(f"TOLLGATE_{name}")
    forget_storage()
    whole, of_whole = undisturbed(small, later_payments[:ROWS], "inbox/payments/whole.csv")
    assert [row["event_id"] for row in rows] == [payment["event_id"] for payment in later_payments[:ROWS]]
    assert (len(rows), [row["outcome"] for row in rows]) == (ROWS, [row["outcome"] for row in whole])
    assert histories == of_whole


@pytest.mark.parametrize("after_requests", [pytest.param(60, marks=pytest.mark.slow), 200])
def test_a_process_killed_again_and_again_is_gone_on_with(
    small: Backend, endpoint: FaultyEndpoint, later_payments: list[Payment], after_requests: int
) -> None:
    expected = undisturbed(small, later_payments[:ROWS])
    etag = small.drop(KEY, write_payments(later_payments[:ROWS]))
    kills, patience = 0, after_requests
    for _ in range(40):
        running = subprocess.Popen([sys.executable, "-c", RUN, KEY, etag], stdout=subprocess.PIPE, text=True)
        left = itertools.count(patience, -1)

        def kill(_request: str, running: subprocess.Popen[str] = running, left: Iterator[int] = left) -> None:
            if next(left) == 0:
                running.send_signal(signal.SIGKILL)

        endpoint.at_each = kill
        said, _ = running.communicate(timeout=60)
        endpoint.at_each = lambda _request: None
        if said.rstrip().endswith("done"):
            break
        kills += running.returncode == -signal.SIGKILL
        patience += 40  # a run that never lives long enough to come further is another test
        time.sleep(LEASE_S)
    assert kills >= 1
    state = small.container.states.find(BatchFile.of(KEY, etag, "payments").batch_id)
    assert state is not None
    assert state.status == "done"
    assert (read_results(small, state.batch_id), small.histories()) == expected


@pytest.mark.parametrize(("service", "fault"), FAULTS)
def test_storage_that_fails_now_and_then_loses_and_doubles_nothing(
    small: Backend, endpoint: FaultyEndpoint, later_payments: list[Payment], service: str, fault: Fault
) -> None:
    expected = undisturbed(small, later_payments[:ROWS])
    etag = small.drop(KEY, write_payments(later_payments[:ROWS]))
    endpoint.faults[service] = fault
    endpoint.one_in = 3
    state = go_on_until_done(small, etag)
    endpoint.faults.clear()
    assert state.status == "done"
    assert (read_results(small, state.batch_id), small.histories()) == expected


def test_a_run_that_lost_its_lease_writes_nothing_any_more(
    small: Backend, later_payments: list[Payment], pass_time: Callable[[float], None]
) -> None:
    etag = small.drop(KEY, write_payments(later_payments[:ROWS]))
    file = BatchFile.of(KEY, etag, "payments")
    slow = BatchLease.take(BatchJob(small.container, file, etag, Delivery("slow")))
    assert slow is not None
    pass_time(LEASE_S + 0.1)  # its thread does not run: it gives no sign of life
    assert score_batch(small.container, KEY, etag).status == "done"
    with pytest.raises(ConflictError):
        slow.keep("0001-0000")
    with pytest.raises(ConflictError):
        slow.end("rejected", reason="late")
    assert show_batch(small.container, file.batch_id)["status"] == "done"


def test_a_message_that_comes_again_while_it_is_worked_on_waits_and_another_is_dropped(
    small: Backend, later_payments: list[Payment]
) -> None:
    etag = small.drop(KEY, write_payments(later_payments[:5]))
    file = BatchFile.of(KEY, etag, "payments")
    lease = Lease(file.batch_id, "token", "first", time.time() + 60)
    assert small.container.states.take(file, lease, "mark", "2026-06-01T00:00:00Z", time.time())
    with pytest.raises(LeaseHeldError) as held:
        score_batch(small.container, KEY, etag, Delivery("first", 2))
    assert 0 < held.value.for_s <= 60
    assert score_batch(small.container, KEY, etag, Delivery("second")).status == "running"


def test_near_its_end_a_function_hands_on_and_all_together_score_each_row_once(
    small: Backend, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(small, later_payments[:ROWS])
    etag = small.drop(KEY, write_payments(later_payments[:ROWS]))
    handed: list[tuple[str, str]] = []
    monkeypatch.setattr("tollgate.adapters.sqs.FileQueue.hand_on", lambda _self, *file: handed.append(file))
    runs = 0
    while (
        state := score_batch(small.container, KEY, etag, Delivery(f"m{runs}", 1, time.monotonic()))
    ).status == "running":
        runs += 1
        assert len(handed) == runs, "a message for each run that did not end"
        assert state.lease is None
    assert runs > 3
    assert (read_results(small, state.batch_id), small.histories()) == expected


def test_a_file_that_brings_no_run_further_is_given_up_with_a_reason(
    small: Backend,
    later_payments: list[Payment],
    monkeypatch: pytest.MonkeyPatch,
    pass_time: Callable[[float], None],
) -> None:
    monkeypatch.setenv("TOLLGATE_MOST_TRIES", "3")
    forget_storage()
    etag = small.drop(KEY, write_payments(later_payments[:5]))
    file = BatchFile.of(KEY, etag, "payments")
    for receives in (1, 2, 3):  # runs that were killed before they came further
        taken = BatchLease.take(BatchJob(small.container, file, etag, Delivery("m", receives)))
        assert taken is not None
        pass_time(LEASE_S + 0.1)
    with pytest.raises(GivenUpError):
        score_batch(small.container, KEY, etag, Delivery("m", 4))
    batch = show_batch(small.container, file.batch_id)
    assert batch["status"] == "failed"
    assert "Given up after 3 tries" in batch["reason"]
    assert batch["reason"] in small.get(file.rejected_key).decode()
    with pytest.raises(GivenUpError):
        score_batch(small.container, KEY, etag, Delivery("m", 5))
    assert score_batch(small.container, KEY, etag, Delivery("put back")).status == "done"


def test_a_file_replaced_while_it_is_read_is_not_mixed(small: Backend, later_payments: list[Payment]) -> None:
    old = small.drop(KEY, write_payments(later_payments[:10]))
    new = small.drop(KEY, write_payments(later_payments[10:20]))
    rejected, done = score_batch(small.container, KEY, old), score_batch(small.container, KEY, new)
    assert (rejected.status, done.status) == ("rejected", "done")
    assert "Another file was dropped" in str(rejected.reason)
    assert len(read_results(small, done.batch_id)) == 10


def test_a_hundred_files_told_of_twice_in_any_order_at_once(backend: Backend, later_payments: list[Payment]) -> None:
    def name(number: int) -> str:
        return f"inbox/payments/{number}.csv"

    files = {name(n): later_payments[3 * n : 3 * n + 3] for n in range(100)}
    etags = {key: backend.drop(key, write_payments(payments)) for key, payments in files.items()}
    notices = [write_notice(key, etag, f"{key} {n}") for key, etag in etags.items() for n in range(2)]
    random.Random(5).shuffle(notices)
    backend.container.champion()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda notice: invoke("batch", {"Records": [notice]}), notices))
    assert not [answer for answer in answers if answer["batchItemFailures"]]
    for key, payments in files.items():
        rows = read_results(backend, BatchFile.of(key, etags[key], "payments").batch_id)
        assert [row["event_id"] for row in rows] == [payment["event_id"] for payment in payments]
    assert not backend.keys("work/")
