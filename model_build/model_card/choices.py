"""Model card sections on reasons and on fallbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model_build.model_card.limits import percent
from model_build.model_card.markdown import write_text

_FAILS = {
    "none": "An event that cannot be decided in full gets no outcome, and can be sent again.",
    "rules_only": "An event that cannot be decided in full is decided by the rules alone.",
    "review": 'An event that cannot be decided in full gets the outcome "{review}".',
    "allow": "An event that cannot be decided in full gets the weakest outcome.",
}


def write_reasons(reasons: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about its reasons, as the manifest describes them."""
    if reasons["method"] != "lime":
        sum_gap = reasons["largest_differences"]["sum"]
        against = "the mean of the training data" if reasons["method"] == "path_dependent" else "100 training events"
        yield (
            f"They are exact, counted from {against}: base and contributions differ from the log-odds of the model by "
            f"{sum_gap:.1g} at most, on validation events and with values missing."
        )
        return
    stability, gap = reasons["stability"], reasons["gap"]
    yield (
        "They are approximate (LIME): no table covers this model, so it is asked about variations of each event, and "
        "contributions do not add up."
    )
    yield (
        f"On {reasons['events']} validation events, most of them those with the highest scores, stability was "
        f"{stability['median']:.2f} in the middle and {stability['lowest']:.2f} at the least (1 is best), and base and "
        f"contributions missed the log-odds by {gap['median']:.2g} in the middle and {gap['largest']:.2g} at the most."
    )


def write_safety(safety: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about what was chosen for failures, as the manifest holds it."""
    yield write_text(_FAILS[safety["fail"]].format(**safety))
    if safety["required"]:
        yield f"It cannot be without: {write_text(', '.join(safety['required']))}."
    if safety["most_blocked"] is None:
        yield "There is no brake on blocks."
    else:
        block, review = (write_text(safety[name]) for name in ("block", "review"))
        most = percent(safety["most_blocked"])
        yield (
            f"Where more than {most} of the decisions of the last {safety['over_s']:g} s, of {safety['at_least']} or "
            f'more, are "{block}", such decisions become "{review}".'
        )
