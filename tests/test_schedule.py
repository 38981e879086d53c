"""The schedule of test files knows which of them share the running stack."""

from __future__ import annotations

import re

from tests.fixture_cache import ROOT
from tests.schedule import STACK, scope_of


def test_files_that_use_the_running_stack_run_in_one_process() -> None:
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if "browser" not in path.parts]
    using = {path for path in files if re.search(r"\btollgate: RunningStack\b", path.read_text(encoding="utf-8"))}

    assert using
    assert {path for path in files if scope_of(f"{path.relative_to(ROOT)}::test") == STACK} == using


def test_other_tests_run_by_file() -> None:
    assert scope_of("tests/core/test_replay.py::test_one[a::b]") == "tests/core/test_replay.py"
    assert scope_of("tests/browser/test_pages.py::test_one") == STACK
