"""Columns that leak the label are found, and honest ones are not suspected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from tollgate.core.events.event import Events, Keys

from model_build.data.leakage import LabelLeak, _area, _Counts, find_label_leaks
from model_build.data.quality import note_data_quality
from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile
from tests.hypothesis_profiles import examples
from tests.training.checked_table import EVENT, N, base, labels_of, notice


def test_a_column_filled_in_after_the_truth_is_named_in_a_sentence(tmp_path: Path) -> None:
    y = labels_of()
    columns = base() | {"reason": np.where(y == 1, "stolen card", "").tolist(), "refund": (y * 9.5).tolist()}
    notes = notice(tmp_path, columns, EVENT + 'categorical = ["reason"]\nnumeric = ["refund"]\n')
    frauds = int(y.sum())
    assert notes == (
        'Column "refund" alone separates fraud from legitimate with an AUC of 1: it likely leaks the label, because it '
        "was filled in after the outcome was known. Remove it from detector.toml unless every new event really has it.",
        f'Column "reason" is filled in for {frauds} of {frauds} frauds and for 0 of {N - frauds} legitimate events: it '
        "likely leaks the label, because it was filled in after the outcome was known. Remove it from detector.toml "
        "unless every new event really has it.",
    )


def test_the_samples_own_answer_is_found_where_somebody_declares_it(
    sample_csv: Path, quick_detector: DetectorFile
) -> None:
    event_type = replace(
        quick_detector.event_type, ignored=("currency",), categorical=("merchant_category", "channel", "fraud_kind")
    )
    declared = replace(quick_detector, event_type=event_type)
    (note,) = note_data_quality(read_labeled_events(sample_csv, event_type), declared, None)
    assert note.startswith('Column "fraud_kind" is filled in for ')


def judge(column: npt.NDArray[Any] | Keys, y: npt.NDArray[np.int8]) -> list[LabelLeak]:
    n = len(y)
    numeric = {} if isinstance(column, Keys) else {"c": column.astype(np.float64)}
    categories = {"c": column} if isinstance(column, Keys) else {}
    events = Events([""] * n, np.arange(n, dtype=np.int64), None, None, None, numeric, categories, {})
    return find_label_leaks(events, y)


def measures(y: npt.NDArray[np.int8], shift: float, seed: int = 1) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(len(y)) + shift * y


@pytest.mark.parametrize(("n", "rate"), [(2_000, 0.2), (20_000, 0.01), (120_000, 0.1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_is_found_in_either_direction_with_its_area(n: int, rate: float, sign: int) -> None:
    y = labels_of(n, rate)
    values = sign * measures(y, 5.5)
    (found,) = judge(values, y)
    assert found.found_by == "order"
    assert found.auc == pytest.approx(roc_auc_score(y, sign * values), abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.3, 3.3])
@pytest.mark.parametrize(("n", "rate"), [(2_000, 0.2), (20_000, 0.01), (120_000, 0.1)])
def test_an_honest_number_is_not_suspected_however_strong(n: int, rate: float, shift: float) -> None:
    y = labels_of(n, rate)
    assert judge(measures(y, shift), y) == []


def test_no_luck_among_a_thousand_strong_columns_with_ten_frauds() -> None:
    y = np.zeros(2_000, dtype=np.int8)
    y[::200] = 1
    columns = {f"c{seed}": measures(y, 1.8, seed) for seed in range(1_000)}
    events = Events([""] * 2_000, np.arange(2_000), None, None, None, columns, {}, {})
    assert find_label_leaks(events, y) == []


def test_nine_frauds_are_too_few_to_suspect_anything() -> None:
    y = np.zeros(1_000, dtype=np.int8)
    y[:9] = 1
    assert judge(y, y) == []
    y[9] = 1
    assert [found.column for found in judge(y, y)] == ["c"]


def test_a_column_with_few_known_values_proves_nothing() -> None:
    y = labels_of(2_000, 0.2)
    values = np.full(len(y), np.nan)
    known = np.concatenate([np.flatnonzero(y == 1)[:200], np.flatnonzero(y == 0)[:50]])
    values[known] = y[known] * 10.0 + np.linspace(0, 1, len(known))
    assert judge(values, y) == []


def test_codes_are_found_whatever_their_order() -> None:
    y = labels_of(4_000, 0.1)
    legitimate = np.random.default_rng(2).choice([1, 2, 4, 5], len(y))
    (found,) = judge(np.where(y == 1, 3, legitimate), y)
    assert (found.found_by, found.auc) == ("groups", 1.0)


def test_a_category_of_its_own_for_frauds_is_found_and_a_common_one_is_not() -> None:
    y = labels_of(4_000, 0.1)
    others = np.random.default_rng(2).integers(0, 3, len(y))
    names = ["settled", "open", "refunded", "chargeback"]
    assert [found.found_by for found in judge(Keys(np.where(y == 1, 3, others), names), y)] == ["groups"]
    half = np.where((y == 1) & (others > 0), 3, others)
    assert judge(Keys(half, names), y) == []


def test_a_category_for_each_event_explains_only_itself() -> None:
    y = labels_of(4_000, 0.1)
    assert judge(Keys(np.arange(len(y)), [str(number) for number in range(len(y))]), y) == []


@pytest.mark.parametrize("filled_for", [1, 0])
def test_being_filled_in_or_empty_only_for_frauds_is_found_though_not_for_all(filled_for: int) -> None:
    y = labels_of(4_000, 0.05)
    chance = np.random.default_rng(3).random(len(y)) < 0.6
    present = (y == 1) & chance if filled_for else (y == 0) | chance
    (found,) = judge(np.where(present, measures(y, 0), np.nan), y)
    assert found.found_by == ("presence" if filled_for else "absence")
    assert found.seen_legitimate == 0
    assert 50 < found.seen_frauds < int(y.sum())


def test_gaps_that_frauds_have_more_often_are_honest() -> None:
    y = labels_of(4_000, 0.05)
    chance = np.random.default_rng(3).random(len(y))
    assert judge(np.where(chance < 0.1 + 0.85 * y, np.nan, measures(y, 0)), y) == []


def test_where_nearly_all_is_fraud_ten_filled_rows_are_no_proof() -> None:
    y = labels_of(2_000, 0.9)
    values = np.full(len(y), np.nan)
    values[np.flatnonzero(y == 1)[:12]] = 1.0
    assert judge(values, y) == []


def test_events_without_a_label_do_not_count() -> None:
    y = labels_of(2_000, 0.2)
    values = measures(y, 8.0)
    some = y.copy()
    some[::3] = -1
    values[::3] = -values[::3]
    assert [found.column for found in judge(values, some)] == ["c"]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=20, max_size=60))
@settings(max_examples=examples(100))
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    values = np.array([value for value, _ in rows], dtype=np.float64)
    fraud = np.array([label for _, label in rows])
    if fraud.all() or not fraud.any():
        return
    counts = _Counts.of(values, fraud)
    area = _area(counts.frauds.sum(axis=1), counts.legitimate.sum(axis=1))
    assert area == pytest.approx(roc_auc_score(fraud, values))
