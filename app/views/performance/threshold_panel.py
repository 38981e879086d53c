"""Where to draw the line: one threshold, or two, and all that they move, recall and missed money first."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.api.detector import Detector, Outcome
from app.components.chart_display import show_chart
from app.components.charts import Histogram, Mark, score_histogram
from app.components.confusion import matrix_of_scores
from app.components.score_table import TOP, Acted, Figures, ScoreTable, measure
from app.ui import formatting
from app.ui.page import in_markdown
from app.ui.url_state import in_address, take_refused
from app.views.performance.charts import cost_chart
from app.views.performance.costs import Prices, cheapest, price, sweep

WIDTH = 25


def choose_thresholds(detector: Detector) -> list[tuple[str, int]]:
    """Show the slider; return names and scores of the weakest and the strongest threshold, or of the only one.

    The page's address keeps them, so that it shows the same when it is opened again.
    """
    outcomes = detector.thresholds() or (Outcome("act", 900),)
    ends = list(dict.fromkeys((outcomes[0], outcomes[-1])))
    names = [formatting.title(outcome.name) for outcome in ends]
    usual = [round(outcome.from_score / 5) * 5 for outcome in ends]
    label = f"{names[0]} from a score of" if len(ends) == 1 else f"{names[0]} from, and {names[1].lower()} from"
    kept = in_address("threshold", _as_shown(usual), lambda text: _read_scores(text, usual), _write_scores)
    if ignored := take_refused("threshold"):
        st.info(in_markdown(ignored), icon=":material/link_off:")
    chosen = st.slider(label, 0, TOP, step=5, help=formatting.SCORE_HELP, **kept)
    scores = [chosen] if isinstance(chosen, int) else [*chosen]
    meanings = (formatting.score_meaning(score, detector.score_scale, detector.event_name) for score in scores)
    st.caption(" · ".join(f"{score}: {_lower(meaning)}" for score, meaning in zip(scores, meanings, strict=True)))
    return list(zip(names, scores, strict=True))


def _as_shown(scores: list[int]) -> int | tuple[int, ...]:
    return scores[0] if len(scores) == 1 else tuple(scores)


def _read_scores(text: str, usual: list[int]) -> int | tuple[int, ...]:
    """Return the scores in an address, such as 900-975, or 900 for the first of them."""
    given = [int(part) for part in text.split("-")]
    if len(given) > len(usual) or not all(0 <= score <= TOP for score in given):
        raise ValueError(text)
    return _as_shown(
        sorted(score // 5 * 5 for score in [*given, *(max(given[0], last) for last in usual[len(given) :])])
    )


def _write_scores(shown: int | tuple[int, ...]) -> str:
    return str(shown) if isinstance(shown, int) else "-".join(map(str, shown))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def show_score_figures(detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]]) -> None:
    """Show the figures of acting from the weakest threshold on, and how they differ from what is in use."""
    score = thresholds[0][1]
    used = used_threshold(detector, score)
    now, before = measure(table, score), measure(table, round(used / 5) * 5)
    show_figures(detector, now, before, table.all, f"{used}, as in use")


def used_threshold(detector: Detector, otherwise: int = 900) -> int:
    """Return the score from which on events are acted on; ``otherwise`` where outcomes are given by rules alone."""
    return next((outcome.from_score for outcome in detector.thresholds()), otherwise)


def show_figures(detector: Detector, now: Figures, before: Figures, everything: Acted, against: str) -> None:
    """Show figures, and in small how they differ from others, which ``against`` names."""
    noun = formatting.plural(detector.event_name)
    cells = iter(st.columns(6 if now.missed_amount is not None else 5))
    next(cells).metric(
        "Recall", formatting.percent(now.recall), _points(now.recall, before.recall), border=True,
        help=f"Of all frauds, the share that is acted on: reviewed or blocked. Small: against {against}.",
    )  # fmt: skip
    if now.missed_amount is not None:
        _show_missed(next(cells), now, before, detector, noun)
    next(cells).metric(
        "Precision", formatting.percent(now.precision), _points(now.precision, before.precision), border=True,
        help=f"Of the {noun} that are acted on, the share that is fraud.",
    )  # fmt: skip
    next(cells).metric(
        "False positive rate", formatting.percent(now.false_positive_rate),
        _points(now.false_positive_rate, before.false_positive_rate), delta_color="inverse", border=True,
        help=f"Of the legitimate {noun}, the share that is acted on: those who are disturbed for nothing.",
    )  # fmt: skip
    next(cells).metric(
        "F1", formatting.percent(now.f1), _points(now.f1, before.f1), border=True,
        help="The harmonic mean of precision and recall: high only if both are.",
    )  # fmt: skip
    next(cells).metric(
        "Accuracy", formatting.percent(now.accuracy), _points(now.accuracy, before.accuracy), border=True,
        help=f"The share of {noun} that are treated right. Fraud is rare: acting on nothing would have "
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
        help=f"The amount of the fraudulent {noun} that are let through.",
    )


def _points(now: float | None, before: float | None) -> str | None:
    """Return how many percentage points two shares differ by; None where they do not."""
    if now is None or before is None or round(now - before, 4) == 0:
        return None
    return f"{(now - before) * 100:+.2f} points"


def show_matrix_and_costs(
    detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]], prices: Prices
) -> None:
    """Show the confusion matrix beside what a day costs at every threshold."""
    noun = formatting.plural(detector.event_name)
    matrix, costs = st.columns([5, 7], gap="large")
    with matrix:
        st.subheader("Confusion matrix", anchor=False, help=f"What happens to fraudulent and to legitimate {noun}.")
        st.html(matrix_of_scores(table, thresholds, noun))
        show_money(detector, table.at(thresholds[0][1]), noun)
    with costs:
        heading, option = st.columns([3, 2], vertical_alignment="center")
        heading.subheader(
            "What a day costs",
            anchor=False,
            help="With your upper threshold as it stands. Reviews are taken to find every fraud.",
        )
        with option, st.container(horizontal=True, horizontal_alignment="right"):
            prices = _choose_prices(prices, detector)
        _show_costs(detector, table, thresholds, prices)


def show_money(detector: Detector, acted: Acted, noun: str) -> None:
    """Show how much money of frauds, and of legitimate events, was acted on."""
    if acted.fraud_amount is None:
        return
    caught = formatting.money(acted.fraud_amount, detector.currency)
    disturbed = formatting.money(acted.legitimate_amount, detector.currency)
    text = f"{caught} of fraud is acted on, and {disturbed} of legitimate {noun} with it."
    st.caption(in_markdown(text))


def _choose_prices(prices: Prices, detector: Detector) -> Prices:
    unit = f" ({detector.currency})" if detector.currency else ""
    with st.popover("Prices", icon=":material/tune:"):
        st.caption("Those of [costs] in the detector file, or the usual ones. Change them to see what would be best.")
        review = st.number_input(f"A review{unit}", 0.0, value=prices.review, step=1.0, key="price-review")
        block = st.number_input(f"A wrong block{unit}", 0.0, value=prices.wrong_block, step=5.0, key="price-block")
        missed = prices.missed
        if missed is None:
            st.caption("A missed fraud costs its amount.")
        else:
            missed = st.number_input(f"A missed fraud{unit}", 0.0, value=missed, step=10.0, key="price-missed")
    return Prices(review, block, missed)


def _show_costs(detector: Detector, table: ScoreTable, thresholds: list[tuple[str, int]], prices: Prices) -> None:
    if prices.missed is None and table.all.fraud_amount is None:
        st.info("Events have no amount: give a missed fraud a price in [costs] to see what thresholds cost.")
        return
    alone = len(thresholds) == 1
    low, high = thresholds[0][1], thresholds[-1][1]
    best = cheapest(table, prices, blocks_alone=alone)
    unit = f" ({detector.currency})" if detector.currency else ""
    chart = cost_chart(sweep(table, high, prices, blocks_alone=alone), low, best[0], unit)
    show_chart(chart, alt="What a day costs at each threshold")
    here, least = (
        formatting.money(price(table, *pair, prices).total, detector.currency) for pair in ((low, high), best)
    )
    where = " and ".join(
        f"{name.lower()} {'nothing' if score > TOP else f'from {score}'}"
        for (name, _), score in zip(thresholds, best if not alone else best[:1], strict=True)
    )
    st.caption(in_markdown(f"Yours: {here} a day. Cheapest: {where}, {least} a day."))


def show_distribution(table: ScoreTable, thresholds: list[tuple[str, int]], noun: str) -> None:
    """Show how many legitimate and fraudulent events have each score."""
    heading, option = st.columns([3, 1], vertical_alignment="bottom")
    heading.subheader("Scores of legitimate and fraudulent " + noun, anchor=False)
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        log = st.toggle("Log counts", value=True, help="Frauds are few: on a plain scale their bars vanish.")
    marks = [Mark(name, score) for name, score in thresholds]
    chart = score_histogram(Histogram(list(range(0, TOP + 1, WIDTH)), table.counts(WIDTH)), marks, noun, log)
    show_chart(chart, alt=f"How many legitimate and fraudulent {noun} have each score")
