"""A decision is replayed from its record to the bit, whatever has happened since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tollgate.adapters.dynamodb.decisions import decision_key, pack_json, unpack_json
from tollgate.adapters.dynamodb.items import get_items
from tollgate.core.detectors.safety import Fail, Safety
from tollgate.core.explanations.explain import Wanted
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events

from model_build.cli.main import main
from tests.fakes.item_size import item_bytes
from tests.services.backend import DETECTOR, Backend, Payment, Publish, forget_storage, reseal
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator


def replay(backend: Backend, event_id: str, *more: str) -> Result:
    table = backend.environment["TOLLGATE_DECISIONS_TABLE"]
    asked = ["replay", event_id, "--detector", DETECTOR, "--decisions-table", table]
    return CliRunner().invoke(main, [*asked, *(more or ("--bucket", backend.bucket))])


def change(container: Container, event_id: str, runtime: str | None = None, **answered: object) -> None:
    """Change what a decision's record says that was answered, or what it was decided with."""
    key = {"pk": {"S": decision_key(DETECTOR, event_id)}}
    item = container.decisions.client.get_item(TableName=container.decisions.table, Key=key)["Item"]
    content = unpack_json(item["d"]["B"])
    content[0] |= answered
    content[6] = runtime or content[6]
    item["d"] = {"B": pack_json(content)}
    container.decisions.client.put_item(TableName=container.decisions.table, Item=item)


@pytest.mark.parametrize("reasons", ["none", "top", "all"])
def test_decisions_come_out_the_same_later(
    backend: Backend,
    later_payments: list[Payment],
    reasons: Any,  # noqa: ANN401 - one of three words
) -> None:
    container, same_customer = backend.container, {"customer_id": later_payments[0]["customer_id"]}
    payments = [payment | same_customer for payment in later_payments[:12]]
    for payment in payments:
        decide_event(container, payment, reasons=reasons)
    label_events(container, [{"event_id": payment["event_id"], "label": "fraud"} for payment in payments])
    for payment in payments:
        result = replay(backend, payment["event_id"])
        assert result.exit_code == 0, result.output
        assert result.output.startswith("Identical: probability ")
        assert ("no reasons" in result.output) == (reasons == "none")


def test_the_version_may_come_from_a_folder(backend: Backend, payment: Payment, sample_version: Path) -> None:
    decide_event(backend.container, payment)
    assert replay(backend, payment["event_id"], "--folder", str(sample_version)).exit_code == 0


def test_what_lists_held_is_replayed(
    empty_backend: Backend, sample_version: Path, payment: Payment, tmp_path: Path
) -> None:
    lists = {"bad": ValueList.of("text", ["somebody"])}
    rule = Rule("known_bad", "customer_id in bad", "block")
    rules = RuleBook("ALL_MATCHED", (rule,), lists, ("approve", "review", "block")).to_json()
    empty_backend.publish(reseal(sample_version, tmp_path, rules=rules))
    empty_backend.drop(f"lists/{DETECTOR}/bad.txt", str(payment["customer_id"]).encode())
    answer = decide_event(empty_backend.container, payment)
    assert [hit.rule for hit in answer.rules] == ["known_bad"]
    empty_backend.drop(f"lists/{DETECTOR}/bad.txt", b"nobody")
    result = replay(empty_backend, payment["event_id"])
    assert result.exit_code == 0, result.output
    assert "block, 1 rules" in result.output


def test_what_differs_is_said(backend: Backend, payment: Payment, sample_version: Path, tmp_path: Path) -> None:
    decide_event(backend.container, payment)
    other = reseal(sample_version, tmp_path, outcomes=[{"name": "block", "from_score": 0}])
    result = replay(backend, payment["event_id"], "--folder", str(other))
    assert result.exit_code == 1
    assert 'outcome: was "' in result.output
    assert f'detector_version: was "{sample_version.name}", now "{other.name}"' in result.output
    assert "probability: was" not in result.output


@pytest.mark.parametrize("fail", ["review", "rules_only"])
def test_a_decision_without_histories_is_replayed(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment, fail: Fail
) -> None:
    publish(Safety(fail=fail))
    endpoint.faults["BatchGetItem"] = "throttle"
    assert decide_event(backend.container, payment).degraded
    endpoint.faults.clear()
    result = replay(backend, payment["event_id"])
    assert result.exit_code == 0, result.output
    assert "probability None, score None" in result.output


def test_an_outcome_that_the_brake_gave_is_told_apart(backend: Backend, payment: Payment) -> None:
    answer = decide_event(backend.container, payment)
    change(backend.container, payment["event_id"], outcome="?", braked=True)
    result = replay(backend, payment["event_id"])
    assert result.exit_code == 0, result.output
    assert f"by the circuit breaker or a forced outcome; the decision was {answer.outcome}" in result.output


def test_a_changed_record_and_other_libraries_are_told(backend: Backend, payment: Payment) -> None:
    answer = decide_event(backend.container, payment)
    change(backend.container, payment["event_id"], runtime="an abacus", probability=0.5)
    result = replay(backend, payment["event_id"])
    assert result.exit_code == 1
    assert f"probability: was 0.5, now {answer.probability!r}" in result.output
    assert "Decided with an abacus; replayed with numpy" in result.output


def test_an_event_that_was_never_decided_on_is_told(backend: Backend) -> None:
    result = replay(backend, "nobody")
    assert result.exit_code == 1
    assert 'There is no decision on event "nobody"' in result.output


def test_reasons_are_told_with_the_version_that_decided(
    empty_backend: Backend, sample_version: Path, payment: Payment, tmp_path: Path
) -> None:
    empty_backend.publish(sample_version)
    first = decide_event(empty_backend.container, payment, reasons="top")
    empty_backend.publish(reseal(sample_version, tmp_path, outcomes=[{"name": "block", "from_score": 0}]))
    forget_storage()
    event_id = payment["event_id"]
    assert empty_backend.container.champion().version != sample_version.name
    assert find_decision(empty_backend.container, event_id).reasons == first.reasons
    assert decide_event(empty_backend.container, payment).reasons == first.reasons
    for key in empty_backend.keys(f"detectors/{DETECTOR}/{sample_version.name}/"):
        empty_backend.s3.delete_object(Bucket=empty_backend.bucket, Key=key)
    forget_storage()
    found = find_decision(empty_backend.container, event_id)
    assert found.reasons is None
    assert found.outcome == first.outcome


def test_a_place_for_the_version_is_needed(backend: Backend, payment: Payment) -> None:
    decide_event(backend.container, payment)
    table = backend.environment["TOLLGATE_DECISIONS_TABLE"]
    asked = ["replay", payment["event_id"], "--detector", DETECTOR, "--decisions-table", table]
    assert "--bucket or --folder" in CliRunner().invoke(main, asked).output


def test_a_decision_takes_one_kilobyte_with_reasons_too(backend: Backend, later_payments: list[Payment]) -> None:
    container = backend.container
    same = {name: later_payments[0][name] for name in ("customer_id", "merchant_id", "device_id", "ip")}
    sizes: dict[Wanted, list[int]] = {"none": [], "top": []}
    for number, payment in enumerate(later_payments[:40]):
        reasons: Wanted = "top" if number % 2 else "none"
        decide_event(container, payment | same, reasons=reasons)
        pk = decision_key(DETECTOR, payment["event_id"])
        item = get_items(container.decisions.client, {container.decisions.table: [pk]})[container.decisions.table][pk]
        sizes[reasons].append(item_bytes(item))
    assert 512 < np.median(sizes["none"]) <= 1_024
    assert np.median(sizes["none"]) < np.median(sizes["top"]) <= 1_024
