"""The model card: every section, every figure as its source has it, and no text that formats."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.decisions.in_order import decide_in_order

from model_build.data.quality import note_data_quality
from model_build.data.split import Split, split_by_time
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.deployment.publish import open_folder
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.importance import measure_importance
from model_build.evaluation.score_scale import check_scale
from model_build.evaluation.slices import ScoredEvents, count_unseen_categories, days_since_first_seen, measure_slices
from model_build.model_card.card import build_card, render_card
from model_build.models.calibration import describe_calibration

Plain = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden_card"
HEADINGS = (
    "Intended use",
    "Data",
    "Training",
    "Performance on the test part",
    "Calibration",
    "Score scale",
    "Costs",
    "Feature importance",
    "Performance by segment",
    "Reasons",
    "Fallbacks",
    "Limitations",
    "Notes on the data",
    "Libraries",
)


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text: str) -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    return [[cells(line) for line in block.splitlines()] for block in blocks]


def describe_parts(data: LabeledEvents, split: Split) -> Plain:
    def describe(rows: Any) -> Plain:  # noqa: ANN401
        moments = [str(data.events.times_us[row].astype("M8[us]").astype("M8[s]")) + "Z" for row in (rows[0], rows[-1])]
        frauds = int((data.labels[rows] == 1).sum())
        return {"rows": len(rows), "frauds": frauds, "from": moments[0], "to": moments[1]}

    return {name: describe(getattr(split, name)) for name in ("train", "validation", "test")}


@pytest.fixture(scope="module")
def sealed(sample_version: Path) -> tuple[Plain, Plain]:
    """Manifest and evaluation of a trained version."""
    version = open_folder(sample_version)
    return dict(version.manifest), dict(version.evaluation)


@pytest.fixture(scope="module")
def whole(sample_version: Path, sample_csv: Path, quick_detector: DetectorFile) -> tuple[Plain, Plain]:
    """The same with all that a card can hold, measured with the model that was sealed."""
    version = open_folder(sample_version)
    data = read_labeled_events(sample_csv, quick_detector.event_type)
    split = split_by_time(data, quick_detector.training)
    decided = decide_in_order(version, data.events, {})
    labels = data.labels[split.test]
    scores, probabilities = decided.scores[split.test], decided.probabilities[split.test]
    known_days = days_since_first_seen(data.events.entities["customer"], data.events.times_us)[split.test]
    scored = ScoredEvents(data.events.take(split.test), labels, probabilities, scores, known_days)
    # Any rows will do: what is held is how importances are shown.
    rows = np.random.default_rng(0).random((300, len(version.features)), dtype=np.float32)
    gain = np.full(len(version.features), 1 / len(version.features))
    importance = measure_importance(version.model.predict, version.features, rows, labels[-300:], gain, seed=0)
    manifest, evaluation = dict(version.manifest), dict(version.evaluation)
    manifest["model"] = manifest["model"] | {"imbalance": "none", "parameters": {"eta": 0.1, "max_depth": 6}}
    manifest["training"] = manifest["training"] | {"parts": describe_parts(data, split), "unlabelled": 0}
    return manifest, evaluation | {
        "calibration": describe_calibration(labels, probabilities),
        "scale_check": {
            "validation": check_scale(decided.scores[split.validation][data.labels[split.validation] == 0]),
            "test": check_scale(scores[labels == 0]),
        },
        "money": {"words": ["Review from 912: 84 reviews a day."]},
        "importance": importance.to_json(),
        "slices": measure_slices(scored, quick_detector.event_type, 900),
        "unseen_categories": count_unseen_categories(data.events, split.train, split.test),
        "notes": list(note_data_quality(data, quick_detector, None)) or ["The rows were not in order of time."],
    }


def test_a_card_is_rendered_as_its_golden_file_has_it() -> None:
    card = json.loads((GOLDEN / "card.json").read_text(encoding="utf-8"))
    assert render_card(card) == (GOLDEN / "card.md").read_text(encoding="utf-8")


def test_the_wheel_holds_the_template(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("*.whl")
    template = "model_build/model_card/card.md.j2"
    assert zipfile.ZipFile(wheel).read(template) == (root / template).read_bytes()


def test_a_whole_card_has_every_section_in_order(whole: tuple[Plain, Plain]) -> None:
    assert headings(render_card(build_card(*whole))) == list(HEADINGS)


def test_a_version_without_the_newer_figures_has_a_card_without_them(sealed: tuple[Plain, Plain]) -> None:
    manifest, evaluation = sealed
    newer = ("calibration", "scale_check", "money", "importance", "slices", "unseen_categories", "notes")
    older = {name: value for name, value in evaluation.items() if name not in newer}
    text = render_card(build_card(manifest, older))
    found = headings(text)
    assert {"Intended use", "Data", "Training", "Performance on the test part", "Limitations"} <= set(found)
    assert not {"Costs", "Feature importance", "Performance by segment"} & set(found)
    assert "None" not in text


@pytest.mark.parametrize("part", [0, 1])
def test_any_key_may_be_absent(whole: tuple[Plain, Plain], part: int) -> None:
    for name in whole[part]:
        lacking = [dict(one) for one in whole]
        if name == "detector":
            continue
        del lacking[part][name]
        text = render_card(build_card(lacking[0], lacking[1]))
        assert text.startswith("# Model card: payments\n"), name
        assert "None" not in text, name


def test_a_detector_with_a_name_alone_has_a_card() -> None:
    assert headings(render_card(build_card({"detector": "d"}, {}))) == ["Intended use"]


def test_the_card_is_json_and_renders_alike_from_it(whole: tuple[Plain, Plain]) -> None:
    card = build_card(*whole)
    again = json.loads(json.dumps(card, allow_nan=False))
    assert render_card(again) == render_card(card)


def test_the_tables_are_whole_and_say_what_the_sources_say(whole: tuple[Plain, Plain]) -> None:
    manifest, evaluation = whole
    text = render_card(build_card(manifest, evaluation))
    for table in tables(text):
        assert len({len(row) for row in table}) == 1, table[0]
        assert set("".join(table[1])) == {"-"}
    rows = {row[0]: row[1:] for table in tables(text) for row in table}
    training = manifest["training"]
    assert rows["SHA-256 of the file"] == [training["data_sha256"]]
    assert rows["Label delay in days"] == ["7"]
    assert rows["training"][:2] == [f"{training['parts']['train'][name]:,}" for name in ("rows", "frauds")]
    assert rows["test"] == [
        f"{evaluation['rows']:,}",
        str(evaluation["frauds"]),
        training["parts"]["test"]["from"],
        training["parts"]["test"]["to"],
    ]
    assert rows["Parameter: max_depth"] == ["6"]
    assert rows["Average precision"] == [f"{evaluation['models'][0]['test']['average_precision']:.4g}"]
    assert {model["title"] for model in evaluation["models"]} <= set(rows)
    assert rows["numpy"] == [manifest["libraries"]["numpy"]]
    assert "- Review from 912: 84 reviews a day." in text


def test_the_shares_at_each_outcome_are_those_of_its_score(sealed: tuple[Plain, Plain]) -> None:
    manifest, evaluation = sealed
    (review, block) = build_card(manifest, evaluation)["test"]["outcomes"]
    row = evaluation["thresholds"][900 // 5]
    assert (review["outcome"], review["from_score"], block["from_score"]) == ("review", 900, 975)
    assert review["caught_frauds"] == pytest.approx(row["true_positives"] / evaluation["frauds"], abs=1e-5)
    flagged = row["true_positives"] + row["false_positives"]
    assert review["precision"] == pytest.approx(row["true_positives"] / flagged, abs=1e-5)


HOSTILE = "# <b>x</b> | a\r\n| --- | `code` [link](javascript:alert(1)) *bold* $x$ &lt; __init__ \\"


def test_text_of_users_formats_nothing(whole: tuple[Plain, Plain]) -> None:
    manifest = whole[0] | {"description": HOSTILE}
    slices = json.loads(json.dumps(whole[1]["slices"]))
    slices["dimensions"][0]["title"] = HOSTILE
    slices["dimensions"][0]["slices"][0]["name"] = HOSTILE
    text = render_card(build_card(manifest, whole[1] | {"slices": slices, "notes": [HOSTILE]}))
    assert headings(text) == list(HEADINGS)
    assert text.count("\n# ") == 0
    assert not re.search(r"(?<!\\)[<`*\[$]", text)
    for table in tables(text):
        assert len({len(row) for row in table}) == 1, table[0]


def replace_texts(value: Any, text: str) -> Any:  # noqa: ANN401
    """Return plain data with another text in the place of every text."""
    if isinstance(value, dict):
        return {name: replace_texts(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [replace_texts(inner, text) for inner in value]
    return text if isinstance(value, str) else value


@given(st.text())
def test_any_text_stays_on_its_line_and_in_its_cell_wherever_it_stands(text: str) -> None:
    golden = json.loads((GOLDEN / "card.json").read_text(encoding="utf-8"))
    plain, card = (render_card(replace_texts(golden, word)) for word in ("word", text))
    assert headings(card) == headings(plain)
    assert [[len(row) for row in table] for table in tables(card)] == [
        [len(row) for row in table] for table in tables(plain)
    ]
    assert len(re.findall("^- ", card, flags=re.MULTILINE)) == len(re.findall("^- ", plain, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# head", r"\# head"),
        ("1. one", r"1\. one"),
        ("1.5 and 2026-01-31", "1.5 and 2026-01-31"),
        ("- item", r"\- item"),
        ("merchant_category", "merchant_category"),
        ("_x_", r"\_x\_"),
        ("a > b & c", r"a \> b \& c"),
        (" a\n b\t", "a b"),
    ],
)
def test_only_what_would_format_is_escaped(text: str, written: str) -> None:
    lines = render_card({"detector": "d", "description": text, "notes": [text]}).splitlines()
    assert lines[2] == written
    assert lines[-1] == f"- {written}"


def test_the_sources_are_not_changed(whole: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
    before = json.dumps(whole)
    render_card(build_card(*whole))
    assert json.dumps(whole) == before
