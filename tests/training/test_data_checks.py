from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from tollgate.core.detectors.costs import Costs
from tollgate.core.events.event import Events, Keys
from tollgate.core.history.plan import plan_history
from tollgate.core.history.replay import replay_histories
from tollgate.core.rules.lists.text import given_lines, read_list
from tollgate.errors import TrainingDataError

from model_build.data.future_rows import read_past_payments
from model_build.data.leakage import LabelLeak, _area, _Counts, find_label_leaks
from model_build.data.quality import note_data_quality
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.evaluation.costs import PricedEvents
from model_build.sealing.seal import encode_histories
from model_build.train import TrainingResult, train_detector
from tests.core.files.scored import score
from tests.hypothesis_profiles import examples

N = 600
START_S = 1_767_225_600  # 1 January 2026, a Thursday
NOW_S = START_S + 100 * 86_400.0
EVENT = 'id = "id"\ntimestamp = "t"\nlabel = "y"\nlabel_delay = "1h"\n'
Columns = Mapping[str, Any]


def labels_of(n: int = N, rate: float = 0.2, seed: int = 0) -> npt.NDArray[np.int8]:
    return (np.random.default_rng(seed).random(n) < rate).astype(np.int8)


def times(n: int = N) -> list[str]:
    return [datetime.fromtimestamp(START_S + 3600 * number, UTC).isoformat() for number in range(n)]


def base(n: int = N) -> dict[str, Any]:
    return {"id": [f"e{number}" for number in range(n)], "t": times(n), "y": labels_of(n).tolist()}


def write(folder: Path, columns: Columns, event: str, suffix: str = ".csv") -> tuple[Path, DetectorFile]:
    path = folder / f"table{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table(dict(columns)), path)
    else:
        pa.csv.write_csv(pa.table(dict(columns)), path)
    (folder / "detector.toml").write_text(
        f'[detector]\nid = "checked"\n[event]\n{event}[training]\nmodels = ["xgboost"]\n'
    )
    return path, read_detector_file(folder / "detector.toml")


def notice(
    folder: Path, columns: Columns, event: str = EVENT, *, now_s: float | None = NOW_S, suffix: str = ".csv"
) -> tuple[str, ...]:
    path, file = write(folder, columns, event, suffix)
    if now_s is None:
        return note_data_quality(read_labeled_events(path, file.event_type), file, None)
    return note_data_quality(read_past_payments(path, file, datetime.fromtimestamp(now_s, UTC)), file, now_s)


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


# ---- times -----------------------------------------------------------------------------------------------------------


def with_label_times(hours_after: float, at: Callable[[int], bool]) -> dict[str, Any]:
    def known(number: int) -> str:
        after = hours_after if at(number) else 1.0
        return datetime.fromtimestamp(START_S + 3600 * (number + after), UTC).isoformat()

    return base() | {"known": [known(number) for number in range(N)]}


def test_a_label_from_the_future_is_refused_with_its_row_of_the_file(tmp_path: Path) -> None:
    columns = with_label_times(10_000, lambda number: number in (7, 20, 400))
    backwards = {name: list(values)[::-1] for name, values in columns.items()}
    with pytest.raises(TrainingDataError) as caught:
        notice(tmp_path, backwards, EVENT + 'label_time = "known"\n')
    assert str(caught.value) == (
        f'Row {N - 400}, column "known": 2027-03-10T08:00:00Z lies 333 days ahead of now (2026-04-11T00:00:00Z); '
        "a label may become known at most 10 minutes ahead: check the year and the time zone (a time without one is "
        "UTC) (3 such rows)."
    )


def test_a_label_from_the_future_is_fine_where_there_is_no_present(tmp_path: Path) -> None:
    columns = with_label_times(10_000, lambda number: number == 7)
    assert notice(tmp_path, columns, EVENT + 'label_time = "known"\n', now_s=None) == ()


def test_a_time_without_a_label_is_not_refused(tmp_path: Path) -> None:
    columns = with_label_times(10_000, lambda number: number == 7)
    columns["y"] = ["" if number == 7 else label for number, label in enumerate(columns["y"])]
    assert notice(tmp_path, {**columns, "y": [str(label) for label in columns["y"]]}, EVENT + 'label_time = "known"\n')


