"""Lists in the bucket: they stand in for the sealed ones, without a new version."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.matches import ListAnswer, RuleHit
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList
from tollgate.errors import UnavailableError
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision

from model_build.cli.main import main
from tests.services.backend import DETECTOR, Backend, Payment, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BOOK = RuleBook(
    "FIRST_MATCHED",
    (Rule("denied", "customer_id in denied", "block"), Rule("round", "amount in round", "review", shadow=True)),
    {"denied": ValueList.of("text", ["c1", "c2"]), "round": ValueList.of("number", [100.0])},
    ("approve", "review", "block"),
)
KEY = f"lists/{DETECTOR}/denied.txt"
PUT = """\
denied: adds 2, removes 2 of 2 values
denied: adds "c5", "c6"
denied: removes "c1", "c2"
denied: 1 duplicate lines, each value counted once
denied of payments now has 2 values
"""


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


def test_a_list_that_says_it_is_empty_is_empty(ruled: Backend, store: VersionStore) -> None:
    ruled.drop(KEY, b"# This list is empty on purpose.\n")
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == set()


@pytest.mark.parametrize("content", [b"", b"\n  \n", b"card,reason\nc7,stolen\n", b"# stolen cards\n"])
def test_an_object_without_values_or_of_rows_changes_nothing(
    ruled: Backend, store: VersionStore, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    ruled.drop(KEY, content)
    with caplog.at_level(logging.ERROR):
        assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c1", "c2"}
    assert "Keeping the list before lists/payments/denied.txt" in caplog.text


def test_a_list_that_older_code_wrote_still_opens(ruled: Backend, store: VersionStore) -> None:
    ruled.drop(KEY, b'card\nAcme,Inc\nNULL\n36.0\n"0037"\n#1 Shop\n')
    held = values_in(store.champion(DETECTOR, now_s=0), "denied")
    assert held == {"card", "Acme,Inc", "NULL", "36", "0037", "#1 Shop"}


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
    answer = decide_event(ruled.container, payment)

    assert answer.outcome == "block"
    customer = payment["customer_id"]
    assert answer.rules == (RuleHit("denied", "block", shadow=False, expression=f'"{customer}" in denied'),)
    assert answer.lists == (
        ListAnswer("denied", customer, found=True),
        ListAnswer("round", payment["amount"], found=False),
    )
    repeated = decide_event(ruled.container, payment)
    found = find_decision(ruled.container, payment["event_id"])
    for later in (repeated, found):
        assert (later.outcome, later.rules, later.lists) == (answer.outcome, answer.rules, answer.lists)


def put(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["lists", "put", *arguments])
    return result.exit_code, result.output


def test_the_command_puts_a_list(ruled: Backend, store: VersionStore, tmp_path: Path) -> None:
    path = tmp_path / "denied.txt"
    path.write_text("c5\nc6\nc5\n")
    of = ("--detector", DETECTOR, "--bucket", ruled.bucket)

    assert put(str(path), "--name", "denied", *of) == (0, PUT)
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c5", "c6"}
    code, said = put(str(path), "--name", "denid", *of)
    assert code == 1
    wrong = 'no list "denid" (did you mean "denied"?); it has denied, round.'
    assert said == f"Error: The champion of payments has {wrong}\n"
    code, said = put(str(path), "--name", "round", *of)
    assert (code, said) == (1, f'Error: {path} has "c5" in line 1, which is not a number.\n')
    code, said = put(str(tmp_path / "nothing.txt"), "--name", "denied", *of)
    assert (code, said) == (1, f"Error: List file {tmp_path / 'nothing.txt'} does not exist.\n")


def test_a_list_is_put_only_if_each_line_is_a_value(ruled: Backend, store: VersionStore, tmp_path: Path) -> None:
    of = ("--name", "denied", "--detector", DETECTOR, "--bucket", ruled.bucket)
    path = tmp_path / "denied.csv"
    path.write_text("card,reason\n0036,stolen\n")
    code, said = put(str(path), *of)
    assert code == 1
    assert said.startswith(f'Error: {path} has "card,reason" in line 1, which looks like a row of CSV; write one value')
    path.write_text("customer_id\n")
    for more in ((), ("--allow-empty",)):
        code, said = put(str(path), *of, *more)
        header = (
            'has "customer_id" in line 1, which is a column header; remove the line, which leaves no values; '
            'if it is a value, put "# This list has no header." on the line above'
        )
        assert (code, said) == (1, f"Error: {path} {header}.\n")
    path.write_bytes(b"c5\nc\x1f6\n")
    assert "has a control character (U+001F) in line 2; remove it" in put(str(path), *of)[1]
    path.write_text("\n# nothing\n")
    code, said = put(str(path), *of)
    assert (code, "has no values; to empty the list, use --allow-empty" in said) == (1, True)
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c1", "c2"}

    assert put(str(path), *of, "--allow-empty", "--dry-run") == (
        0,
        'denied: adds 0, removes 2 of 2 values\ndenied: removes "c1", "c2"\nNothing was changed (--dry-run)\n',
    )
    assert values_in(store.champion(DETECTOR, now_s=11), "denied") == {"c1", "c2"}
    assert put(str(path), *of, "--allow-empty")[0] == 0
    assert values_in(store.champion(DETECTOR, now_s=22), "denied") == set()


def test_quotes_are_taken_off(ruled: Backend, store: VersionStore, tmp_path: Path) -> None:
    path = tmp_path / "denied.txt"
    path.write_text('0036\n"0037"\n"Smith,Jones"\n')
    assert put(str(path), "--name", "denied", "--detector", DETECTOR, "--bucket", ruled.bucket)[0] == 0
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"0036", "0037", "Smith,Jones"}


def test_a_list_that_cannot_be_read_is_put_anew(ruled: Backend, store: VersionStore, tmp_path: Path) -> None:
    ruled.drop(KEY, b"c7,stolen\n")
    path = tmp_path / "denied.txt"
    path.write_text("c8\n")
    assert put(str(path), "--name", "denied", "--detector", DETECTOR, "--bucket", ruled.bucket)[0] == 0
    assert values_in(store.champion(DETECTOR, now_s=0), "denied") == {"c8"}
