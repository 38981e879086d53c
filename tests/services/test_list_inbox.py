"""What lies in the inbox is listed with how far it is."""

from __future__ import annotations

import pytest
from tollgate.services.batches import catalog as listing
from tollgate.services.batches.catalog import announce_batch, list_inbox
from tollgate.services.batches.process import score_batch

from tests.services.backend import Backend, Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def states(backend: Backend) -> dict[str, str]:
    return {file["filename"]: file["status"] for file in list_inbox(backend.container)["files"]}


def test_files_are_queued_until_a_run_takes_them(backend: Backend, payment: Payment) -> None:
    content = write_payments([payment])
    assert list_inbox(backend.container) == {"files": [], "complete": True}
    announced = announce_batch(backend.container, "announced.csv")
    assert states(backend) == {}
    etags = {key: backend.drop(key, content) for key in (announced["key"], "inbox/mine.csv", "inbox/payments/bad.csv")}
    backend.drop("inbox/folder/", b"")
    backend.drop("labels/mine.csv", content)
    assert states(backend) == dict.fromkeys(("announced.csv", "mine.csv", "bad.csv"), "queued")
    score_batch(backend.container, "inbox/mine.csv", etags["inbox/mine.csv"])
    score_batch(backend.container, "inbox/payments/bad.csv", backend.drop("inbox/payments/bad.csv", b"x\n1\n"))
    assert states(backend) == {"announced.csv": "queued", "mine.csv": "done", "bad.csv": "rejected"}
    (mine,) = [file for file in list_inbox(backend.container)["files"] if file["filename"] == "mine.csv"]
    assert mine["detector"] == "payments"
    assert mine["size_bytes"] == len(content)
    assert backend.container.states.find(mine["batch_id"]) is not None


def test_of_many_the_newest_are_listed(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_FILES", 2)
    for number in range(3):
        backend.drop(f"inbox/{number}.csv", b"")
    listed = list_inbox(backend.container)
    assert len(listed["files"]) == 2
    assert not listed["complete"]
