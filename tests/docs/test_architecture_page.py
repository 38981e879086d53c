"""The architecture page names what there is, and its pictures are what the script draws today."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.docs.pages import ROOT

SCRIPT = "scripts/draw_architecture.py"
PAGE = ROOT / "docs" / "architecture.md"
KEEPS_STATE = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue")


def test_pictures_are_as_the_script_draws_them() -> None:
    drawn = subprocess.run([sys.executable, SCRIPT, "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert drawn.returncode == 0, f"{drawn.stdout}{drawn.stderr}\nrun: python {SCRIPT}"


def test_pictures_are_shown() -> None:
    shown = set(re.findall(r"\]\(images/(\w+\.svg)\)", PAGE.read_text(encoding="utf-8")))
    assert shown == {path.name for path in (ROOT / "docs" / "images").glob("*.svg")}


def test_rules_of_imports_name_their_tests() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    there = re.findall(r"^def (test_\w+)", (ROOT / "tests/test_architecture.py").read_text(), flags=re.MULTILINE)
    assert len(named) > 10
    assert named <= set(there)


def test_limits_of_the_pictures_are_told() -> None:
    script = (ROOT / SCRIPT).read_text(encoding="utf-8")
    stations, depth = re.findall(r"^MAX_STATIONS, MAX_DEPTH = (\d+), (\d+)$", script, flags=re.MULTILINE)[0]
    told = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"at most {depth} modules away from the handler, and among the {stations} of these" in told


def test_all_that_keeps_state_is_named() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    resources = re.findall(r"^  (\w+):\n    Type: (\S+)$", template, flags=re.MULTILINE)
    keeping = {name for name, kind in resources if kind in KEEPS_STATE}
    assert len(keeping) >= 5
    assert keeping <= set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
