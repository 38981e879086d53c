"""Tiles of the Today page: each number, a comparison, and a link to the page with the details."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from app.api.detector import Detector
from app.components.model_health import Calibration, describe_ratio
from app.components.tiles import Color, Tile
from app.ui import formatting, times
from app.views.queue.search import review_outcome
from app.views.today.baseline import Rate
from app.views.today.changes import Change, compare
from app.views.today.data import DayData, DayFigures, Sum, part_of_day

# Fewer requests have no median worth showing.
_MIN_LATENCIES = 5
_COLORS: dict[str, Color] = {"above": "red", "below": "orange", "within": "off", "unclear": "off"}


def count_tiles(detector: Detector, data: DayData, calibration: Calibration | None) -> list[Tile]:
    """Return the tiles on volume and outcomes, compared with yesterday at the same time of day."""
    day, passed = data.today, part_of_day(data.at)
    noun, currency = formatting.plural(detector.event_name), detector.currency
    until = f"Compared with yesterday until {times.time_of_day(data.at)}. Part of an hour counts in proportion."
    of_day = {"days": "1", "label": "any"}

    def since_yesterday(kind: str, now: Sum) -> str:
        before, _ = data.yesterday.by_hour[kind].until(passed)
        return f"{formatting.money(now.amount, currency)}, {compare(now.payments, before)}"

    return [
        Tile(
            noun[:1].upper() + noun[1:], formatting.count(day.all.payments),
            since_yesterday("payments", day.all), until,
            "queue", "See all", of_day | {"outcome": "any", "sort": "newest"},
        ),
        Tile(
            "Money at risk", formatting.money(day.all.money_at_risk, currency),
            f"{formatting.money(day.passed.money_at_risk, currency)} approved",
            "Sum of probability of fraud × amount: the expected loss if nothing were stopped.",
            "queue", "Largest first", of_day | {"outcome": "any", "sort": "money_at_risk"}, **_calibration(calibration),
        ),
        Tile(
            "Blocked", formatting.count(day.blocked.payments),
            since_yesterday("blocked", day.blocked), until,
            "queue", "See blocked", of_day | {"outcome": detector.outcome_names()[-1]},
        ),
        Tile(
            "For review", formatting.count(day.reviewed.payments),
            since_yesterday("reviewed", day.reviewed), until,
            "queue", "Open the queue", {"days": "1"},
        ),
    ]  # fmt: skip


def _calibration(calibration: Calibration | None) -> dict[str, Any]:
    """Return how accurate money at risk was lately, as a tile's note and color."""
    if calibration is None or not calibration.is_off:
        return {}
    note = f"Recently {describe_ratio(calibration)} ({formatting.count(calibration.frauds)} labeled frauds)"
    return {"note": note, "color": "orange"}


def judged_tiles(detector: Detector, data: DayData, alerts: Rate | None, latencies: Sequence[float]) -> list[Tile]:
    """Return the tiles on labeled fraud, alert rate and recent API latency in milliseconds."""
    day, currency, noun = data.today, detector.currency, detector.event_name
    week = [one for one in (*data.past, day) if (data.at.date() - one.day).days < 7]
    labels = "Based on labels so far. Most fraud is reported days later, so this number grows."
    frauds = {"label": "fraud", "outcome": "any"}
    return [
        Tile(
            "Caught", *_of_week(week, day, "caught", currency),
            f"Fraud that was reviewed or blocked. {labels}", "queue", "Known fraud, 7 days", frauds | {"days": "7"},
        ),
        Tile(
            "Missed", *_of_week(week, day, "missed", currency),
            f"Fraud that was approved. {labels}", "queue", "Missed fraud, 7 days",
            {"label": "fraud", "days": "7", "outcome": detector.outcome_names()[0], "sort": "amount"},
        ),
        _alert_tile(detector, day, alerts),
        Tile(
            "API latency", formatting.milliseconds(data.answered_in_ms),
            _median(latencies),
            "Time of a health request from this dashboard, including the network. It reads no profiles: the time of a "
            f"decision is shown with each {noun} that you score.",
            "help", "About the connection",
        ),
    ]  # fmt: skip


def _of_week(week: list[DayFigures], day: DayFigures, kind: str, currency: str) -> tuple[str, str]:
    """Return the number of the last seven days, and a text with its amount and the number of today."""
    sums = [getattr(one, kind) for one in week]
    amount = formatting.money(sum(one.amount for one in sums), currency)
    today = formatting.count(getattr(day, kind).payments)
    return formatting.count(sum(one.payments for one in sums)), f"{amount} in 7 days, {today} today"


def _median(latencies: Sequence[float]) -> str:
    if len(latencies) < _MIN_LATENCIES:
        return "latest request"
    return f"median {formatting.milliseconds(median(latencies))} of {len(latencies)}"


def _alert_tile(detector: Detector, day: DayFigures, alerts: Rate | None) -> Tile:
    noun = formatting.plural(detector.event_name)
    said, note, color = "no usual range yet", "", _COLORS["unclear"]
    noted = f"Share of {noun} that were reviewed or blocked."
    if alerts is not None:
        said, note, color = describe_place(alerts), describe_sample(alerts, noun), _COLORS[alerts.place]
        noted += (
            f" The usual range comes from past days; their median is {formatting.percent(alerts.band.middle)}. A rate "
            "counts as above or below it only if its whole 95% confidence interval lies outside."
        )
    threshold = next((str(outcome.from_score) for outcome in detector.thresholds()), "")
    return Tile(
        "Alert rate", formatting.percent(day.alert_rate), said, noted,
        "performance", "Effect of the threshold", {"threshold": threshold} if threshold else {}, color, note,
    )  # fmt: skip


def describe_place(rate: Rate) -> str:
    """Return a rate's place relative to its usual range."""
    band = formatting.span(rate.band.low, rate.band.high)
    words = {"within": "in its usual range", "unclear": "usual", "above": "above the usual", "below": "below the usual"}
    return f"{words[rate.place]} {band}"


def describe_sample(rate: Rate, noun: str) -> str:
    """Return the number of events behind a rate, its confidence interval, and whether they are too few."""
    if not rate.of:
        return f"no {noun} yet"
    likely = f"95% interval {formatting.span(rate.low, rate.high)}"
    if rate.place == "unclear":
        return f"only {formatting.count(rate.of)} {noun} so far, too few to tell ({likely})"
    return f"of {formatting.count(rate.of)} {noun} ({likely})"


def alert_change(detector: Detector, alerts: Rate | None) -> list[Change]:
    """Return a sentence about an alert rate outside its usual range."""
    if alerts is None or alerts.place not in ("above", "below"):
        return []
    sentence = f"The alert rate is {formatting.percent(alerts.share)}, {describe_place(alerts)}."
    query = {"days": "1", "label": "any", "outcome": review_outcome(detector.outcome_names()), "sort": "newest"}
    icon = "trending_up" if alerts.place == "above" else "trending_down"
    return [Change(icon, sentence, "queue", "Latest alerts", query)]
