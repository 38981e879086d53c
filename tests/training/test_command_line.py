from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tollgate import clock
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.events.reader import read_events

from model_build.cli.main import main
from model_build.deployment.publish import load_folder_histories, open_folder

ROOT = Path(__file__).parents[2]
DETECTOR = """\
[detector]
id = "payments"
[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"
label = "is_fraud"
ignored = ["currency", "fraud_kind"]
[entities]
customer = "customer_id"
[training]
models = ["logistic_regression"]
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refusal(result: Result) -> str:
    """The one sentence of an error; no trace, nothing on the standard output, an exit code other than 0."""
    assert result.exit_code in (1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    said = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert len(said) == 1, result.output
    assert result.stderr.splitlines()[-1] == said[0]
    assert result.stdout == ""
    return said[0]


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    path = tmp_path / "detector.toml"
    path.write_text(DETECTOR)
    return path


def test_sample_train_and_score_work_one_after_another(tmp_path: Path, detector: Path) -> None:
    payments, out, results = tmp_path / "p.csv", tmp_path / "versions", tmp_path / "r.csv"
    sampled = call("sample", "--rows", 5000, "--seed", 2, "--out", payments)
    assert sampled.exit_code == 0, sampled.output
    assert sampled.stdout == f"Wrote 5,000 payments to {payments}\n"

    trained = call("train", payments, "--detector", detector, "--out", out)
    assert trained.exit_code == 0, trained.output
    (folder,) = (out / "payments").iterdir()
    assert f"Sealed version {folder.name} in" in trained.stdout
    assert "Best average precision on validation" in trained.stdout
    sealed = {
        outcome["name"]: outcome["from_score"]
        for outcome in json.loads((folder / "detector.json").read_text())["outcomes"]
    }
    assert sealed == {"approve": 0, "review": 900, "block": 975}
    said = [line for line in trained.stdout.splitlines() if line.startswith(("Sealed: ", "Recommended: "))]
    assert said[0].startswith(f"Sealed: review from {sealed['review']}, block from {sealed['block']}: ")
    assert [line.partition(":")[0] for line in said] == ["Sealed", "Recommended"]
    assert "Note: Undeclared columns, not used: merchant_id" in trained.stderr

    scored = call("score", payments, "--version", folder, "--out", results)
    assert scored.exit_code == 0, scored.output
    assert "0 invalid rows" in scored.stdout
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5000
    assert {row["status"] for row in rows} == {"ok"}


def a_year_later(sample_csv: Path, lines: int) -> str:
    """The header and the first payments, as if they came after the training data."""
    return "\n".join(sample_csv.read_text().replace("2026-", "2027-").splitlines()[:lines]) + "\n"


def test_score_says_when_rows_belong_to_the_training_data(
    sample_version: Path, sample_csv: Path, tmp_path: Path
) -> None:
    results = [tmp_path / "as-is.csv", tmp_path / "fresh.csv"]
    said = call("score", sample_csv, "--version", sample_version, "--out", results[0])
    assert "rows lie before the training data ended (2026-" in said.stderr
    said = call("score", sample_csv, "--version", sample_version, "--out", results[1], "--fresh")
    assert said.stderr == ""
    assert results[0].read_bytes() != results[1].read_bytes()


@pytest.mark.parametrize("wrong", ["1970-01-01T12:48:02Z", "2062-03-01T10:00:00Z"])
def test_one_wrong_date_changes_no_other_row(
    sample_version: Path, sample_csv: Path, tmp_path: Path, wrong: str
) -> None:
    header, first, *more = a_year_later(sample_csv, 30).splitlines()
    stray = first.split(",")
    stray[:2] = ["stray", wrong]
    scored = {}
    for name, rows in (("clean", [first, *more]), ("stray", [first, *more, ",".join(stray)])):
        data, results = tmp_path / f"{name}.csv", tmp_path / f"{name}-out.csv"
        data.write_text("\n".join([header, *rows]) + "\n")
        said = call("score", data, "--version", sample_version, "--out", results, "--now", "2027-02-01")
        with results.open(newline="") as file:
            scored[name] = list(csv.DictReader(file))
    assert scored["stray"][:-1] == scored["clean"]
    if wrong.startswith("2062"):
        ahead = (
            "2062-03-01T10:00:00Z lies 35 years ahead of now (2027-02-01T00:00:00Z); an event may lie at most "
            "10 minutes ahead: check the clock and time zone of the sender"
        )
        assert scored["stray"][-1]["status"] == f'error: column "timestamp": {ahead}'
        assert f'Row 30, column "timestamp": {ahead}.' in said.stderr
        assert "1 invalid rows" in said.stdout
    else:
        assert scored["stray"][-1]["status"] == "ok"
        assert "Note: 1 row lies 57 years before the others, it is row 30: check its date." in said.stderr


def test_a_table_of_another_time_is_judged_by_its_own_now(
    sample_version: Path, sample_csv: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.csv"
    new.write_text(a_year_later(sample_csv, 5))
    arguments = ("score", new, "--version", sample_version, "--out", tmp_path / "r.csv")
    with clock.set_to(datetime(2026, 11, 30, tzinfo=UTC)):
        assert "4 invalid rows" in call(*arguments).stdout
        assert "0 invalid rows" in call(*arguments, "--now", "2027-01-02T00:00Z").stdout
    for now in ("tomorrow", "2027-01-02+02:00", "20270102120000Z"):
        assert f'"{now}" is no time such as' in refusal(call(*arguments, "--now", now))


@pytest.mark.parametrize("fresh", [True, False])
def test_score_writes_what_the_core_decides(
    sample_version: Path, sample_csv: Path, tmp_path: Path, fresh: bool
) -> None:
    new, results = tmp_path / "new.csv", tmp_path / "r.csv"
    new.write_text(a_year_later(sample_csv, 500))
    options = [*(["--fresh"] if fresh else []), "--now", "2027-12-31"]
    result = call("score", new, "--version", sample_version, "--out", results, *options)
    assert result.exit_code == 0, result.output

    version = open_folder(sample_version)
    given = list(csv.DictReader(new.read_text().splitlines()))
    events, problems = read_events(version.event_type, {name: [row[name] for row in given] for name in given[0]})
    stored = {} if fresh else load_folder_histories(version, sample_version)
    decided = decide_in_order(version, events, stored)
    assert not problems
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["score"]) for row in rows] == decided.scores.tolist()
    assert [float(row["probability"]) for row in rows] == decided.probabilities.tolist()
    assert tuple(row["outcome"] for row in rows) == decided.outcomes


def test_score_keeps_bad_rows_in_place_with_the_reason(sample_version: Path, sample_csv: Path, tmp_path: Path) -> None:
    lines = sample_csv.read_text().splitlines()[:6]
    cells = lines[3].split(",")
    cells[2] = "much"
    lines[3] = ",".join(cells)
    new, results = tmp_path / "new.csv", tmp_path / "r.csv"
    new.write_text("\n".join(lines) + "\n")
    result = call("score", new, "--version", sample_version, "--out", results)
    assert "1 invalid rows" in result.stdout
    with results.open(newline="") as file:
        statuses = [row["status"] for row in csv.DictReader(file)]
    assert statuses == ["ok", "ok", 'error: column "amount": "much" is not a number', "ok", "ok"]


def test_score_reads_a_zipped_file_and_makes_the_folder_it_writes_to(
    sample_version: Path, sample_csv: Path, tmp_path: Path
) -> None:
    lines = sample_csv.read_text().splitlines()[:5]
    new, results = tmp_path / "new.csv.gz", tmp_path / "a" / "b" / "r.csv"
    new.write_bytes(gzip.compress("\n".join(lines).encode()))
    result = call("score", new, "--version", sample_version, "--out", results)
    assert result.exit_code == 0, result.output
    assert len(results.read_text().splitlines()) == 5


@pytest.mark.parametrize("command", [[], ["sample"], ["train"], ["score"], ["publish"]])
def test_every_command_explains_itself(command: Sequence[str]) -> None:
    result = call(*command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


def test_the_installed_command_shows_an_error_without_a_trace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "model_build.cli.main", "score", "no.csv", "--version", "v", "--out", "r.csv"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: File no.csv does not exist.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sample"],
        ["sample", "--out", "x.csv", "--rows", "0"],
        ["sample", "--out", "x.csv", "--rows", "many"],
        ["sample", "--out", "x.csv", "--seed", "-1"],
        ["sample", "--out", "x.xlsx", "--rows", "5"],
        ["sample", "--out", "bad.csv/x.csv", "--rows", "5"],
        ["sample", "--out", "bad.csv/x.parquet", "--rows", "5"],
        ["sample", "--out", ".", "--rows", "5"],
        ["smaple"],
        ["train"],
        ["train", "nowhere.csv", "--detector", "detector.toml", "--out", "out"],
        ["train", "detector.toml", "--detector", "detector.toml", "--out", "out"],
        ["train", ".", "--detector", "detector.toml", "--out", "out"],
        ["train", "bad.csv", "--detector", "nowhere.toml", "--out", "out"],
        ["train", "bad.csv", "--detector", ".", "--out", "out"],
        ["train", "bad.csv", "--detector", "bad.csv", "--out", "out"],
        ["train", "bad.csv", "--detector", "detector.toml", "--out", "out"],
        ["train", "bad.csv", "--detector", "detector.toml", "--out", "detector.toml"],
        ["train", "bad.parquet", "--detector", "detector.toml", "--out", "out"],
        ["score", "bad.csv", "--version", "nowhere", "--out", "r.csv"],
        ["score", "bad.csv", "--version", ".", "--out", "r.csv"],
        ["score", "bad.csv", "--version", "detector.toml", "--out", "r.csv"],
        ["publish", "nowhere", "--bucket", "b", "--history-table", "h"],
    ],
    ids=" ".join,
)
def test_every_mistake_is_one_sentence(
    arguments: list[str], tmp_path: Path, detector: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("event_id,amount\na,1\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 this is not")
    assert detector.is_file()
    refusal(call(*arguments))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "new.csv", "is empty"),
        (b"event_id,timestamp\na,2026-01-01\n", "new.csv", "lacks the declared column"),
        (b"event_id,timestamp\n", "new.csv", "has a header and no rows"),
        (b"a", "new.xlsx", "is not one of .csv, .jsonl"),
        (b"\x89PNG\r\n", "new.csv", "a PNG picture"),
        (b"a,b\n1,2\n", "new.csv.gz", "is not whole gzip data"),
        (b"a,b\n1,2\n", "new.parquet", "is not a Parquet file"),
    ],
)
def test_score_refuses_what_is_no_table_of_events(
    sample_version: Path, tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for options in ([], ["--fresh"]):
        assert said in refusal(call("score", path, "--version", sample_version, "--out", tmp_path / "r.csv", *options))
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("out", ["new.csv/r.csv", "."])
def test_score_refuses_a_place_where_nothing_can_be_written(
    sample_version: Path, sample_csv: Path, tmp_path: Path, out: str
) -> None:
    new = tmp_path / "new.csv"
    new.write_text("\n".join(sample_csv.read_text().splitlines()[:5]) + "\n")
    refusal(call("score", new, "--version", sample_version, "--out", tmp_path / out))


def test_train_refuses_a_place_where_nothing_can_be_written(detector: Path, sample_csv: Path) -> None:
    assert str(detector) in refusal(call("train", sample_csv, "--detector", detector, "--out", detector / "out"))


def test_score_refuses_a_version_that_was_tampered_with(sample_version: Path, sample_csv: Path, tmp_path: Path) -> None:
    folder = tmp_path / sample_version.name
    folder.mkdir()
    for path in sample_version.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((folder / "detector.json").read_text())
    (folder / "detector.json").write_text(json.dumps(manifest | {"description": "another"}))
    said = refusal(call("score", sample_csv, "--version", folder, "--out", tmp_path / "r.csv"))
    assert "was changed after sealing" in said


def test_score_refuses_a_version_without_its_histories_unless_fresh(
    sample_version: Path, sample_csv: Path, tmp_path: Path
) -> None:
    folder = tmp_path / sample_version.name
    folder.mkdir()
    for path in sample_version.iterdir():
        if path.suffix != ".gz":
            (folder / path.name).write_bytes(path.read_bytes())
    new = tmp_path / "new.csv"
    new.write_text(a_year_later(sample_csv, 5))
    arguments = ["score", new, "--version", folder, "--out", tmp_path / "r.csv"]
    assert "histories.jsonl.gz is missing" in refusal(call(*arguments))
    assert call(*arguments, "--fresh").exit_code == 0
