"""Benchmarks run and write the figures that are promised of them, here on far fewer payments."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import blocks_run_by

ROOT = Path(__file__).parent.parent
FIGURES = {
    "batch --rows 20000 --usual-rows 2000 --many-rows 0": ("rows_per_s", "ratio", "rss_1m_mb"),
    "cold_start --rows 3000 --runs 1": ("ours_ms", "ours_boto3_ms", "floor_ms", "floor_boto3_ms", "usual_ms"),
    "cost --rows 3000 --runs 100": ("usd_per_million",),
    "dashboard --rows 3000 --runs 1": ("first_page_s", "worst_interaction_s", "console_errors", "axe_serious"),
    "decision --rows 3000 --runs 20": (
        *("p50_ms", "p50_reasons_ms", "p99_reasons_ms"),
        *("usual_reasons_p50_ms", "ratio"),
    ),
    "history --rows 5000 --runs 1": (),
    "reasons --rows 5000 --runs 2": ("ratio_row", "ratio_1000", "ratio_shap", "max_error", "tables_mb"),
    "search --rows 3000 --days 3 --runs 1": ("search_worst_first_ms", "search_worst_again_ms", "index_mb"),
    "rules --rows 1000 --runs 1": ("ms_10_by_100k", "us_one_event"),
}


def test_benchmarks_that_pages_show_are_among_them() -> None:
    shown = blocks_run_by("tests/test_benchmarks.py")
    commands = [re.fullmatch(r"\.venv/bin/python bench/(\w+)\.py\n", block.text) for block in shown]
    assert commands
    for block, command in zip(shown, commands, strict=True):
        assert command, block
        assert command[1] in {figures.split()[0] for figures in FIGURES}, block


@pytest.mark.slow
@pytest.mark.parametrize("command", FIGURES)
def test_a_benchmark_writes_its_figures(command: str, tmp_path: Path) -> None:
    name, *arguments = command.split()
    into = tmp_path / "figures.json"
    subprocess.run([sys.executable, f"bench/{name}.py", *arguments, "--json", into], cwd=ROOT, check=True, timeout=600)
    figures = json.loads(into.read_text())["figures"]
    assert set(FIGURES[command]) <= figures.keys()
    assert all(isinstance(figure, int | float) for figure in figures.values())
