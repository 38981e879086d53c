"""The numbers of the Today page: how much, beside what, and which page explains it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from app import wording
from app.day_changes import Change, compare
from app.day_figures import DayFigures, Sum, part_of_day
from app.day_news import News
from app.detector import Detector
from app.queue_terms import usual_outcome
from app.tiles import Colour, Tile
from app.usual import Band, Usual, alert_band, place_of_rate

_COLOURS: dict[str, Colour] = {"above": "red", "below": "orange", "within": "off"}


def count_tiles(detector: Detector, news: News) -> list[Tile]:
    """Return how much came in, and what was done with it, beside yesterday at the same time of day."""
    day, passed = news.today, part_of_day(news.at)
    noun, currency = wording.plural(detector.event_name), detector.currency
    until = f"Compared with yesterday up to {news.at:%H:%M}; of the hour that is not over, in proportion."
    of_day = {"days": "1", "label": "any"}

    def since_yesterday(kind: str, now: Sum) -> str:
        before, _ = news.yesterday.by_hour[kind].until(passed)
        return f"{wording.money(now.amount, currency)}, {compare(now.payments, before)}"

    return [
        Tile(
            noun[:1].upper() + noun[1:], wording.count(day.all.payments),
            since_yesterday("payments", day.all), until,
            "queue", "See them all", of_day | {"outcome": "any", "sort": "newest"},
        ),
        Tile(
            "Money at risk", wording.money(day.all.money_at_risk, currency),
            f"{wording.money(day.passed.money_at_risk, currency)} of it let through",
            "Probability of fraud × amount, added up: what fraud is expected to cost if nothing were stopped.",
            "queue", "Largest first", of_day | {"outcome": "any", "sort": "money_at_risk"},
        ),
        Tile(
            "Blocked", wording.count(day.blocked.payments),
            since_yesterday("blocked", day.blocked), until,
            "queue", "See what was blocked", of_day | {"outcome": detector.outcome_names()[-1]},
        ),
        Tile(
            "For review", wording.count(day.reviewed.payments),
            since_yesterday("reviewed", day.reviewed), until,
            "queue", "Review them", {"days": "1"},
        ),
    ]  # fmt: skip


def judged_tiles(detector: Detector, news: News, usual: Usual | None, times: Sequence[float]) -> list[Tile]:
    """Return what labels say so far, the alert rate, and how fast the API answered of late, in milliseconds."""
    day, currency, noun = news.today, detector.currency, detector.event_name
    week = [one for one in (*news.past, day) if (news.at.date() - one.day).days < 7]
    labels = "Known from labels so far: most frauds are reported days later, so today's number grows."
    frauds = {"label": "fraud", "outcome": "any"}
    return [
        Tile(
            "Caught", wording.count(day.caught.payments), _of_week(week, "caught", currency),
            f"Frauds that were reviewed or blocked. {labels}", "queue", "Known frauds", frauds | {"days": "7"},
        ),
        Tile(
            "Missed", wording.count(day.missed.payments), _of_week(week, "missed", currency),
            f"Frauds that were let through. {labels}", "queue", "What was missed",
            {"label": "fraud", "days": "7", "outcome": detector.outcome_names()[0], "sort": "amount"},
        ),
        _alert_tile(detector, day, usual),
        Tile(
            "The API answers in", wording.milliseconds(news.answered_in_ms),
            f"median {wording.milliseconds(median(times))} of {len(times)}",
            "A health request, timed from this dashboard just now, with the network. It reads no history: how long a "
            f"decision took is shown with each {noun} that you score.",
            "help", "What it means",
        ),
    ]  # fmt: skip


def _of_week(week: list[DayFigures], kind: str, currency: str) -> str:
    sums = [getattr(one, kind) for one in week]
    amount = sum(one.amount for one in sums)
    return f"{wording.count(sum(one.payments for one in sums))} in 7 days, {wording.money(amount, currency)}"


def _alert_tile(detector: Detector, day: DayFigures, usual: Usual | None) -> Tile:
    said, place = "too few days to know the usual", "within"
    noted = f"The share of {wording.plural(detector.event_name)} that were reviewed or blocked."
    if usual is not None:
        band = alert_band(usual)
        place = place_of_rate(day.alerts, day.all.payments, band)
        said = f"{'as' if place == 'within' else place} usual: {_span(band)}"
        noted += (
            f" Usual is what {usual.words} had, median {wording.percent(band.middle)}. It is called above or below "
            f"only where chance does not explain it with {wording.count(day.all.payments)} so far."
        )
    threshold = next((str(outcome.from_score) for outcome in detector.thresholds()), "")
    return Tile(
        "Alert rate", wording.percent(day.alert_rate), said, noted,
        "performance", "What the threshold does", {"threshold": threshold} if threshold else {}, _COLOURS[place],
    )  # fmt: skip


def alert_change(detector: Detector, news: News, usual: Usual | None) -> list[Change]:
    """Return a sentence about an alert rate that is not the usual one."""
    if usual is None:
        return []
    band, day = alert_band(usual), news.today
    place = place_of_rate(day.alerts, day.all.payments, band)
    if place == "within":
        return []
    sentence = f"{wording.percent(day.alert_rate)} are reviewed or blocked, {place} the usual {_span(band)}."
    query = {"days": "1", "label": "any", "outcome": usual_outcome(detector.outcome_names()), "sort": "newest"}
    return [Change("trending_up" if place == "above" else "trending_down", sentence, "queue", "The latest", query)]


def _span(band: Band) -> str:
    return f"{wording.percent(band.low)} to {wording.percent(band.high)}"