def test_labels_younger_than_their_delay_are_counted(tmp_path: Path) -> None:
    event = EVENT.replace("1h", "10d")
    now_s = START_S + 3600.0 * (N - 1)
    (note,) = notice(tmp_path, base(), event, now_s=now_s)
    assert note.startswith("240 labels are newer than label_delay (10 days), so some frauds may not be")
    assert notice(tmp_path, base(), event, now_s=now_s + 10 * 86_400) == ()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_missing_label_time_is_no_label_from_the_future(tmp_path: Path, suffix: str) -> None:
    columns = base() | {"known": [None if number > 500 else time for number, time in enumerate(times())]}
    event = EVENT.replace("1h", "10d") + 'label_time = "known"\n'
    notes = notice(tmp_path, columns, event, now_s=START_S + 3600.0 * N, suffix=suffix)
    assert [note.split(" labels")[0] for note in notes] == ["99"]


def test_events_from_the_future_are_refused_with_row_time_now_and_count(tmp_path: Path) -> None:
    columns = {name: list(values)[::-1] for name, values in base().items()}
    with pytest.raises(TrainingDataError) as caught:
        notice(tmp_path, columns, now_s=START_S + 3600.0 * 500)
    assert str(caught.value) == (
        'Row 1, column "t": 2026-01-25T23:00:00Z lies 4 days ahead of now (2026-01-21T20:00:00Z); an event may lie at '
        "most 10 minutes ahead: check the year and the time zone (a time without one is UTC) (99 such rows)."
    )
    almost = START_S + 3600.0 * (N - 1) - 600
    assert len(notice(tmp_path, base(), now_s=almost)) == 1  # of labels that are young
    with pytest.raises(TrainingDataError):
        notice(tmp_path, base(), EVENT + 'max_ahead = "9m"\n', now_s=almost)


@pytest.mark.parametrize(
    ("days", "rows", "note"),
    [
        (-20_000, 1, "1 row lies 55 years before the others, it is row 17: check its date."),
        (-20_000, 20, "20 rows lie 55 years before the others, the first is row 17: check their dates."),
        (
            60,
            1,
            "1 row lies 36 days after the others, it is row 17: check its date; sealed histories do without it.",
        ),
        (60, 20, "20 rows lie 36 days after the others, the first is row 17: check their dates."),
    ],
)
def test_events_far_from_the_others_are_told(tmp_path: Path, days: int, rows: int, note: str) -> None:
    moments = [
        (datetime.fromisoformat(moment) + timedelta(days if 16 <= number < 16 + rows else 0)).isoformat()
        for number, moment in enumerate(times())
    ]
    assert note in notice(tmp_path, base() | {"t": moments})


@pytest.mark.long
@pytest.mark.parametrize(
    ("event", "counts", "key"),
    [
        ('timestamp_format = "excel"\n', [20_454 + number / 24 for number in range(N)], 'timestamp_unit = "days"'),
        (
            'timestamp_unit = "days"\ntimestamp_origin = "1970-01-01"\n',
            [24 * number for number in range(N)],
            'timestamp_unit = "hours"',
        ),
    ],
)
def test_counts_of_another_unit_are_told_when_training_and_when_scoring(
    tmp_path: Path, event: str, counts: list[float], key: str
) -> None:
    columns = base() | {"t": counts}
    (told,) = (note for note in notice(tmp_path, columns, EVENT + event) if "if that is right, set" in note)
    assert key in told
    path, file = write(tmp_path, columns, EVENT + event)
    version = train_detector(path, file, tmp_path / "out", lambda _step: None).sealed.version
    notes = score(version, path.read_bytes(), tmp_path / "kept", name=path.name).summary["notes"]
    assert any(key in note for note in notes)


def days_taken(data: LabeledEvents) -> int:
    days, scores = data.events.times_us // 86_400_000_000, np.zeros(len(data.labels), dtype=np.int64)
    return PricedEvents.of(data.labels, scores, None, days, Costs(missed_fraud=1.0)).day_count


@pytest.mark.parametrize("days", [20, 60, 300])
def test_a_row_that_lies_far_after_the_others_changes_nothing_for_them(tmp_path: Path, days: int) -> None:
    moments = times()
    moments[16] = (datetime.fromisoformat(moments[16]) + timedelta(days)).isoformat()
    columns = base() | {"t": moments, "card": [f"c{number % 7}" for number in range(N)]}
    event = EVENT + '[entities]\ncard = "card"\n'
    now = datetime.fromtimestamp(START_S, UTC) + timedelta(400)
    path, file = write(tmp_path, columns, event)
    data = read_past_payments(path, file, now)
    late = datetime.fromisoformat(moments[16]) > datetime.fromisoformat(moments[-1]) + timedelta(2)
    assert (data.late is not None) is late
    assert len(data.events) == N
    (without := tmp_path / "without").mkdir()
    rest = {name: [*values[:16], *values[16 + late :]] for name, values in columns.items()}
    alone = read_past_payments(*write(without, rest, event), now)
    plan = plan_history(file.event_type, (3600.0, 86_400.0))
    excess = [replay_histories(plan, one.events).excess for one in (data, alone)]
    assert encode_histories(data, plan, excess[0]) == encode_histories(alone, plan, excess[1])
    assert data.end_us == alone.end_us
    assert days_taken(data) == days_taken(alone)


