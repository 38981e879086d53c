"""Model card sections on reasons and on fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model_build.model_card.limits import percent
from model_build.model_card.markdown import write_text

_FAILS = {
    "none": "An event that cannot be fully evaluated gets no outcome and can be sent again.",
    "rules_only": "An event that cannot be fully evaluated is decided by the rules alone.",
    "review": 'An event that cannot be fully evaluated gets the outcome "{review}".',
    "allow": "An event that cannot be fully evaluated gets the weakest outcome.",
}


def write_reasons(reasons: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about its reasons, as the manifest describes them."""
    if reasons["method"] != "lime":
        sum_gap = reasons["largest_differences"]["sum"]
        against = "the mean of the training data" if reasons["method"] == "path_dependent" else "100 training events"
        yield (
            f"Reasons are exact, relative to {against}: the base and the contributions add up to the log-odds of the "
            f"model within {sum_gap:.1g}, on validation events, with and without missing values."
        )
        return
    stability, gap = reasons["stability"], reasons["gap"]
    yield (
        "Reasons are approximate (LIME): the model is queried with variations of each event, and contributions do not "
        "add up exactly."
    )
    yield (
        f"On {reasons['events']} validation events, most of them those with the highest scores, stability was "
        f"{stability['median']:.2f} at the median and {stability['lowest']:.2f} at the lowest (1 is best); base and "
        f"contributions missed the log-odds by {gap['median']:.2g} at the median and {gap['largest']:.2g} at the most."
    )


def write_safety(safety: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about what was chosen for failures, as the manifest holds it."""
    yield write_text(_FAILS[safety["fail"]].format(**safety))
    if safety["required"]:
        yield f"Required columns: {write_text(', '.join(safety['required']))}."
    if safety["most_blocked"] is None:
        yield "Blocks are not limited by a brake."
    else:
        block, review = (write_text(safety[name]) for name in ("block", "review"))
        most = percent(safety["most_blocked"])
        yield (
            f"If more than {most} of the decisions in the last {safety['over_s']:g} s are {block} (with at least "
            f"{safety['at_least']} decisions), further {block} decisions become {review}."
        )
