"""Threshold panel: one or two thresholds, and the metrics and costs that depend on them."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.api.detector import Detector, Outcome
from app.components.charts import Histogram, Mark, score_histogram, show_chart
from app.components.confusion import matrix_of_scores
from app.components.score_table import TOP, Acted, Figures, ScoreTable, measure
from app.ui import formatting
from app.ui.page import in_markdown
from app.ui.url_state import in_url, take_refused
from app.views.performance.charts import cost_chart
from app.views.performance.costs import Prices, cheapest, price, sweep

WIDTH = 25


def choose_thresholds(detector: Detector) -> list[tuple[str, int]]:
    """Show the slider; return names and scores of the weakest and the strongest threshold, or of the only one.

    The URL keeps them, so that opening it again shows the same.
    """
    outcomes = detector.thresholds() or (Outcome("act", 900),)
    ends = list(dict.fromkeys((outcomes[0], outcomes[-1])))
    names = [formatting.title(outcome.name) for outcome in ends]
    current = [round(outcome.from_score / 5) * 5 for outcome in ends]
    label = f"{names[0]} threshold" if len(ends) == 1 else f"{names[0]} and {names[1].lower()} thresholds"
    kept = in_url("threshold", _as_shown(current), lambda text: _read_scores(text, current), _write_scores)
    if ignored := take_refused("threshold"):
        st.info(in_markdown(ignored), icon=":material/link_off:")
    chosen = st.slider(label, 0, TOP, step=5, help=formatting.SCORE_HELP, **kept)
    scores = [chosen] if isinstance(chosen, int) else [*chosen]
    meanings = (formatting.score_meaning(score, detector.score_scale, detector.event_name) for score in scores)
    st.caption(" · ".join(f"{score}: {_lower(meaning)}" for score, meaning in zip(scores, meanings, strict=True)))
    return list(zip(names, scores, strict=True))


def _as_shown(scores: list[int]) -> int | tuple[int, ...]:
    return scores[0] if len(scores) == 1 else tuple(scores)


def _read_scores(text: str, current: list[int]) -> int | tuple[int, ...]:
    """Return the scores in a URL, such as 900-975, or 900 for the first of them."""
    given = [int(part) for part in text.split("-")]
    if len(given) > len(current) or not all(0 <= score <= TOP for score in given):
        raise ValueError(text)
    return _as_shown(
        sorted(score // 5 * 5 for score in [*given, *(max(given[0], last) for last in current[len(given) :])])
    )


def _write_scores(shown: int | tuple[int, ...]) -> str:
    return str(shown) if isinstance(shown, int) else "-".join(map(str, shown))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def show_score_figures(detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]]) -> None:
    """Show the metrics at the weakest threshold, and the difference from the live threshold."""
    score = thresholds[0][1]
    used = used_threshold(detector, score)
    now, before = measure(table, score), measure(table, round(used / 5) * 5)
    show_figures(detector, now, before, table.all, f"the live threshold of {used}")


def used_threshold(detector: Detector, otherwise: int = 900) -> int:
    """Return the lowest live threshold; ``otherwise`` if rules alone set outcomes."""
    return next((outcome.from_score for outcome in detector.thresholds()), otherwise)


def show_figures(detector: Detector, now: Figures, before: Figures, everything: Acted, against: str) -> None:
    """Show metrics, and in small print their difference from others, which ``against`` names."""
    noun = formatting.plural(detector.event_name)
    cells = iter(st.columns(4 if now.missed_amount is not None else 3))
    next(cells).metric(
        "Recall", formatting.percent(now.recall), _points(now.recall, before.recall), border=True,
        height="stretch", help=f"Share of all fraud that is reviewed or blocked. Small print: change from {against}.",
    )  # fmt: skip
    if now.missed_amount is not None:
        _show_missed(next(cells), now, before, detector, noun)
    next(cells).metric(
        "Precision", formatting.percent(now.precision), _points(now.precision, before.precision), border=True,
        height="stretch", help=f"Share of flagged {noun} that are fraud.",
    )  # fmt: skip
    next(cells).metric(
        "False positive rate", formatting.percent(now.false_positive_rate),
        _points(now.false_positive_rate, before.false_positive_rate), delta_color="inverse", border=True,
        height="stretch", help=f"Share of legitimate {noun} that are flagged: good customers affected.",
    )  # fmt: skip
    with st.expander("More metrics"):
        _show_more(detector, now, before, everything)


def _show_more(detector: Detector, now: Figures, before: Figures, everything: Acted) -> None:
    cells, noun = iter(st.columns(4)), formatting.plural(detector.event_name)
    next(cells).metric(
        "F1", formatting.percent(now.f1), _points(now.f1, before.f1), border=True,
        height="stretch", help="Harmonic mean of precision and recall. High only if both are high.",
    )  # fmt: skip
    next(cells).metric(
        "Accuracy", formatting.percent(now.accuracy), _points(now.accuracy, before.accuracy), border=True,
        height="stretch",
        help=f"Share of {noun} with the right outcome. Because fraud is rare, approving everything would already reach "
        f"{formatting.percent(everything.legitimate / ((everything.frauds + everything.legitimate) or 1))}.",
    )  # fmt: skip


def _show_missed(cell: DeltaGenerator, now: Figures, before: Figures, detector: Detector, noun: str) -> None:
    missed, change = now.missed_amount or 0.0, (now.missed_amount or 0.0) - (before.missed_amount or 0.0)
    cell.metric(
        "Fraud missed",
        in_markdown(formatting.money(missed, detector.currency)),
        in_markdown(formatting.money(change, detector.currency).replace("−", "-")) if change else None,
        delta_color="inverse",
        border=True,
        height="stretch",
        help=f"Amount of fraudulent {noun} that are approved.",
    )


def _points(now: float | None, before: float | None) -> str | None:
    """Return the difference of two shares in percentage points; None if there is none."""
    if now is None or before is None or round(now - before, 4) == 0:
        return None
    return f"{(now - before) * 100:+.2f} points"


def show_matrix_and_costs(
    detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]], prices: Prices
) -> None:
    """Show the confusion matrix next to the cost per day of every threshold."""
    noun = formatting.plural(detector.event_name)
    matrix, costs = st.columns([5, 7], gap="large")
    with matrix:
        st.subheader("Confusion matrix", anchor=False, help=f"Outcomes of fraudulent and of legitimate {noun}.")
        st.html(matrix_of_scores(table, thresholds, noun))
        show_money(detector, table.at(thresholds[0][1]), noun)
    with costs:
        heading, option = st.columns([3, 2], vertical_alignment="center")
        heading.subheader(
            "Cost per day",
            anchor=False,
            help="The upper threshold is held at your setting. Assumes that reviews find all fraud.",
        )
        with option, st.container(horizontal=True, horizontal_alignment="right"):
            prices = _choose_prices(prices, detector)
        _show_costs(detector, table, thresholds, prices)


def show_money(detector: Detector, acted: Acted, noun: str) -> None:
    """Show the amount of fraud stopped, and of legitimate events affected."""
    if acted.fraud_amount is None:
        return
    caught = formatting.money(acted.fraud_amount, detector.currency)
    affected = formatting.money(acted.legitimate_amount, detector.currency)
    text = f"Stops {caught} of fraud and affects {affected} of good {noun}."
    st.caption(in_markdown(text))


def _choose_prices(prices: Prices, detector: Detector) -> Prices:
    unit = f" ({detector.currency})" if detector.currency else ""
    with st.popover("Prices", icon=":material/tune:"):
        st.caption("From [costs] in the detector file, or defaults. Change them to see which thresholds are best.")
        review = st.number_input(f"Review{unit}", 0.0, value=prices.review, step=1.0, key="price-review")
        block = st.number_input(f"Wrong block{unit}", 0.0, value=prices.wrong_block, step=5.0, key="price-block")
        missed = prices.missed
        if missed is None:
            st.caption("A missed fraud costs its amount.")
        else:
            missed = st.number_input(f"Missed fraud{unit}", 0.0, value=missed, step=10.0, key="price-missed")
    return Prices(review, block, missed)


def _show_costs(detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]], prices: Prices) -> None:
    if prices.missed is None and table.all.fraud_amount is None:
        st.info("Events have no amount. Set a price for missed fraud under [costs] to see the cost of thresholds.")
        return
    alone = len(thresholds) == 1
    low, high = thresholds[0][1], thresholds[-1][1]
    best = cheapest(table, prices, blocks_alone=alone)
    unit = f" ({detector.currency})" if detector.currency else ""
    chart = cost_chart(sweep(table, high, prices, blocks_alone=alone), low, best[0], unit)
    show_chart(chart, alt="Cost per day at each threshold")
    # Rounded first, so that the saving is the difference of the two figures on the screen.
    totals = [round(price(table, *pair, prices).total) for pair in ((low, high), best)]
    here, least, less = (formatting.money(cost, detector.currency) for cost in (*totals, totals[0] - totals[1]))
    saving = f"You could save {less} a day." if totals[0] - totals[1] >= 1 else ""
    where = " and ".join(
        f"{'no ' if score > TOP else ''}{name.lower()}{'' if score > TOP else f' from {score}'}"
        for (name, _), score in zip(thresholds, best if not alone else best[:1], strict=True)
    )
    st.caption(in_markdown(f"Current: {here} per day. Cheapest: {least} per day ({where}). {saving}".rstrip()))


def show_distribution(table: ScoreTable, thresholds: list[tuple[str, int]], noun: str) -> None:
    """Show the distribution of scores of legitimate and of fraudulent events."""
    heading, option = st.columns([3, 1], vertical_alignment="bottom")
    heading.subheader("Scores of legitimate and fraudulent " + noun, anchor=False)
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        log = st.toggle("Log scale", value=True, help="Fraud is rare. On a linear scale its bars would be too small.")
    marks = [Mark(name, score) for name, score in thresholds]
    chart = score_histogram(Histogram(list(range(0, TOP + 1, WIDTH)), table.counts(WIDTH)), marks, noun, log)
    show_chart(chart, alt=f"Number of legitimate and fraudulent {noun} by score")
