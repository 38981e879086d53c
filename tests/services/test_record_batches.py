"""Files that are recorded in the histories: once, though runs repeat, meet, or end halfway."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tollgate.adapters.dynamodb.batches import BatchState
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.core.history.stored import StoredHistories
from tollgate.core.history.stored_names import OPEN
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event

from tests.services.backend import Backend, Payment, forget_storage, write_payments
from tests.services.expected import (
    Histories,
    add_up,
    expected_histories,
    read_payments_as_events,
    settled,
    under_pks,
    withheld_of,
)

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

KEY = "inbox/payments/a.csv"


class KilledError(BaseException):
    """The process ends here: nothing that catches errors gets to see it."""


class DyingClient:
    """A DynamoDB client whose process ends before, or just after, one of its transactions; otherwise the real one."""

    def __init__(self, client: Any, dies_at: int, *, after_writing: bool) -> None:  # noqa: ANN401 - any client
        self._client = client
        self._left = dies_at
        self._after_writing = after_writing
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:  # noqa: ANN401 - as the real one
        with self._lock:
            self._left -= 1
            if self._left < 0 and not (self._after_writing and self._left == -1):
                raise KilledError
            answer = self._client.transact_write_items(**request)
            if self._left < 0:
                raise KilledError
            return answer


LEASE_S = 0.2


@pytest.fixture
def recording(empty_backend: Backend, recording_version: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Storage in which files are recorded, and a killed run is taken for dead soon."""
    monkeypatch.setenv("TOLLGATE_LEASE_S", str(LEASE_S))
    monkeypatch.setenv("TOLLGATE_HEARTBEAT_S", str(LEASE_S / 5))
    forget_storage()
    empty_backend.publish(recording_version)
    return empty_backend


def go_on(recording: Backend, etag: str) -> BatchState:
    """Score the file again after a run was killed."""
    time.sleep(LEASE_S)
    return score_batch(recording.container, KEY, etag)


@pytest.fixture
def etag(recording: Backend, later_payments: list[Payment]) -> str:
    """A file of 200 payments, whose entities need several lots, in the inbox."""
    return recording.drop(KEY, write_payments(later_payments[:200]))


@pytest.fixture
def expected(recording: Backend, later_payments: list[Payment]) -> Histories:
    """What the file adds, worked out at once."""
    return recorded(recording, later_payments[:200])


def recorded(recording: Backend, payments: list[Payment], stored: StoredHistories | None = None) -> Histories:
    """What a file of payments adds, whose amounts are judged on top of what is stored."""
    version = recording.container.champion()
    events = read_payments_as_events(version, *payments)
    unusual = replay_histories(version.history, events, stored=stored).excess
    withheld = withheld_of(version, events, stored)
    sums = sum_additions(version.history, events, unusual, withheld=withheld)
    return under_pks(version, sums)


def dying(container: Container, dies_at: int, *, after_writing: bool) -> Container:
    client: Any = DyingClient(container.histories.client, dies_at, after_writing=after_writing)
    return replace(container, histories=replace(container.histories, client=client))


