from __future__ import annotations

from pathlib import Path

import numpy as np

from model_build.data.quality import note_data_quality
from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile
from tests.training.checked_table import EVENT, N, base, labels_of, notice, train_and_score


def test_a_clean_table_has_no_notes(tmp_path: Path) -> None:
    values = np.random.default_rng(1).standard_normal(N)
    assert notice(tmp_path, base() | {"v": values}, EVENT + 'numeric = ["v"]\n') == ()


def test_the_sample_has_no_notes_but_those_of_its_unused_columns(
    sample_csv: Path, quick_detector: DetectorFile
) -> None:
    data = read_labeled_events(sample_csv, quick_detector.event_type)
    assert note_data_quality(data, quick_detector, None) == ()


def test_columns_that_are_the_same_or_empty_in_every_row_are_named(tmp_path: Path) -> None:
    more = {"a": [5] * N, "b": ["yes"] * N, "c": ["x"] * N, "d": [""] * N, "e": [""] * N, "card": [""] * N}
    event = EVENT + 'amount = "a"\nboolean = ["b"]\ncategorical = ["c", "e"]\nnumeric = ["d"]\n[entities]\nk = "card"\n'
    notes = notice(tmp_path, base() | more, event)
    assert notes == (
        'Columns "card", "d", "e" are empty in every row: fix the export, or remove the columns from detector.toml.',
        'Columns "a", "b", "c" are the same in every row, so a model learns nothing from them: check the export, '
        "or remove the columns from detector.toml.",
    )


def test_many_constant_columns_are_one_sentence(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(12)]
    (note,) = notice(tmp_path, base() | {name: [1.5] * N for name in names}, EVENT + f"numeric = {names}\n")
    assert note.startswith('Columns "n0", "n1", "n2", "n3", "n4" and 7 more are the same in every row')


def test_one_value_and_gaps_do_tell_something(tmp_path: Path) -> None:
    gaps = ["1" if number % 3 else "" for number in range(N)]
    late = ["1"] * (N - 1) + ["2"]
    event = EVENT + 'numeric = ["gaps", "late"]\n'
    assert notice(tmp_path, base() | {"gaps": gaps, "late": late}, event) == ()


def test_an_entity_of_its_own_for_all_is_no_constant(tmp_path: Path) -> None:
    assert notice(tmp_path, base() | {"shop": ["one"] * N}, EVENT + '[entities]\nshop = "shop"\n') == ()


def test_few_frauds_are_told(tmp_path: Path) -> None:
    columns = base() | {"y": [int(number % 20 == 3) for number in range(N)]}
    assert notice(tmp_path, columns) == ("Only 30 events are labeled as fraud: every figure above is uncertain.",)


def test_categories_that_training_never_saw_are_scored(tmp_path: Path) -> None:
    known = base() | {"c": [("a", "b", "c")[number % 3] for number in range(N)]}
    new = known | {"c": [("new", "A", "\U0001f600", "")[number % 4] for number in range(N)]}
    train_and_score(tmp_path, known, EVENT + 'categorical = ["c"]\n', new)


def test_a_thousand_columns_are_checked_trained_on_and_scored(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    names = [f"n{number}" for number in range(1_000)]
    columns = base() | {name: generator.integers(0, 1_000, N) for name in names} | {"n7": labels_of() * 3}
    event = EVENT + f"numeric = {names}\n"
    (note,) = notice(tmp_path, columns, event)
    assert note.startswith('Column "n7" alone separates fraud from legitimate with an AUC of 1')
    trained = train_and_score(tmp_path, columns, event, columns)
    assert len(trained.sealed.version.features) == 1_002
