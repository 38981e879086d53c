"""The past events that a version is sealed with."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.detectors.sample_events import PAST_EVENTS, PastEvents, has_past_events, open_past_events
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import read_event

from model_build.data.sampling import sample_past_events
from model_build.data.split import split_by_time
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.deployment.publish import open_folder
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.models.rules_only import seal_rules
from model_build.train import train_detector


@pytest.fixture(scope="module")
def version(sample_version: Path) -> DetectorVersion:
    return open_folder(sample_version)


@pytest.fixture(scope="module")
def past(version: DetectorVersion, sample_version: Path) -> PastEvents:
    return open_past_events(version, (sample_version / PAST_EVENTS).read_bytes())


@pytest.fixture(scope="module")
def data(sample_csv: Path, quick_detector: DetectorFile) -> LabeledEvents:
    return read_labeled_events(sample_csv, quick_detector.event_type)


def test_they_are_events_of_the_test_part_as_they_were_given(past: PastEvents, sample_csv: Path) -> None:
    with sample_csv.open(newline="") as file:
        given = {row["event_id"]: row for row in csv.DictReader(file)}
    for place in range(0, len(past), 50):
        posted = past.posted(place)
        row = given[str(posted["event_id"])]
        numbers = {name: float(row[name]) for name in ("amount", "latitude", "longitude") if row[name]}
        texts = ("customer_id", "merchant_id", "device_id", "ip", "merchant_category", "channel")
        assert {name: posted[name] for name in numbers} == numbers
        assert {name: posted[name] for name in texts if row[name]} == {name: row[name] for name in texts if row[name]}
        assert past.labels[place] == int(row["is_fraud"])
        assert "is_fraud" not in posted


def test_their_scores_are_those_of_the_model_on_their_features(past: PastEvents, version: DetectorVersion) -> None:
    probabilities = version.model.predict(past.features)

    assert past.features.shape == (len(past), len(version.features))
    assert np.array_equal(past.probabilities, probabilities)
    assert np.array_equal(past.scores, version.scale.score(probabilities))


def test_no_model_has_learnt_from_them(past: PastEvents, version: DetectorVersion) -> None:
    parts = version.manifest["training"]["parts"]

    assert parts["validation"]["to"] < str(past.posted(0)["timestamp"]) <= parts["test"]["to"]
    assert (np.diff(past.events.times_us) >= 0).all()


def test_weights_add_up_to_the_test_part(past: PastEvents, version: DetectorVersion) -> None:
    part = version.manifest["training"]["parts"]["test"]

    assert past.weights.sum() == pytest.approx(part["rows"])
    assert past.weights[past.labels == 1].sum() == pytest.approx(part["frauds"])


def test_one_of_them_can_be_posted_again(past: PastEvents, version: DetectorVersion) -> None:
    place = past.places[past.events.ids[7]]
    again = read_event(version.event_type, past.posted(place))

    assert place == 7
    assert again.times_us.tolist() == past.events.times_us[7:8].tolist()
    for entity, keys in again.entities.items():
        assert keys.only == past.events.entities[entity].take(np.array([7])).only


def test_frauds_have_a_fifth_of_the_room_at_most(data: LabeledEvents, quick_detector: DetectorFile) -> None:
    test = split_by_time(data, quick_detector.training).test
    drawn = sample_past_events(data, test, 50, seed=1)
    labels = data.labels[drawn.rows]

    assert len(drawn.rows) == 50
    assert (labels == 1).sum() == 10
    assert set(drawn.rows.tolist()) <= set(test.tolist())
    assert drawn.weights[labels == 1].sum() == pytest.approx((data.labels[test] == 1).sum())
    assert drawn.weights.sum() == pytest.approx(len(test))
    assert sample_past_events(data, test, 50, seed=1).rows.tolist() == drawn.rows.tolist()


@pytest.mark.long
def test_they_can_be_left_out(sample_csv: Path, quick_detector: DetectorFile, tmp_path: Path) -> None:
    choices = replace(quick_detector.training, models=("logistic_regression",), past_events=0)
    sealed = train_detector(sample_csv, replace(quick_detector, training=choices), tmp_path, lambda _step: None).sealed

    assert not has_past_events(sealed.version)
    assert not (sealed.folder / PAST_EVENTS).exists()
    assert not has_past_events(open_folder(sealed.folder))


RULES = """\
[detector]
id = "payments"
[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"
label = "is_fraud"
[entities]
customer_device = ["customer_id", "device_id"]
[[rules]]
name = "large"
when = "amount > 200"
outcome = "block"
"""


def test_rules_alone_have_them_without_scores(sample_csv: Path, tmp_path: Path) -> None:
    (tmp_path / "detector.toml").write_text(RULES)
    file = read_detector_file(tmp_path / "detector.toml")
    sealed = seal_rules(file, sample_csv, tmp_path, lambda _step: None)
    past = open_past_events(sealed.version, (sealed.folder / PAST_EVENTS).read_bytes())

    assert past.scores is None
    assert past.probabilities is None
    assert past.weights.sum() == pytest.approx(4_000)
    # Columns that only a pair uses are there too.
    assert all(past.columns["device_id"])
    assert not has_past_events(seal_rules(file, None, tmp_path, lambda _step: None).version)
