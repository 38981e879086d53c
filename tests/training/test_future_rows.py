"""Events and labels from the future are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tollgate.errors import TrainingDataError

from tests.training.checked_table import EVENT, START_S, N, base, notice, times

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
        "read in UTC) (3 such rows)."
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
        "most 10 minutes ahead: check the year and the time zone (a time without one is read in UTC) (99 such rows)."
    )
    with pytest.raises(TrainingDataError, match="a time without one is read in Europe/Berlin"):
        notice(tmp_path, columns, EVENT + 'timezone = "Europe/Berlin"\n', now_s=START_S)
    almost = START_S + 3600.0 * (N - 1) - 600
    assert len(notice(tmp_path, base(), now_s=almost)) == 1  # of labels that are young
    with pytest.raises(TrainingDataError):
        notice(tmp_path, base(), EVENT + 'max_ahead = "9m"\n', now_s=almost)