# ---- from table to decision ------------------------------------------------------------------------------------------


def train_and_score(folder: Path, columns: Columns, event: str, new: Columns, suffix: str = ".csv") -> TrainingResult:
    """Train on columns and hold that ``new`` ones are scored without an error."""
    path, file = write(folder, columns, event, suffix)
    trained = train_detector(path, file, folder / "out", lambda _step: None)
    (folder / "new").mkdir()
    path, _ = write(folder / "new", new, event, suffix)
    version = trained.sealed.version
    scored = score(version, path.read_bytes(), folder / "kept", name=path.name)
    assert (scored.summary["failed"], scored.summary["errors"]) == (0, [])
    assert sum(scored.summary["outcomes"].values()) == len(new["id"])
    return trained


def shown_at(offset_hours: float, number: int, *, zone: bool = True) -> str:
    moment = datetime.fromtimestamp(START_S + 3600 * number, timezone(timedelta(hours=offset_hours)))
    return moment.isoformat() if zone else moment.replace(tzinfo=None).isoformat()


def test_offsets_that_differ_from_row_to_row_are_one_time_line(tmp_path: Path) -> None:
    mixed = base() | {"t": [shown_at((-8, 0, 5.5)[number % 3], number) for number in range(N)]}
    path, file = write(tmp_path, mixed, EVENT)
    data = read_labeled_events(path, file.event_type)
    assert (data.events.times_us == (START_S + 3600 * np.arange(N)) * 1_000_000).all()
    assert data.rows.tolist() == list(range(N))
    assert note_data_quality(data, file, NOW_S) == ()
    train_and_score(tmp_path, mixed, EVENT, mixed)


def test_times_without_a_zone_among_others_are_utc_and_told(tmp_path: Path) -> None:
    mixed = base() | {"t": [shown_at(2, number, zone=number % 2 == 0) for number in range(N)]}
    path, file = write(tmp_path, mixed, EVENT)
    data = read_labeled_events(path, file.event_type)
    in_file_order = np.empty(N, dtype=np.int64)
    in_file_order[data.rows] = data.events.times_us // 3_600_000_000
    hours = START_S // 3600 + np.arange(N)
    assert (in_file_order == hours + np.where(np.arange(N) % 2 == 1, 2, 0)).all()
    assert note_data_quality(data, file, NOW_S)[0] == (
        'Column "t" has a time zone in 300 rows and none in 300: times without a zone were read as UTC. Add the '
        "zone if they are not UTC."
    )
    train_and_score(tmp_path, mixed, EVENT, mixed)


