"""Downgrades by a live rule: decisions for which the score alone would have given a stronger outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui import formatting

_LIMIT = 200


def count_downgrades(api: Api, detector: Detector, rule: Json, days: Sequence[Json]) -> str:
    """Return how many decisions of these days a rule weakened, and from which outcomes; empty if none."""
    stronger = _scores_above(detector, str(rule["outcome"]))
    if not days or stronger is None or rule.get("shadow") or not rule.get("enabled", True):
        return ""
    dates = sorted(str(day["day"]) for day in days)
    found = _search(api.url, str(rule["name"]), stronger, dates[0], dates[-1], api)
    taken = [one for one in found["decisions"] if (one.get("downgraded") or {}).get("rule") == rule["name"]]
    if not taken:
        return ""
    counted = Counter(str(one["downgraded"]["from"]) for one in taken)
    listed = " and ".join(f"{count:,} from {formatting.title(name)}" for name, count in counted.most_common())
    frauds = sum((one.get("label") or {}).get("label") == "fraud" for one in taken)
    more = ", and more" if found.get("cursor") else ""
    to = formatting.title(str(rule["outcome"]))
    return f"Downgraded {listed}{more} to {to} in this period. Confirmed fraud: {frauds:,}."


def _scores_above(detector: Detector, outcome: str) -> int | None:
    """Return the lowest score that alone gives a stronger outcome; None if none does, or if the strongest wins."""
    if detector.document.get("rules_mode") == "ALL_MATCHED":
        return None
    order = [str(name) for name in detector.document.get("outcome_order") or ()]
    order = order or [known.name for known in detector.outcomes]
    rank = order.index(outcome) if outcome in order else len(order)
    above = [known.from_score for known in detector.outcomes if known.name in order[rank + 1 :]]
    return min(above, default=None)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _search(url: str, rule: str, from_score: int, first: str, last: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    terms = {"rule": rule, "from_score": str(from_score), "from": first, "to": last, "limit": str(_LIMIT)}
    return _api.search(terms)
