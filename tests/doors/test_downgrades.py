"""A rule that takes a block away: the answer, the record, the search, a variant, a file and a trial all say so."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.rule import Rule, RuleBook

from model_build.deployment.publish import open_folder
from tests.core.files.scored import score
from tests.doors.doors import call
from tests.doors.test_search import decide_and_index
from tests.services.backend import Backend, Payment, reseal
from tests.training.test_command_line import call as run

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

# Whatever the score, it blocks; but small payments are reviewed, whatever the score.
OUTCOMES = [{"name": "approve", "from_score": 0}, {"name": "block", "from_score": 1}]
RULES = (Rule("watched", "amount > 0", "review", shadow=True), Rule("small", "amount < 100", "review"))
BOOK = RuleBook("FIRST_MATCHED", RULES, {}, ("approve", "review", "block"))
TAKEN = {"rule": "small", "from": "block"}


@pytest.fixture(scope="module")
def weak_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reseal(sample_version, tmp_path_factory.mktemp("weak"), rules=BOOK.to_json(), outcomes=OUTCOMES)


@pytest.fixture
def weak(empty_backend: Backend, weak_version: Path) -> Backend:
    empty_backend.publish(weak_version)
    return empty_backend


def test_every_door_says_who_took_the_block_away(weak: Backend, payment: Payment) -> None:
    small, large = {**payment, "amount": 20.0}, {**payment, "event_id": "large", "amount": 500.0}
    decide_and_index(weak, [small, large])

    for asked, outcome, taken in ((small, "review", TAKEN), (large, "block", None)):
        _, stored = call("GET", f"/v1/decisions/{asked['event_id']}")
        _, repeated = call("POST", "/v1/decisions", {"event": asked})
        _, supposed = call("POST", "/v1/what-if", {"event": asked})
        for answer in (stored, repeated, supposed["unchanged"]):
            assert (answer["outcome"], answer["downgraded"]) == (outcome, taken)
    _, found = call("GET", "/v1/decisions")
    assert {one["event_id"]: one["downgraded"] for one in found["decisions"]} == {
        small["event_id"]: TAKEN,
        "large": None,
    }


def test_a_record_keeps_nothing_of_it_and_an_old_one_says_it_too(weak: Backend, payment: Payment) -> None:
    call("POST", "/v1/decisions", {"event": {**payment, "amount": 20.0}})
    record = weak.container.decisions.find("payments", payment["event_id"])
    assert record is not None
    assert "downgraded" not in record.decision.to_stored()
    # Another process knows no version yet, and reads no more of it than its manifest.
    weak.container.versions._thresholds.clear()
    weak.container.versions._sealed.clear()
    assert call("GET", f"/v1/decisions/{payment['event_id']}")[1]["downgraded"] == TAKEN


@pytest.fixture(scope="module")
def weak_detector(weak_version: Path) -> DetectorVersion:
    return open_folder(weak_version)


def test_a_file_names_what_the_score_alone_gives(
    weak_detector: DetectorVersion, sample_csv: Path, tmp_path: Path
) -> None:
    lines = sample_csv.read_bytes().splitlines(keepends=True)
    scored = score(weak_detector, b"".join(lines[:300]), tmp_path)
    for row in scored.rows:
        taken = row["outcome"] == "review" and int(row["score"]) >= 1
        assert row["downgraded_from"] == ("block" if taken else ""), row
    counted = sum(row["downgraded_from"] == "block" for row in scored.rows)
    assert counted > 0
    assert scored.summary["downgraded"] == {"small": counted}
    for event in scored.summary["top_events"]:
        assert event["downgraded"] == (TAKEN if event["outcome"] == "review" and event["score"] >= 1 else None)


def test_the_command_line_says_it_of_a_file(weak_version: Path, sample_csv: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_bytes(b"".join(sample_csv.read_bytes().splitlines(keepends=True)[:300]))
    result = run("score", new, "--version", weak_version, "--out", tmp_path / "r.csv", "--fresh")
    with (tmp_path / "r.csv").open(newline="") as file:
        counted = sum(row["downgraded_from"] == "block" for row in csv.DictReader(file))
    said = f'Rule "small" downgraded {counted} rows from the outcome of the score: see the column "downgraded_from"'
    assert said in result.stdout.splitlines()


def test_the_command_line_says_it_of_one_decision(weak: Backend, payment: Payment) -> None:
    table = ("--decisions-table", weak.environment["TOLLGATE_DECISIONS_TABLE"], "--bucket", weak.bucket)
    for event_id, amount, outcome in (("small", 20.0, "review"), ("large", 500.0, "block")):
        decided = call("POST", "/v1/decisions", {"event": {**payment, "event_id": event_id, "amount": amount}})
        assert decided[1]["outcome"] == outcome
        said = run("replay", event_id, "--detector", "payments", *table)
        assert said.exit_code == 0, said.output
        taken = 'Rule "small" lowered the outcome from block to review' in said.stdout
        assert taken == (outcome == "review")


@pytest.mark.usefixtures("backend")
def test_a_trial_counts_them() -> None:
    rule = {"name": "all", "expression": "amount > 0", "outcome": "review"}
    _, trial = call("POST", "/v1/rules/trial", {"rules": [rule, {**rule, "name": "exempt", "outcome": "approve"}]})
    reviewing, exempting = trial["rules"]
    assert [one["outcome"] for one in reviewing["downgrades"]] == ["block"]
    assert [one["outcome"] for one in exempting["downgrades"]] == ["review", "block"]
    (taken,) = reviewing["downgrades"]
    assert 0 < taken["events"] == taken["of"] == exempting["downgrades"][1]["events"]
    said = f"downgrades {taken['events']:,} of {taken['of']:,} events from block to review, {taken['frauds']:,} of"
    assert reviewing["notes"][0].startswith(said)
    _, bounded = call("POST", "/v1/rules/trial", {"rules": [{**rule, "expression": "amount > 0 && score < 975"}]})
    assert bounded["rules"][0]["downgrades"] == []
