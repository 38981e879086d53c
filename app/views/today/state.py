"""State of the day in a sentence: ordinary, too early to tell, or nothing to compare. What changed is told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.api.evaluation import load_evaluation, read_test_table
from app.components.health_sentences import say_calibration, say_moved
from app.components.live_days import read_live_days
from app.components.model_health import Calibration, Compared, calibrate_money, compare_with_test
from app.components.score_table import add_days
from app.ui import formatting
from app.views.today.baseline import Rate
from app.views.today.changes import Change
from app.views.today.data import News

_LIVE = {"on": "live"}


@dataclass(frozen=True)
class Health:
    """How the model holds on days whose labels are final. Neither is known with too few frauds."""

    calibration: Calibration | None = None
    compared: tuple[Compared, ...] = ()


def judge_money(detector: Detector, past: Sequence[Json], at: datetime) -> Calibration | None:
    """Return what money at risk was worth in the weeks before; None where that is not known."""
    days = _mature_days(detector, past, at)
    return calibrate_money(days, detector.outcome_names()) if days else None


def judge_health(api: Api, detector: Detector, news: News, money: Calibration | None) -> Health:
    """Return how the model holds; the test data is asked for, and passed over where it is not to be had.

    ``money`` is what `judge_money` says of the same days.
    """
    table, thresholds = add_days(_mature_days(detector, news.days, news.at)), detector.thresholds()
    if table is None or not thresholds:
        return Health(money)
    try:
        test = read_test_table(load_evaluation(api.url, detector.version, api))
    except ApiProblem:
        test = None
    return Health(money, tuple(compare_with_test(table, test, thresholds[0].from_score)) if test else ())


def _mature_days(detector: Detector, past: Sequence[Json], at: datetime) -> list[Json]:
    if detector.label_delay_s is None:
        return []
    live = read_live_days(past, detector.label_delay_s, at)
    return [one.summary for one in live if one.is_mature]


def health_changes(health: Health, detector: Detector) -> list[Change]:
    """Return sentences on a model that no longer does as it did, or whose money at risk is off."""
    found = []
    if health.calibration is not None and health.calibration.is_off:
        sentence = say_calibration(health.calibration, detector)
        found.append(Change("money_off", sentence, "performance", "Live figures", _LIVE))
    moved = [one for one in health.compared if one.has_moved]
    if moved:
        icon = "trending_down" if moved[0].live < moved[0].test else "trending_up"
        found.append(Change(icon, say_moved(moved), "performance", "Live figures", _LIVE))
    return found


def say_calm(
    detector: Detector, news: News, alerts: Rate | None, rules: Mapping[str, Rate], health: Health
) -> tuple[str, str]:
    """Return a heading and a text for a day on which nothing stands out, as far as it can be told."""
    noun = detector.event_name
    model = _say_model(health)
    for day, summary in (("today", news.today_summary), ("yesterday", news.yesterday_summary)):
        if summary is None:
            return "Nothing to compare", f"No {noun} was decided on {day}. {model}"
    same = "The same version decides as yesterday, and every decision was made in full."
    if alerts is None:
        return "Too few days to tell", f"Nobody knows yet what is usual for alerts and rules. {same} {model}"
    unclear = [name for name, rate in rules.items() if rate.place == "unclear"]
    if alerts.place == "unclear" or unclear:
        many = formatting.count(alerts.of)
        some = f" The same holds for {len(unclear)} of {len(rules)} rules." if unclear else ""
        text = f"{many} {formatting.plural(noun)} so far: {_say_alerts(alerts)}.{some} {same} {model}"
        return "Too early to tell", text
    asked = "alerts and rules hit" if rules else "alerts are"
    return "Nothing out of the ordinary", f"As on other days, {asked} as usual. {same} {model}"


def _say_alerts(alerts: Rate) -> str:
    if alerts.place == "within":
        return f"alerts are as usual, {formatting.span(alerts.band.low, alerts.band.high)}"
    usual = formatting.span(alerts.band.low, alerts.band.high)
    return (
        f"{formatting.percent(alerts.share)} reviewed or blocked may be chance "
        f"({formatting.span(alerts.low, alerts.high)}), where {usual} is usual"
    )


def _say_model(health: Health) -> str:
    if not health.compared and health.calibration is None:
        return "Too few frauds are labelled to judge the model."
    if health.calibration is None:
        return "On labelled days the model does as on the test data."
    return f"On {health.calibration.days} labelled days the model does as on the test data, and money at risk is right."
