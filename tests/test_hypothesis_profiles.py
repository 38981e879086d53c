"""The profiles of hypothesis: all that a test states, unless the quick one is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.hypothesis_profiles import CI, DEV, examples

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(("profile", "drawn"), [(CI, [300, 5]), (DEV, [20, 5])])
def test_a_test_draws_what_it_states_or_few(profile: str, drawn: list[int]) -> None:
    before = settings.get_current_profile_name()
    settings.load_profile(profile)
    try:
        assert [examples(300), examples(5)] == drawn
        assert settings().deadline is None
    finally:
        settings.load_profile(before)


def test_tests_state_their_examples_through_the_profile() -> None:
    call, wrapped = "max_examples" + "=", "max_examples" + "=examples("
    wrong = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if call in line and wrapped not in line
    }

    assert wrong == set()
