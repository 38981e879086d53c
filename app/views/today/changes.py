"""Changes of the day, as sentences with a link, and the status of a day without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.api.evaluation import load_evaluation, read_test_table
from app.components.live_days import read_live_days
from app.components.model_health import (
    Calibration,
    Compared,
    calibrate_money,
    compare_with_test,
    describe_calibration,
    describe_moved,
)
from app.components.score_table import add_days
from app.ui import formatting
from app.views.today.baseline import Rate
from app.views.today.data import DayData

_MAX_RULES = 3
_LIVE = {"on": "live"}


@dataclass(frozen=True)
class Change:
    """A sentence, and the page that shows more."""

    icon: str
    sentence: str
    page: str
    label: str
    query: dict[str, str] = field(default_factory=dict)


def find_changes(today: Json, yesterday: Json, noun: str) -> list[Change]:
    """Return the differences in today's summary, the most serious first."""
    return [*_safety(today, yesterday, noun), *_versions(today, yesterday)]


def _safety(today: Json, yesterday: Json, noun: str) -> list[Change]:
    texts = {
        "degraded": ("decided without the model, a profile or a variable", "priority_high"),
        "braked": ("sent to review instead of being blocked, because too many were blocked", "speed"),
    }
    return [
        Change(icon, f"{_many(int(today[name]), noun)} {words} ({formatting.count(yesterday[name])} yesterday).",
               "queue", f"Today's {formatting.plural(noun)}", {"outcome": "any", "label": "any", "days": "1"})
        for name, (words, icon) in texts.items()
        if today.get(name)
    ]  # fmt: skip


def _versions(today: Json, yesterday: Json) -> list[Change]:
    before = {row["detector_version"] for row in yesterday["versions"]}
    new = sorted({row["detector_version"] for row in today["versions"]} - before)
    return [
        Change("new_releases", f"Version {version} went live today.", "performance", "Results on test data")
        for version in new
    ]


def rule_changes(rates: Mapping[str, Rate], noun: str) -> list[Change]:
    """Return the rules whose match rate differs from the baseline, the largest difference first."""
    moved = [rule for rule, rate in rates.items() if rate.place in ("above", "below")]
    moved.sort(key=lambda rule: -abs(rates[rule].share - rates[rule].band.middle))
    return [
        Change("rule", _describe_rate(rule, rates[rule], noun), "rules", "Open the rule", {"rule": rule})
        for rule in moved[:_MAX_RULES]
    ]


def _describe_rate(rule: str, rate: Rate, noun: str) -> str:
    usual = formatting.span(rate.band.low, rate.band.high)
    share = formatting.percent(rate.share)
    return f"Rule {rule} matched {share} of {_many(rate.of, noun)}, {rate.place} the usual {usual}."


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{formatting.count(number)} {formatting.plural(noun)}"


def compare(now: float, before: float) -> str:
    """Return a number compared with yesterday's at the same time of day, such as ``12% more than yesterday``."""
    if before < 0.5:
        return "0 at this time yesterday"
    change = (now - before) / before
    if abs(change) < 0.005:
        return "same as yesterday"
    if change >= 2:
        return f"{now / before:.1f} times yesterday's"
    return f"{abs(change) * 100:.0f}% {'more' if change > 0 else 'less'} than yesterday"


@dataclass(frozen=True)
class Health:
    """Model quality on days whose labels are final. Both are unknown if there is too little fraud."""

    calibration: Calibration | None = None
    compared: tuple[Compared, ...] = ()


def judge_money(detector: Detector, past: Sequence[Json], at: datetime) -> Calibration | None:
    """Return how accurate money at risk was in the last weeks; None if that is unknown."""
    days = _mature_days(detector, past, at)
    return calibrate_money(days, detector.outcome_names()) if days else None


def judge_health(api: Api, detector: Detector, data: DayData, money: Calibration | None) -> Health:
    """Return the model's health; the comparison with test data is left out if that cannot be loaded.

    ``money`` is the result of `judge_money` for the same days.
    """
    table, thresholds = add_days(_mature_days(detector, data.days, data.at)), detector.thresholds()
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
    """Return sentences on a model whose results changed, or whose money at risk is off."""
    found = []
    if health.calibration is not None and health.calibration.is_off:
        sentence = describe_calibration(health.calibration, detector)
        found.append(Change("money_off", sentence, "performance", "Live results", _LIVE))
    moved = [one for one in health.compared if one.has_moved]
    if moved:
        icon = "trending_down" if moved[0].live < moved[0].test else "trending_up"
        found.append(Change(icon, describe_moved(moved), "performance", "Live results", _LIVE))
    return found


def describe_day(
    detector: Detector, data: DayData, alerts: Rate | None, rules: Mapping[str, Rate], health: Health
) -> tuple[str, str]:
    """Return a heading and a text for a day without notable changes."""
    noun = detector.event_name
    model = _describe_model(health)
    for day, summary in (("today", data.today_summary), ("yesterday", data.yesterday_summary)):
        if summary is None:
            return "Nothing to compare", f"There were no {formatting.plural(noun)} {day}. {model}"
    same = "The live version is the same as yesterday, and every decision used all its data."
    if alerts is None:
        return "Not enough past days", f"The usual range of alerts and rule hits is not known yet. {same} {model}"
    unclear = [name for name, rate in rules.items() if rate.place == "unclear"]
    if alerts.place == "unclear" or unclear:
        many = formatting.count(alerts.of)
        some = f" It is also too early to tell for {len(unclear)} of {len(rules)} rules." if unclear else ""
        text = f"{many} {formatting.plural(noun)} so far: {_describe_alerts(alerts)}.{some} {same} {model}"
        return "Too early to tell", text
    within = "Alerts and rule hits are" if rules else "Alerts are"
    return "Nothing unusual", f"{within} in their usual range. {same} {model}"


def _describe_alerts(alerts: Rate) -> str:
    if alerts.place == "within":
        return f"the alert rate is in its usual range of {formatting.span(alerts.band.low, alerts.band.high)}"
    usual = formatting.span(alerts.band.low, alerts.band.high)
    return (
        f"the alert rate of {formatting.percent(alerts.share)} may be chance "
        f"(95% interval {formatting.span(alerts.low, alerts.high)}; usual range {usual})"
    )


def _describe_model(health: Health) -> str:
    if not health.compared and health.calibration is None:
        return "Too little fraud is labeled to evaluate the model."
    if health.calibration is None:
        return "On labeled days, the model performs as on the test data."
    return (
        f"On {health.calibration.days} labeled days, the model performs as on the test data, and money at risk is "
        "accurate."
    )