@pytest.mark.parametrize(
    "forms", [["%Y-%m-%d"], ["%Y-%m-%dT%H:%M:%S"], ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M+01:00"]]
)
def test_one_way_to_write_times_is_not_told(tmp_path: Path, forms: list[str]) -> None:
    moments = [datetime.fromtimestamp(START_S + 3600 * number, UTC) for number in range(N)]
    written = [moment.strftime(forms[number % len(forms)]) for number, moment in enumerate(moments)]
    assert not any("time zone" in note for note in notice(tmp_path, base() | {"t": written}))


def test_typed_times_with_a_zone_of_their_own_keep_their_moments_over_the_change_of_clocks(tmp_path: Path) -> None:
    # The clocks change on 29 March 2026 at 01:00 UTC.
    moments = [(START_S + 86 * 86_400 + 3600 * number) * 1_000_000 for number in range(N)]
    columns = base() | {"t": pa.array(moments, pa.timestamp("us", "Europe/Berlin"))}
    path, file = write(tmp_path, columns, EVENT, ".parquet")
    data = read_labeled_events(path, file.event_type)
    assert data.events.times_us.tolist() == moments
    assert not any("zone in" in note for note in note_data_quality(data, file, None))
    train_and_score(tmp_path, columns, EVENT, columns, ".parquet")


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


CARDS = EVENT + 'amount = "a"\n[entities]\ncard = "card"\n'


def with_cards(cards: list[str], amounts: list[str] | None = None) -> dict[str, Any]:
    return base() | {"a": amounts or [f"{1 + number}.5" for number in range(N)], "card": cards}


def test_ids_that_a_spreadsheet_rounded_are_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards(["4.11111E+15"] * (N - 1) + ["4.22222E+15"]), CARDS)

    assert note.startswith(
        f'Column "card": {N} values such as "4.11111E+15" are numbers that a spreadsheet or a data frame has rounded'
    )


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("4,11111E+15", "are numbers that a spreadsheet or a data frame has rounded"),
        ("4.11111e15", "are numbers that a spreadsheet or a data frame has rounded"),
        ('="0036"', "are formulas of a spreadsheet"),
        ("'0036", "begin with the apostrophe by which a spreadsheet marks text"),
        ("36,0", "have the fraction that spreadsheets and data frames give whole numbers"),
        ("0036.0", "have the fraction that spreadsheets and data frames give whole numbers"),
        ("1,036", "have the commas by which a spreadsheet groups thousands"),
        ("1,036,000", "have the commas by which a spreadsheet groups thousands"),
        ("#REF!", "are errors of a spreadsheet"),
    ],
)
def test_ids_that_lists_refuse_as_damaged_are_told(tmp_path: Path, card: str, said: str) -> None:
    (note,) = notice(tmp_path, with_cards([card if number == 7 else f"c{number}" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card": 1 values such as "{card}" {said}')
    with pytest.raises(ValueError, match="which "):
        read_list("text", given_lines([card]), None)


def test_versions_and_hexadecimal_ids_are_not_damaged(tmp_path: Path) -> None:
    odd = ["2,0", "2,1", "9E10", "12e45", "v'1", "a=b", "#7", "10,20"]

    assert notice(tmp_path, with_cards([f"c{number}" for number in range(N - len(odd))] + odd), CARDS) == ()


@pytest.mark.parametrize("word", ["NULL", "None", "nan", "\\N", "undefined", "N/A", "unknown", "-"])
def test_words_for_nothing_as_ids_are_told_with_the_key_that_lists_them(tmp_path: Path, word: str) -> None:
    columns = with_cards([word if number % 3 == 0 else f"c{number}" for number in range(N)])

    (note,) = notice(tmp_path, columns, CARDS)

    assert note.startswith(f'Column "card" is "{word}" in {N // 3} of {N} rows')
    listed = note.rpartition("null_values = ")[2].partition(" in [event]")[0]
    declared = CARDS.replace("[entities]", f"null_values = {listed}\n[entities]")
    assert notice(tmp_path, columns, declared) == ()


def test_a_key_of_far_more_rows_than_any_other_is_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards(["0" if number % 4 == 0 else f"c{number}" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card" is "0" in {N // 4} of {N} rows, far more than any other')


def test_numbers_with_decimals_as_ids_are_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards([f"{number % 60}.0" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card": {N} of {N} values are whole numbers with decimals, such as "0.0"')


def test_zeros_in_front_that_some_ids_lost_are_told(tmp_path: Path) -> None:
    cards = [f"{number % 60:04d}" if number % 2 else str(number % 7 + 1) for number in range(N)]

    (note,) = notice(tmp_path, with_cards(cards), CARDS)

    assert 'such as "0001" and "1"; they count as different IDs' in note


def test_thousands_that_may_be_decimals_are_asked_about(tmp_path: Path) -> None:
    cards = [f"c{number}" for number in range(N)]
    dotted = [f"{900 + 7 * number:,}".replace(",", ".") for number in range(N)]

    (note,) = notice(tmp_path, with_cards(cards, dotted), CARDS)

    assert "exactly three digits behind it" in note
    declared = CARDS.replace("[entities]", 'decimal = ","\nthousands = "."\n[entities]')
    assert notice(tmp_path, with_cards(cards, dotted), declared) == ()
    for other in ("0.500", "12.5", "1500"):
        assert notice(tmp_path, with_cards(cards, [*dotted[1:], other]), CARDS) == ()


def test_labels_the_wrong_way_round_are_asked_about(tmp_path: Path) -> None:
    swapped = base() | {"y": (1 - labels_of(rate=0.1)).tolist()}

    assert any("are the labels swapped" in note for note in notice(tmp_path, swapped))
