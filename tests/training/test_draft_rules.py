"""A draft taken into a detector file: the rules are those of the draft, and all else stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.rules.rule import Rule
from tollgate.errors import DetectorFileError

from model_build.detector_file.drafts import replace_rules, replace_rules_in_file, write_rules
from model_build.detector_file.reader import read_detector_file

DETECTOR = """\
# Ours.
[detector]
id = "payments"
[event]
id = "id"
timestamp = "time"
amount = "amount"
categorical = ["country"]
label = "fraud"
[[rules]]
name = "first" # a comment inside
when = '''
country in
  [
[[rules]], which only looks like one
'''
outcome = "review"

# Of the lists.
[lists.denied]
values = ["a"]
[[rules]]
name = "second"
when = "amount > 5"
outcome = "block"
# The end.
"""
EXPIRES_US = 1_801_396_800_000_000  # 2027-01-31
RULES = [
    Rule("new", 'country == "NG"\n  && amount > 7 // why\n', "review", shadow=True, priority=3),
    Rule('quo"ted', 'country in denied || country == "it\'s"', "block", expires_us=EXPIRES_US, enabled=False),
    Rule("later", "amount > 100", "review", expires_us=EXPIRES_US + 1_500_000),
]


def test_rules_replace_those_of_the_file_and_the_rest_stays() -> None:
    text = replace_rules(DETECTOR, RULES[:1])

    assert text == (
        DETECTOR[: DETECTOR.index("[[rules]]")]
        + write_rules(RULES[:1])
        + '\n# Of the lists.\n[lists.denied]\nvalues = ["a"]\n# The end.\n'
    )
    assert replace_rules(text, RULES[:1]) == text, "once more changes nothing"


def test_a_file_without_rules_gets_them_at_its_end() -> None:
    text = replace_rules(DETECTOR.partition("[[rules]]")[0], RULES)
    assert [rule["name"] for rule in tomllib.loads(text)["rules"]] == ["new", 'quo"ted', "later"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(DETECTOR.replace("[[rules]], which only looks like one\n", '"NG"]').replace("  [\n", "  ["))
    file = replace_rules_in_file(path, RULES)

    assert file.rules.rules == tuple(RULES)
    assert read_detector_file(path).rules == file.rules
    assert sorted(found.name for found in tmp_path.iterdir()) == ["detector.toml"]


def test_a_file_that_could_not_be_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(before := DETECTOR.partition("[[rules]]")[0])
    with pytest.raises(DetectorFileError, match='"amout" is not a variable'):
        replace_rules_in_file(path, [Rule("odd", "amout > 5", "review")])
    assert path.read_text() == before
    assert [found.name for found in tmp_path.iterdir()] == ["detector.toml"]


@given(name=st.text(min_size=1), when=st.text())
def test_any_text_is_the_same_again(name: str, when: str) -> None:
    (rule,) = tomllib.loads(write_rules([Rule(name, when, "review")]))["rules"]
    assert (rule["name"], rule["when"]) == (name.replace("\r\n", "\n"), when.replace("\r\n", "\n"))
