from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.decisions.decide import decide_in_order

from model_build.data.quality import note_data_quality
from model_build.data.split import Split, split_by_time
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.deployment.publish import open_folder
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.importance import measure_importance
from model_build.evaluation.score_scale import check_scale
from model_build.evaluation.slices import ScoredEvents, count_unseen_categories, days_since_first_seen, measure_slices
from model_build.model_card.content import build_card, render_card
from model_build.model_card.markdown import write_bullets, write_table, write_text
from model_build.models.calibration import describe_calibration

Plain = dict[str, Any]
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


def counts(score: int, caught: int, missed: int) -> Plain:
    return {
        "score": score,
        "true_positives": caught,
        "false_negatives": missed,
        "false_positives": 0,
        "true_negatives": 10,
    }


def test_limits_are_told_by_figures() -> None:
    manifest: Plain = {
        "detector": "d",
        "created_at": "2026-04-03T00:00:00Z",
        "event_type": {"name": "payment", "label": {"delay_s": 7 * 86_400, "time": None}},
        "outcomes": [{"name": "approve", "from_score": 0}, {"name": "review", "from_score": 900}],
        "training": {"frauds": 40, "from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"},
    }
    limits = build_card(manifest, {"thresholds": [counts(900, 10, 10)]})["limits"]
    assert limits == [
        "The data has only 40 labeled frauds; below 50, every figure here is uncertain.",
        "The test part has 20 frauds, of which 50% score 900 or higher (95% confidence interval 27.2% to 72.8%).",
        "The data spans 90 days, less than a year, so seasonal changes are not covered.",
        "The label delay had not passed for the last 5.0 days of the data when this version was made: frauds there may "
        "count as legitimate.",
    ]


def test_what_is_long_and_large_and_old_has_none_of_these_limits() -> None:
    manifest: Plain = {
        "detector": "d",
        "created_at": "2026-04-03T00:00:00Z",
        "event_type": {"label": {"delay_s": 7 * 86_400}},
        "outcomes": [{"name": "review", "from_score": 900}],
        "training": {"frauds": 4_000, "from": "2024-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
    }
    assert "limits" not in build_card(manifest, {"thresholds": [counts(900, 300, 500)]})


def part_of(name: str, caught: tuple[float, float, float] | None, flagged: float, *, few: bool = False) -> Plain:
    def share(low: float, middle: float, high: float) -> Plain:
        return {"share": middle, "low": low, "high": high}

    return {
        "name": name,
        "events": 10,
        "frauds": 1,
        "few_frauds": few,
        "average_precision": None if few else 0.5,
        "auc": None if few else 0.9,
        "flagged_legitimate": share(flagged * 0.9, flagged, flagged * 1.1),
        "caught_frauds": None if caught is None else share(*caught),
    }


def test_slices_clearly_under_the_whole_are_limits_and_others_are_not() -> None:
    slices = {
        "review_from": 900,
        "overall": part_of("all events", (0.55, 0.6, 0.65), 0.02),
        "dimensions": [
            {
                "title": "channel",
                "slices": [
                    part_of("weak", (0.2, 0.3, 0.4), 0.02),
                    part_of("unclear", (0.2, 0.4, 0.7), 0.03),
                    part_of("harsh", (0.6, 0.7, 0.8), 0.05),
                    part_of("tiny", (0.0, 0.1, 0.3), 0.02, few=True),
                    part_of("none", None, 0.02, few=True),
                ],
            }
        ],
    }
    assert build_card({"detector": "d"}, {"slices": slices})["limits"] == [
        "channel: weak: 30% (20% to 40%) of the frauds score 900 or higher, against 60% overall.",
        "channel: harsh: 5% (4.5% to 5.5%) of the legitimate events score 900 or higher, against 2% overall.",
        "Too few frauds to measure performance on: channel: tiny; channel: none.",
    ]


def test_new_categories_and_broken_promises_are_limits() -> None:
    scale = check_scale(np.repeat([0, 900], [950, 50]))
    unseen = [{"column": "shop", "events": 1_200, "share": 0.12, "categories": ["a|b", "new"]}]
    limits = build_card({"detector": "d"}, {"scale_check": {"test": scale}, "unseen_categories": unseen})["limits"]
    assert limits[0] == (
        'Column "shop": 1,200 test events (12%) have a category that the training part does not have, such as "a|b", '
        '"new"; the model has learned nothing about them.'
    )
    assert limits[1:] == [
        "More legitimate test events than expected reach these scores: 860: 5% instead of 3%; 900: 5% instead of 2%.",
        "Fewer legitimate test events than expected reach these scores: 600: 5% instead of 10%; "
        "700: 5% instead of 7%; 950: 0% instead of 1%; 975: 0% instead of 0.5%.",
    ]


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


@given(st.text())
def test_any_text_stays_one_line_and_one_cell(text: str) -> None:
    assert "\n" not in write_text(text)
    lines = list(write_table(["a", "b"], [[text, 1]]))
    assert len(lines) == 3
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert len(cells(re.sub(r"\\\\", "", lines[2]))) == 2
    assert len(list(write_bullets([text]))) == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# head", r"\# head"),
        ("1. one", r"1\. one"),
        ("1.5 and 2026-01-31", "1.5 and 2026-01-31"),
        ("- item", r"\- item"),
        ("merchant_category", "merchant_category"),
        ("_x_", r"\_x\_"),
        (" a\n b\t", "a b"),
    ],
)
def test_only_what_would_format_is_escaped(text: str, written: str) -> None:
    assert write_text(text) == written


def test_the_sources_are_not_changed(whole: tuple[Mapping[str, Any], Mapping[str, Any]]) -> None:
    before = json.dumps(whole)
    render_card(build_card(*whole))
    assert json.dumps(whole) == before
