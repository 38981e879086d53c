"""[safety] of a detector file: what is read, what is sealed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.detectors.safety import Safety
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.models.rules_only import seal_rules

BEGIN = """\
[detector]
id = "payments"

[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"

[entities]
customer = "customer_id"

[[rules]]
name = "large"
when = "amount > 5000"
outcome = "block"

[safety]
"""


def read(tmp_path: Path, safety: str, begin: str = BEGIN) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(begin + safety)
    return read_detector_file(path)


def test_nothing_is_chosen_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "").safety == Safety()
    assert Safety().fail == "none"
    assert Safety().most_blocked is None


def test_what_is_chosen_is_sealed(tmp_path: Path) -> None:
    written = """
fail = "rules_only"
required = ["amount", "customer_id"]
most_blocked = 0.2
over = "10m"
at_least = 20
"""
    file = read(tmp_path, written)
    assert file.safety == Safety("rules_only", ("amount", "customer_id"), "review", "block", 0.2, 600.0, 20)
    sealed = seal_rules(file, None, tmp_path / "versions", lambda _: None)
    assert sealed.version.safety == file.safety


def test_outcomes_of_other_names_can_be_meant(tmp_path: Path) -> None:
    begin = BEGIN.replace('"block"', '"stop"').replace("[safety]", "[outcomes]\ncall = 900\nstop = 975\n\n[safety]")
    safety = read(tmp_path, 'fail = "review"\nreview = "call"\nblock = "stop"\nmost_blocked = 0.1', begin).safety
    assert (safety.review, safety.block) == ("call", "stop")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("fail = true", 'fail in [safety] must be one of "none", "rules_only", "review", "allow", not true.'),
        ('fail = "revew"', 'fail in [safety] must be one of none, rules_only, review, allow (did you mean "review"?).'),
        ('fial = "review"', 'fial in [safety] is not a known key (did you mean "fail"?).'),
        (
            'fail = "allow"\nrequired = ["amuont"]',
            '"amuont", which is not a variable of the event (did you mean "amount"?).',
        ),
        ('fail = "allow"\nrequired = ["event_id"]', 'names "event_id", which is not a variable of the event.'),
        ('required = ["amount"]', "needs fail, the fallback for events without these columns."),
        (
            'fail = "review"\nreview = "call"',
            'review in [safety] is "call", which is not one of approve, review, block.',
        ),
        ('most_blocked = 0.2\nblock = "blok"', 'not one of approve, review, block (did you mean "block"?).'),
        ('most_blocked = 0.2\nreview = "block"', "must be a weaker outcome than block."),
        ("most_blocked = 20", "must be a share between 0 and 1, such as 0.2, not 20."),
        ("most_blocked = 0.0", "must be a share between 0 and 1, such as 0.2, not 0.0."),
        ('most_blocked = "a lot"', "most_blocked in [safety] must be a number"),
        ('over = "1s"', "must be from 10s to 1d."),
        ("at_least = 0", "must be a whole number above 0, not 0."),
    ],
)
def test_a_mistake_names_line_and_key(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(DetectorFileError) as raised:
        read(tmp_path, written)
    assert message in str(raised.value)
    assert f"line {BEGIN.count(chr(10)) + 1}" in str(raised.value) or "line" in str(raised.value)
