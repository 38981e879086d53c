"""A detector that decides by rules alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tollgate.core.decisions.decide import decide_one
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import read_event
from tollgate.services.detectors.describe import describe_detector, describe_evaluation

from model_build.cli.main import main
from model_build.deployment.publish import load_folder_histories, open_folder

DETECTOR = """\
[detector]
id = "payments"
[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"
categorical = ["channel"]
label = "is_fraud"
[entities]
customer = "customer_id"
[[rules]]
name = "large | online"
when = 'amount > 200 && channel == "online"'
outcome = "block"
[[rules]]
name = "new customer"
when = "customer_count_30d < 0.1"
outcome = "review"
mode = "shadow"
expires = 2030-01-01
[lists.denied]
values = ["c1", "c2"]
"""
LARGE = {"event_id": "e", "timestamp": "2026-05-01", "amount": 500, "channel": "online", "customer_id": "c000001"}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    path = tmp_path / "detector.toml"
    path.write_text(DETECTOR)
    return path


def seal(detector: Path, out: Path, *data: Path) -> Path:
    result = call("seal", *data, "--detector", detector, "--out", out)
    assert result.exit_code == 0, result.output
    (folder,) = (out / "payments").iterdir()
    assert f"Sealed version {folder.name} in {folder}" in result.stdout
    return folder


def decide(version: DetectorVersion, folder: Path, event: dict[str, object]) -> tuple[str, int, list[str]]:
    decided = decide_one(version, read_event(version.event_type, event), load_folder_histories(version, folder))
    return decided.outcomes[0], int(decided.scores[0]), [hit.rule for hit in decided.rules.hits(0)]


def test_rules_decide_and_no_score_does(detector: Path, tmp_path: Path) -> None:
    folder = seal(detector, tmp_path / "versions")
    version = open_folder(folder)

    assert decide(version, folder, LARGE) == ("block", 0, ["large | online", "new customer"])
    assert decide(version, folder, {**LARGE, "amount": 5}) == ("approve", 0, ["new customer"])
    assert describe_detector(version)["model"] is None
    assert describe_detector(version)["reasons"]["kind"] == "none"
    assert describe_evaluation(version)["models"] == []


def test_payments_begin_its_histories(detector: Path, tmp_path: Path, sample_csv: Path) -> None:
    folder = seal(detector, tmp_path / "versions", sample_csv)

    assert decide(open_folder(folder), folder, LARGE) == ("block", 0, ["large | online"])


def test_it_scores_files(detector: Path, tmp_path: Path, sample_csv: Path) -> None:
    folder = seal(detector, tmp_path / "versions")
    assert call("score", sample_csv, "--version", folder, "--out", tmp_path / "x.csv", "--fresh").exit_code == 0
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    for row in rows:
        large = float(row["amount"]) > 200 and row["channel"] == "online"
        assert row["outcome"] == ("block" if large else "approve"), row
        assert ("large | online" in row["rules"]) is large
    assert 0 < sum(row["outcome"] == "block" for row in rows) < len(rows)


def test_its_card_shows_the_rules_and_claims_no_learning(detector: Path, tmp_path: Path) -> None:
    card = (seal(detector, tmp_path / "versions") / "card.md").read_text()

    assert "Rules alone decide on every event; there is no model, and every score is 0." in card
    assert '| large \\| online | amount \\> 200 \\&\\& channel == "online" | block | 100 | on |' in card
    assert "| review | 100 | shadow until 2030-01-01 00:00 |" in card
    assert "An event that cannot be fully evaluated gets no outcome and can be sent again." in card
    assert "| denied | 2 |" in card
    assert "learned" not in card


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("amount > 200", "score > 200"), 'Rule "large | online" reads the score, but a detector without a model'),
        (("[[rules]]", "[[ruels]]"), 'is not a section of a detector file (did you mean "rules"?)'),
    ],
)  # fmt: skip
def test_what_cannot_be_sealed_is_refused(detector: Path, tmp_path: Path, change: tuple[str, str], says: str) -> None:
    detector.write_text(DETECTOR.replace(*change))
    result = call("seal", "--detector", detector, "--out", tmp_path / "versions")

    assert result.exit_code == 1
    assert says in result.stderr
    assert not (tmp_path / "versions").exists()


def test_without_rules_there_is_nothing_to_seal(detector: Path, tmp_path: Path) -> None:
    detector.write_text(DETECTOR.partition("[[rules]]")[0])
    result = call("seal", "--detector", detector, "--out", tmp_path / "versions")

    assert "Error: The detector file has no [[rules]]; a detector without a model needs at least one." in result.stderr
