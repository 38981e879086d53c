"""Times far from the others, of another unit, or of several time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from tollgate.core.detectors.costs import Costs
from tollgate.core.history.plan import plan_history
from tollgate.core.history.replay import replay_histories

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import note_data_quality
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.evaluation.costs import PricedEvents
from model_build.sealing.seal import encode_histories
from model_build.train import train_detector
from tests.core.files.scored import score
from tests.training.checked_table import EVENT, NOW_S, START_S, N, base, notice, times, train_and_score, write


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
