"""Lists in the bucket: they stand in for the sealed ones, without a new version."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner
from tollgate.adapters.versions import VersionStore
from tollgate.core.rules.members import Members
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.version import DetectorVersion
from tollgate.errors import UnavailableError
from tollgate.services.decide_event import decide_event
from tollgate.services.find_decision import find_decision

from model_build.command_line import main
from tests.services.backend import DETECTOR, Backend, Payment, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BOOK = RuleBook(
    "FIRST_MATCHED",
    (Rule("denied", "customer_id in denied", "block"), Rule("round", "amount in round", "review", shadow=True)),
    {"denied": Members.of("text", ["c1", "c2"]), "round": Members.of("number", [100.0])},
    ("approve", "review", "block"),
)
KEY = f"lists/{DETECTOR}/denied.txt"


@pytest.fixture(scope="session")
def ruled_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reseal(sample_version, tmp_path_factory.mktemp("ruled"), rules=BOOK.to_json())


@pytest.fixture
def ruled(empty_backend: Backend, ruled_version: Path) -> Backend:
    empty_backend.publish(ruled_version)
    return empty_backend


@pytest.fixture
def store(ruled: Backend) -> VersionStore:
    return VersionStore(ruled.s3, ruled.bucket, refresh_s=10)


def values_in(version: DetectorVersion, name: str) -> set[object]:
    return set(version.rules.book.lists[name].values)


def test_the_sealed_list_holds_until_there_is_another(ruled: Backend, store: VersionStore) -> None:
    first = store.champion(DETECTOR, now_s=0)
    ruled.drop(KEY, b"c7\n c8 \n\n")
    ruled.drop(f"lists/{DETECTOR}/round.txt", b"1\n2.5\n")
    assert values_in(first, "denied") == {"c1", "c2"}
    assert values_in(store.champion(DETECTOR, now_s=9), "denied") == {"c1", "c2"}

    later = store.champion(DETECTOR, now_s=11)
    assert values_in(later, "denied") == {"c7", "c8"}
    assert values_in(later, "round") == {1.0, 2.5}
    assert later.version == first.version
    assert later.model is first.model
    assert values_in(first, "denied") == {"c1", "c2"}, "an event that is being decided keeps its version as it is"


def test_a_list_that_is_taken_away_gives_way_to_the_sealed_one(ruled: Backend, store: VersionStore) -> None:
    ruled.drop(KEY, b"c7\n")
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c7"}
    assert values_in(store.champion(DETECTOR, now_s=11), "denied") == {"c7"}, "asked again, and unchanged"
    ruled.s3.delete_object(Bucket=ruled.bucket, Key=KEY)
    assert values_in(store.champion(DETECTOR, now_s=22), "denied") == {"c1", "c2"}


def test_an_emptied_list_is_empty(ruled: Backend, store: VersionStore) -> None:
    ruled.drop(KEY, b"")
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == set()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"1\nmany\n", b"x" * 300], ids=["not text", "no number", "long"])
def test_a_list_that_cannot_be_read_changes_nothing(
    ruled: Backend, store: VersionStore, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    ruled.drop(f"lists/{DETECTOR}/round.txt", b"5\n")
    assert values_in(store.champion(DETECTOR, now_s=0), "round") == {5.0}
    ruled.drop(f"lists/{DETECTOR}/round.txt", content)
    with caplog.at_level(logging.ERROR):
        assert values_in(store.champion(DETECTOR, now_s=11), "round") == {5.0}
    assert "round.txt" in caplog.text


def test_a_bucket_that_does_not_answer_is_told_at_first_and_borne_later(
    ruled: Backend, store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.champion(DETECTOR, now_s=0)
    ruled.drop(KEY, b"c7\n")
    monkeypatch.setattr(store, "bucket", ruled.bucket)
    monkeypatch.setattr(store._lists, "bucket", "Not a bucket")
    assert store.champion(DETECTOR, now_s=11) is first

    fresh = VersionStore(ruled.s3, ruled.bucket, refresh_s=10)
    monkeypatch.setattr(fresh._lists, "bucket", "Not a bucket")
    with pytest.raises(UnavailableError):
        fresh.champion(DETECTOR, now_s=0)


def test_a_decision_says_which_rules_matched_and_is_stored_with_them(ruled: Backend, payment: Payment) -> None:
    ruled.drop(KEY, str(payment["customer_id"]).encode())
    answer = decide_event(ruled.stores, payment)

    assert answer["outcome"] == "block"
    customer = payment["customer_id"]
    assert answer["rules"] == [
        {"rule": "denied", "outcome": "block", "shadow": False, "expression": f'"{customer}" in denied'}
    ]
    assert answer["lists"] == [
        {"list": "denied", "value": customer, "found": True},
        {"list": "round", "value": payment["amount"], "found": False},
    ]
    repeated = decide_event(ruled.stores, payment)
    found = find_decision(ruled.stores, payment["event_id"])
    for later in (repeated, found):
        assert {name: later[name] for name in ("outcome", "rules", "lists")} == {
            name: answer[name] for name in ("outcome", "rules", "lists")
        }


def put(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["lists", "put", *arguments])
    return result.exit_code, result.output


def test_the_command_puts_a_list(ruled: Backend, store: VersionStore, tmp_path: Path) -> None:
    path = tmp_path / "denied.txt"
    path.write_text("c5\nc6\nc5\n")
    of = ("--detector", DETECTOR, "--bucket", ruled.bucket)

    assert put(str(path), "--name", "denied", *of) == (0, "payments now goes by 2 values in denied\n")
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c5", "c6"}
    code, said = put(str(path), "--name", "denid", *of)
    assert code == 1
    wrong = 'no list "denid" (did you mean "denied"?); it has denied, round.'
    assert said == f"Error: The version of payments that decides has {wrong}\n"
    code, said = put(str(path), "--name", "round", *of)
    assert (code, said) == (1, f"Error: {path} has the value 'c5', which is no number.\n")
    code, said = put(str(tmp_path / "nothing.txt"), "--name", "denied", *of)
    assert code == 1
    assert "cannot be read as text" in said