def at_once(works: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_file_is_recorded(recording: Backend, etag: str, expected: Histories) -> None:
    assert score_batch(recording.container, KEY, etag).status == "done"
    assert recording.histories() == expected
    assert len(expected) > 300


def test_repeated_notices_record_once(recording: Backend, etag: str, expected: Histories) -> None:
    for _ in range(3):
        score_batch(recording.container, KEY, etag)
    assert recording.histories() == expected


def test_runs_that_meet_record_once(recording: Backend, etag: str, expected: Histories) -> None:
    at_once([lambda: score_batch(recording.container, KEY, etag)] * 3)
    assert recording.histories() == expected


@pytest.mark.parametrize("dies_at", [0, 1, 3])
@pytest.mark.parametrize("after_writing", [False, True], ids=["before writing", "after writing"])
def test_a_run_killed_between_lots_is_finished_by_the_next(
    recording: Backend, etag: str, expected: Histories, dies_at: int, *, after_writing: bool
) -> None:
    with pytest.raises(KilledError):
        score_batch(dying(recording.container, dies_at, after_writing=after_writing), KEY, etag)
    assert recording.histories() != expected
    assert go_on(recording, etag).status == "done"
    assert recording.histories() == expected


def test_a_killed_run_does_not_change_the_results(recording: Backend, etag: str) -> None:
    with pytest.raises(KilledError):
        score_batch(dying(recording.container, 2, after_writing=True), KEY, etag)
    (before,) = (recording.get(key) for key in recording.keys("results/") if key.endswith(".csv"))
    go_on(recording, etag)
    (after,) = (recording.get(key) for key in recording.keys("results/") if key.endswith(".csv"))
    assert after == before


def test_files_and_events_add_up_in_any_order(
    recording: Backend, later_payments: list[Payment], etag: str, expected: Histories
) -> None:
    one, other = later_payments[300], later_payments[301]
    at_once([
        lambda: decide_event(recording.container, one),
        lambda: score_batch(recording.container, KEY, etag),
        lambda: decide_event(recording.container, other),
    ])  # fmt: skip
    both = [expected_histories(recording.container, payment) for payment in (one, other)]
    assert recording.histories() == add_up(expected, *both)


def test_a_file_remembers_which_amounts_are_unusual(recording: Backend, later_payments: list[Payment]) -> None:
    payments = payments_of_one(later_payments[0], [20.0, 20.0, 20.0, 20.0, 900.0, 20.0])
    score_batch(recording.container, KEY, recording.drop(KEY, write_payments(payments)))
    (sums,) = (sums for pk, sums in recording.histories().items() if "#customer#" in pk)
    assert sum(name[0] == "u" for name in sums) == 3, "one for each half-life of a day or more"
    assert recording.histories() == recorded(recording, payments)


def test_what_a_killed_run_found_unusual_stays_so(recording: Backend, later_payments: list[Payment]) -> None:
    payments = payments_of_one(later_payments[0], [20.0, 20.0, 20.0, 20.0, 900.0])
    etag = recording.drop(KEY, write_payments(payments))
    with pytest.raises(KilledError):
        score_batch(dying(recording.container, 0, after_writing=False), KEY, etag)
    usual = [
        {**payment, "event_id": f"large-{n}"}
        for n, payment in enumerate(payments_of_one(later_payments[0], [900.0] * 5))
    ]
    for payment in usual:
        decide_event(recording.container, payment)
    go_on(recording, etag)
    assert recording.histories() == add_up(
        recorded(recording, payments), expected_histories(recording.container, *usual)
    )


def payments_of_one(payment: Payment, amounts: list[float]) -> list[Payment]:
    """Return payments like ``payment``, a minute apart."""
    times = [f"2026-06-01T12:{minute:02d}:00Z" for minute in range(len(amounts))]
    return [
        {**payment, "event_id": f"of-one-{place}", "amount": amount, "timestamp": time}
        for place, (amount, time) in enumerate(zip(amounts, times, strict=True))
    ]


def test_files_of_weeks_leave_what_matured_and_what_is_open(recording: Backend, later_payments: list[Payment]) -> None:
    payments = payments_of_one(later_payments[0], [20.0] * 6)
    for place, payment in enumerate(payments):
        payment["timestamp"] = f"2026-06-{1 + 5 * place:02d}T12:00:00Z"
    score_batch(recording.container, KEY, recording.drop(KEY, write_payments(payments[:3])))
    second = "inbox/payments/b.csv"
    score_batch(recording.container, second, recording.drop(second, write_payments(payments[3:])))
    later_s = 1_783_000_000.0  # 2 July: the last has matured, and nothing of more than an hour has faded
    version = recording.container.champion()
    assert settled(version, recording.histories(), later_s) == settled(version, recorded(recording, payments), later_s)
    (sums,) = (sums for pk, sums in recording.histories().items() if "#customer#" in pk)
    assert {name[0] for name in sums} >= {OPEN, "l"}


def test_bad_rows_are_not_recorded(recording: Backend, later_payments: list[Payment]) -> None:
    payments: list[dict[str, Any]] = [dict(payment) for payment in later_payments[:2]]
    payments[1] |= {"amount": "a lot", "customer_id": "of the bad row"}
    score_batch(recording.container, KEY, recording.drop(KEY, write_payments(payments)))
    assert not [pk for pk in recording.histories() if "of the bad row" in pk]


def test_without_recording_nothing_is_added(backend: Backend, later_payments: list[Payment]) -> None:
    assert score_batch(backend.container, KEY, backend.drop(KEY, write_payments(later_payments[:50]))).status == "done"
    assert not backend.histories()
