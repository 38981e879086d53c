"""[files] of a detector file: what is sealed, what it is read with, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tollgate.core.files.file_format import FileForm
from tollgate.errors import DetectorFileError, TableError

from model_build.data.table import read_labeled_events
from model_build.deployment.score_file import score_file
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.models.rules_only import seal_rules

BEGIN = """\
[detector]
id = "payments"

[event]
id = "id"
timestamp = "time"
amount = "amount"
label = "fraud"

[entities]
customer = "customer"

[[rules]]
name = "large"
when = "amount > 50"
outcome = "block"

[files]
"""
WRITTEN = 'delimiter = ":"\nencoding = "cp1252"\n'
TABLE = "id:time:amount:customer:fraud\na:2026-01-01:10:Müller:0\nb:2026-01-02:99:Société:1\n"


def read(tmp_path: Path, files: str) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(BEGIN + files)
    return read_detector_file(path)


def write(tmp_path: Path, encoding: str) -> Path:
    path = tmp_path / "payments.csv"
    path.write_bytes(TABLE.encode(encoding))
    return path


def test_each_file_tells_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "").file_form == FileForm()


def test_what_is_declared_is_sealed_and_scored_with(tmp_path: Path) -> None:
    file, out = read(tmp_path, WRITTEN), tmp_path / "scored.csv"
    sealed = seal_rules(file, None, tmp_path / "versions", lambda _: None)
    assert sealed.version.file_form == file.file_form == FileForm(":", "cp1252")
    score_file(write(tmp_path, "cp1252"), sealed.folder, out, fresh=True)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [(row["customer"], row["outcome"]) for row in rows] == [("Müller", "approve"), ("Société", "block")]


def test_training_data_is_read_as_declared(tmp_path: Path) -> None:
    file = read(tmp_path, WRITTEN)
    data = read_labeled_events(write(tmp_path, "cp1252"), file.event_type, file.file_form)
    assert sorted(data.events.entities["customer"].values) == ["Müller", "Société"]
    assert data.labels.tolist() == [0, 1]
    marked = read_labeled_events(write(tmp_path, "utf-16"), file.event_type, file.file_form)
    assert sorted(marked.events.entities["customer"].values) == ["Müller", "Société"]
    with pytest.raises(TableError, match="Row 1 is not UTF-8 text; declare encoding"):
        read_labeled_events(write(tmp_path, "cp1252"), file.event_type, FileForm(":"))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('delimiter = "::"', "one ASCII character"),
        ('delimiter = "\\""', "one ASCII character"),
        ('delimiter = "§"', "one ASCII character"),
        ('encoding = "latin-15000"', 'is "latin-15000", which is not a text encoding'),
        ('encoding = "base64"', "not a text encoding"),
        ('delimeter = ";"', "delimiter"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(DetectorFileError, match=message) as caught:
        read(tmp_path, written)
    assert "line 19" in str(caught.value)
