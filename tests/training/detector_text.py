"""Detector files as text, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import DetectorFile, read_detector_file

ROOT = Path(__file__).parents[2]
SMALLEST = """\
[detector]
id = "payments"
[event]
id = "event_id"
timestamp = "time"
"""
WHOLE = """\
[detector]
id = "payments"
[event]
id = "event_id"
timestamp = "time"
amount = "amount"
label = "fraud"
numeric = ["age"]
[entities]
card = "card_id"
[history]
half_lives = ["1h"]
[training]
seed = 1
[outcomes]
review = 900
"""


def read(tmp_path: Path, text: str) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(text, encoding="utf-8")
    return read_detector_file(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(DetectorFileError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert str(tmp_path / "detector.toml") in message
    assert "\n" not in message.strip()
    return message


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)
