"""Rules on past events: counted by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tollgate.core.rules.backtest import RuleTrial

from model_build.cli.main import main
from model_build.detector_file.reader import read_detector_file
from model_build.evaluation.rule_backtest import backtest_rules

DETECTOR = """\
[detector]
id = "payments"
[event]
id = "id"
timestamp = "time"
amount = "amount"
categorical = ["country"]
label = "fraud"
[entities]
customer = "customer_id"
[costs]
review = 2
blocked_legitimate = 30
[[rules]]
name = "large"
when = "amount > 100"
outcome = "review"
[[rules]]
name = "foreign"
when = 'country == "NG" || country == "RO"'
outcome = "block"
mode = "shadow"
[[rules]]
name = "again"
when = "customer_count_30d > 0.5"
outcome = "review"
enabled = false
[[rules]]
name = "known"
when = 'customer_id in ["c1"]'
outcome = "approve"
priority = 1
"""
# id, hour, amount, country, customer, fraud
ROWS = [
    ("e1", 0, "150", "US", "c1", "0"),
    ("e2", 1, "500", "NG", "c2", "1"),
    ("e3", 2, "20", "NG", "c3", "0"),
    ("e4", 3, "80", "RO", "c3", "1"),
    ("e5", 4, "300", "US", "c4", "0"),
    ("e6", 5, "400", "US", "c4", "0"),
    ("e7", 6, "", "", "c5", "0"),
    ("e8", 7, "900", "US", "c6", ""),
]


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    path = tmp_path / "payments.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "time", "amount", "country", "customer_id", "fraud"))
        writer.writerows((name, f"2026-01-05T{hour:02}:00:00Z", *more) for name, hour, *more in ROWS)
    return path


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    path = tmp_path / "detector.toml"
    path.write_text(DETECTOR)
    return path


@pytest.fixture
def trial(payments: Path, detector: Path) -> RuleTrial:
    return backtest_rules(payments, read_detector_file(detector), None, lambda _step: None)[0]


def test_every_rule_is_asked_as_if_it_acted(trial: RuleTrial) -> None:
    assert [tried.rule.name for tried in trial.rules] == ["known", "large", "foreign", "again"]
    assert (trial.events, trial.frauds) == (8, 2)


def test_hits_frauds_money_and_customers(trial: RuleTrial) -> None:
    known, large, foreign, again = trial.rules

    assert (large.hits.events, large.hits.frauds, large.hits.legitimate) == (5, 1, 3)
    assert large.hits.precision == 1 / 4
    assert large.hits.saved == 500
    assert large.spent == 5 * 2
    assert large.disturbed == 2  # c1 and c4, twice
    assert large.lacking == 1
    assert (foreign.hits.events, foreign.hits.frauds, foreign.hits.saved) == (3, 2, 580)
    assert foreign.spent == 1 * 30
    assert foreign.disturbed == 1
    assert (again.hits.events, again.hits.frauds) == (2, 1), "the second payments of c3 and c4 find a history"
    assert (known.hits.events, known.hits.saved, known.spent, known.disturbed) == (1, None, None, 0)


def test_what_a_rule_adds_is_beyond_those_before_it(trial: RuleTrial) -> None:
    added = {tried.rule.name: (tried.added.events, tried.added.frauds, tried.added.saved) for tried in trial.rules}

    assert added == {"known": (1, 0, None), "large": (4, 1, 500), "foreign": (2, 1, 80), "again": (0, 0, 0)}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["rules", "test", *map(str, arguments)], env={"COLUMNS": "150"})


def test_the_command_shows_a_row_for_each_rule(payments: Path, detector: Path, tmp_path: Path) -> None:
    result = call(payments, "--detector", detector, "--json", tmp_path / "trial.json")

    assert result.exit_code == 0, result.output
    assert "8 payments, 2 frauds" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    hits, adds = (line.split() for line in result.stdout.splitlines() if "large → " in line)
    assert hits == ["large", "→", "review", "5", "1", "25.0%", "500", "10", "2"]
    assert adds == ["large", "→", "review", "4", "1", "500"]
    written = json.loads((tmp_path / "trial.json").read_text())["rules"]
    assert [rule["rule"] for rule in written] == ["known", "large", "foreign", "again"]
    assert written[1]["hits"] == {"events": 5, "frauds": 1, "legitimate": 3, "saved": 500.0}


def test_a_rule_over_the_score_needs_a_version(payments: Path, detector: Path) -> None:
    detector.write_text(DETECTOR.replace("amount > 100", "score > 100"))
    result = call(payments, "--detector", detector)

    assert result.exit_code == 1
    assert 'Error: Rule "large" reads the score; give a sealed version with --version' in result.stderr


def test_a_version_scores_the_events(sample_csv: Path, sample_version: Path, tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "examples/sample/detector.toml").read_text()
    rule = '[[rules]]\nname = "top"\nwhen = "score >= 975"\noutcome = "block"\n'
    (tmp_path / "detector.toml").write_text(example + rule)
    result = call(sample_csv, "--detector", tmp_path / "detector.toml", "--version", sample_version)

    assert result.exit_code == 0, result.output
    line, _ = (line for line in result.stdout.splitlines() if "top → " in line)
    hits, frauds = (int(cell.replace(",", "")) for cell in line.split()[3:5])
    assert 0 < frauds < hits < 1_000
    assert frauds > 20


def test_without_rules_there_is_nothing_to_test(payments: Path, detector: Path) -> None:
    detector.write_text(DETECTOR.partition("[[rules]]")[0])
    result = call(payments, "--detector", detector)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: The detector file has no [[rules]] to test." in result.stderr


def test_warnings_are_told(payments: Path, detector: Path) -> None:
    detector.write_text(DETECTOR.replace("amount > 100", "amount > 100 || amount <= 100 || amount == null"))
    result = call(payments, "--detector", detector)

    assert 'rule "large" always matches' in result.stderr


def test_a_rule_that_never_hits_is_told_which_comparison_is_why(tmp_path: Path) -> None:
    table, detector = tmp_path / "payments.csv", tmp_path / "detector.toml"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "time", "amount", "country", "customer_id", "fraud"])
        writer.writerows([(id_, f"2026-03-01T{hour:02}:30:00Z", *rest) for id_, hour, *rest in ROWS])
    rule = '[[rules]]\nname = "{}"\nwhen = {!r}\noutcome = "review"\n'
    asked = {"at eight": "hour == 9", "abroad": 'country == "ng"', "early": "hour == 5"}
    detector.write_text(DETECTOR + "".join(rule.format(*one) for one in asked.items()), encoding="utf-8")

    result = CliRunner().invoke(main, ["rules", "test", str(table), "--detector", str(detector)])

    assert result.exit_code == 0, result.output
    assert (
        'Note: rule "at eight" never matches: hour == 9 is never true; the nearest value that occurs is 7.'
        in result.output
    )
    assert 'Note: rule "abroad" never matches: country == "ng" is never true; did you mean "NG"?' in result.output
    assert 'rule "early"' not in result.output


def test_notes_on_the_data_are_those_of_training(payments: Path, detector: Path) -> None:
    said = call(payments, "--detector", detector).stderr
    assert "Note: Only 2 events are labeled as fraud: every figure above is uncertain." in said
    swapped = "\n".join(
        line[:-1] + {"0": "1", "1": "0"}.get(line[-1], line[-1]) for line in payments.read_text().split()
    )
    payments.write_text(swapped)
    said = call(payments, "--detector", detector).stderr
    assert "labeled events are fraud, more than half: are the labels swapped?" in said
