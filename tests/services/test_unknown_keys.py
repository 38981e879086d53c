"""The file door says that keys are not those that histories are stored of."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.process import score_batch

from model_build.deployment.publish import publish_version
from tests.services.backend import Backend, Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def notes(backend: Backend, name: str, payments: list[Payment]) -> list[str]:
    key = f"inbox/payments/{name}.csv"
    state = score_batch(backend.container, key, backend.drop(key, write_payments(payments)))
    told: list[str] = show_batch(backend.container, state.batch_id)["summary"]["notes"]
    return told


def test_keys_in_another_spelling_are_noted_where_histories_are_stored(
    empty_backend: Backend, sample_version: Path, later_payments: list[Payment]
) -> None:
    shouted = [{**one, "merchant_id": one["merchant_id"].upper()} for one in later_payments[:200]]
    empty_backend.publish(sample_version)
    assert notes(empty_backend, "nothing-stored", shouted) == []
    publish_version(sample_version, empty_backend.bucket, empty_backend.container.histories.table)

    (note,) = notes(empty_backend, "shouted", shouted)
    assert 'values of "merchant_id" in this file is known to the version; "M' in note
    assert notes(empty_backend, "as-they-are", later_payments[:200]) == []
