"""Data of the Today page: the last weeks, loaded now and then, and today and yesterday, loaded every 30 seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.views.today.baseline import DAYS_BACK
from app.views.today.metrics import DayFigures, no_figures, read_day

REFRESH_S = 30
_WEEKS_TTL_S = 900


@dataclass(frozen=True)
class DayData:
    """Everything the page shows. ``today_summary`` and ``yesterday_summary`` are as answered, None without decisions.

    ``days`` are the summaries of the last weeks up to yesterday, as answered.
    """

    at: datetime
    indexed_until: str | None
    today: DayFigures
    yesterday: DayFigures
    past: tuple[DayFigures, ...]
    today_summary: Json | None
    yesterday_summary: Json | None
    answered_in_ms: float
    days: tuple[Json, ...] = ()


def load_day_data(api: Api, detector: Detector) -> DayData:
    """Load everything, one request after the other; raise ``ApiProblem`` if the API does not answer."""
    at = clock.now()
    today, yesterday = at.date(), at.date() - timedelta(1)
    weeks = _load_weeks(api.url, detector.name, today, api)
    is_new = weeks.asked_at >= at
    answer, order = weeks.answer if is_new else api.summaries(yesterday, today), detector.outcome_names()
    days = {row["day"]: row for row in answer["days"]}
    summaries = [days.get(day.isoformat()) for day in (today, yesterday)]
    figures = [read_day(one, order) if one else None for one in summaries]
    before = [read_day(row, order) for row in weeks.answer["days"] if row["day"] < yesterday.isoformat()]
    return DayData(
        at=at,
        indexed_until=answer.get("indexed_until"),
        today=figures[0] or no_figures(today),
        yesterday=figures[1] or no_figures(yesterday),
        past=(*before, *([figures[1]] if figures[1] else [])),
        today_summary=summaries[0],
        yesterday_summary=summaries[1],
        answered_in_ms=time_health(api),
        days=_before(weeks.answer, today),
    )


def load_past_days(api: Api, detector: Detector) -> tuple[datetime, Sequence[Json]]:
    """Return the current time, and the summaries of the last weeks up to yesterday."""
    at = clock.now()
    weeks = _load_weeks(api.url, detector.name, at.date(), api)
    return at, _before(weeks.answer, at.date())


def _before(answer: Json, today: date) -> tuple[Json, ...]:
    return tuple(row for row in answer["days"] if row["day"] < today.isoformat())


def time_health(api: Api) -> float:
    """Return the milliseconds that a health request takes, including the network."""
    began = time.perf_counter()
    api.health()
    return (time.perf_counter() - began) * 1000


@dataclass(frozen=True)
class _Weeks:
    """The answer to ``GET /v1/summaries`` for the weeks until a day, and when it was asked for."""

    asked_at: datetime
    answer: Json


@st.cache_data(ttl=_WEEKS_TTL_S, max_entries=8, show_spinner=False)
def _load_weeks(url: str, detector: str, today: date, _api: Api) -> _Weeks:  # noqa: ARG001 - keys of the cache
    return _Weeks(clock.now(), _api.summaries(today - timedelta(DAYS_BACK), today))
