"""The numbers of the Today page: how much, beside what, and which page explains it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from app.api.detector import Detector
from app.components.health_sentences import say_ratio
from app.components.model_health import Calibration
from app.components.tiles import Colour, Tile
from app.ui import formatting
from app.views.queue.filters import usual_outcome
from app.views.today.baseline import Rate
from app.views.today.changes import Change, compare
from app.views.today.data import News
from app.views.today.metrics import DayFigures, Sum, part_of_day

_COLOURS: dict[str, Colour] = {"above": "red", "below": "orange", "within": "off", "unclear": "off"}


def count_tiles(detector: Detector, news: News, calibration: Calibration | None) -> list[Tile]:
    """Return how much came in, and what was done with it, beside yesterday at the same time of day."""
    day, passed = news.today, part_of_day(news.at)
    noun, currency = formatting.plural(detector.event_name), detector.currency
    until = f"Compared with yesterday up to {news.at:%H:%M}; of the hour that is not over, in proportion."
    of_day = {"days": "1", "label": "any"}

    def since_yesterday(kind: str, now: Sum) -> str:
        before, _ = news.yesterday.by_hour[kind].until(passed)
        return f"{formatting.money(now.amount, currency)}, {compare(now.payments, before)}"

    return [
        Tile(
            noun[:1].upper() + noun[1:], formatting.count(day.all.payments),
            since_yesterday("payments", day.all), until,
            "queue", "See them all", of_day | {"outcome": "any", "sort": "newest"},
        ),
        Tile(
            "Money at risk", formatting.money(day.all.money_at_risk, currency),
            f"{formatting.money(day.passed.money_at_risk, currency)} of it let through",
            "Probability of fraud × amount, added up: what fraud is expected to cost if nothing were stopped.",
            "queue", "Largest first", of_day | {"outcome": "any", "sort": "money_at_risk"}, **_calibration(calibration),
        ),
        Tile(
            "Blocked", formatting.count(day.blocked.payments),
            since_yesterday("blocked", day.blocked), until,
            "queue", "See what was blocked", of_day | {"outcome": detector.outcome_names()[-1]},
        ),
        Tile(
            "For review", formatting.count(day.reviewed.payments),
            since_yesterday("reviewed", day.reviewed), until,
            "queue", "Review them", {"days": "1"},
        ),
    ]  # fmt: skip


def _calibration(calibration: Calibration | None) -> dict[str, Any]:
    """Return what money at risk was worth lately, as a tile's note and the colour of the words above it."""
    if calibration is None or not calibration.is_off:
        return {}
    note = f"lately {say_ratio(calibration)}: {formatting.count(calibration.frauds)} labelled frauds"
    return {"note": note, "colour": "orange"}


def judged_tiles(detector: Detector, news: News, alerts: Rate | None, times: Sequence[float]) -> list[Tile]:
    """Return what labels say so far, the alert rate, and how fast the API answered of late, in milliseconds."""
    day, currency, noun = news.today, detector.currency, detector.event_name
    week = [one for one in (*news.past, day) if (news.at.date() - one.day).days < 7]
    labels = "Known from labels so far: most frauds are reported days later, so today's number grows."
    frauds = {"label": "fraud", "outcome": "any"}
    return [
        Tile(
            "Caught", formatting.count(day.caught.payments), _of_week(week, "caught", currency),
            f"Frauds that were reviewed or blocked. {labels}", "queue", "Known frauds", frauds | {"days": "7"},
        ),
        Tile(
            "Missed", formatting.count(day.missed.payments), _of_week(week, "missed", currency),
            f"Frauds that were let through. {labels}", "queue", "What was missed",
            {"label": "fraud", "days": "7", "outcome": detector.outcome_names()[0], "sort": "amount"},
        ),
        _alert_tile(detector, day, alerts),
        Tile(
            "The API answers in", formatting.milliseconds(news.answered_in_ms),
            f"median {formatting.milliseconds(median(times))} of {len(times)}",
            "A health request, timed from this dashboard just now, with the network. It reads no history: how long a "
            f"decision took is shown with each {noun} that you score.",
            "help", "What it means",
        ),
    ]  # fmt: skip


def _of_week(week: list[DayFigures], kind: str, currency: str) -> str:
    sums = [getattr(one, kind) for one in week]
    amount = sum(one.amount for one in sums)
    return f"{formatting.count(sum(one.payments for one in sums))} in 7 days, {formatting.money(amount, currency)}"


def _alert_tile(detector: Detector, day: DayFigures, alerts: Rate | None) -> Tile:
    noun = formatting.plural(detector.event_name)
    said, note, colour = "too few days to know the usual", "", _COLOURS["unclear"]
    noted = f"The share of {noun} that were reviewed or blocked."
    if alerts is not None:
        said, note, colour = say_place(alerts), say_chance(alerts, noun), _COLOURS[alerts.place]
        noted += (
            f" Usual is what the days before had, median {formatting.percent(alerts.band.middle)}. The range is the "
            "one that chance leaves (95 %): above or below is said only where all of it lies beyond the usual."
        )
    threshold = next((str(outcome.from_score) for outcome in detector.thresholds()), "")
    return Tile(
        "Alert rate", formatting.percent(day.alert_rate), said, noted,
        "performance", "What the threshold does", {"threshold": threshold} if threshold else {}, colour, note,
    )  # fmt: skip


def say_place(rate: Rate) -> str:
    """Return where a rate stands beside what is usual; that it is as usual only where it is."""
    band = formatting.span(rate.band.low, rate.band.high)
    words = {"within": "as usual", "unclear": "usual", "above": "above the usual", "below": "below the usual"}
    return f"{words[rate.place]} {band}"


def say_chance(rate: Rate, noun: str) -> str:
    """Return how many events a rate is of, the range that chance leaves it, and whether they are too few."""
    if not rate.of:
        return f"no {noun} yet"
    likely = f"{formatting.span(rate.low, rate.high)} by chance"
    if rate.place == "unclear":
        return f"only {formatting.count(rate.of)} {noun} so far, too few to tell ({likely})"
    return f"of {formatting.count(rate.of)} {noun} ({likely})"


def alert_change(detector: Detector, alerts: Rate | None) -> list[Change]:
    """Return a sentence about an alert rate that is not the usual one."""
    if alerts is None or alerts.place not in ("above", "below"):
        return []
    sentence = f"{formatting.percent(alerts.share)} are reviewed or blocked, {say_place(alerts)}."
    query = {"days": "1", "label": "any", "outcome": usual_outcome(detector.outcome_names()), "sort": "newest"}
    icon = "trending_up" if alerts.place == "above" else "trending_down"
    return [Change(icon, sentence, "queue", "The latest", query)]
