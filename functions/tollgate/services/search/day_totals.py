"""Day totals of days that are over, kept so that who asks for many days need not sum them up again."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from itertools import groupby

from tollgate import clock
from tollgate.adapters.s3.segments import DaySumStore, SegmentStore
from tollgate.core.search.day_totals import DaySum, DaySums, is_sum_of, mark_of, month_of
from tollgate.errors import ChangedError
from tollgate.services.search.read import Days, IndexReader, read_index
from tollgate.services.search.summarize import sum_days

_log = logging.getLogger(__name__)
_ATTEMPTS = 5


def keep_day_sums(segments: SegmentStore, kept: DaySumStore, detector: str, days: Collection[str]) -> None:
    """Write the sums of days that are over and have other segments than those that the kept sums are of.

    A sum that is not kept is added up each time that it is asked for. Raises `UnavailableError` if the bucket does not
    answer.
    """
    today = clock.today().isoformat()
    for month, its in groupby(sorted(day for day in days if day < today), key=month_of):
        of_month = list(its)
        for _ in range(_ATTEMPTS):
            with suppress(ChangedError):
                _keep_month(segments, kept, detector, month, of_month)
                break
        else:
            _log.warning("The sums of %s changed again and again; they are kept another time.", month)


def _keep_month(segments: SegmentStore, kept: DaySumStore, detector: str, month: str, days: list[str]) -> None:
    sums, etag = kept.read(detector, month)
    asked = Days(detector, date.fromisoformat(days[0]), date.fromisoformat(days[-1]))
    fresh = read_index(segments, asked, lambda reader: _sum_changed(reader, sums, days))
    if fresh:
        kept.write(detector, month, {**sums, **fresh}, etag)


def _sum_changed(reader: IndexReader, kept: DaySums, days: Collection[str]) -> DaySums:
    changed = {day: names for day, names in reader.by_day() if day in days and not is_sum_of(kept.get(day), names)}
    return {day: DaySum(mark_of(changed[day]), summary) for day, summary in sum_days(reader, changed).items()}
