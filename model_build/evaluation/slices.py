"""Slice metrics: performance by amount, category, customer age, hour and weekday."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from tollgate.core.detectors.slices import Mask, Parts, by_amount, by_category, cut_bands
from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.events.event_type import EventType

from model_build.evaluation.score_scale import share_interval
from model_build.models.registry import Labels

# With fewer frauds, average precision depends more on chance than on the model.
MIN_FRAUDS = 10
_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
_KNOWN_DAYS = (7, 30)


@dataclass(frozen=True)
class ScoredEvents:
    """Labeled events that no model was trained on, ``n`` of them; every array has shape (n,).

    ``labels`` are 1 or 0, ``scores`` 0 to 1000. ``known_days`` is what `days_since_first_seen` gives for the first
    entity, None where there is no entity.
    """

    events: Events
    labels: Labels
    probabilities: Floats
    scores: Ints
    known_days: Floats | None


def days_since_first_seen(keys: Keys, times_us: Ints) -> Floats:
    """Return the days since each event's entity was first seen, shape (n,), for events in order of time.

    0 at its first event, at least one microsecond later on; NaN where the event has no such entity.
    """
    _, first, place = np.unique(keys.codes, return_index=True, return_inverse=True)
    days: Floats = (times_us - times_us[first][place]) / _DAY_US
    later = np.arange(len(place)) > first[place]
    days[later] = np.maximum(days[later], 1 / _DAY_US)
    days[keys.codes < 0] = np.nan
    return days


def measure_slices(scored: ScoredEvents, event_type: EventType, review_from: int) -> dict[str, Any]:
    """Return as JSON: ``review_from``, the metrics of ``overall``, and ``dimensions``, each a title and its slices.

    A slice has ``name``, ``events``, ``frauds``, ``share`` of all events, ``average_precision`` and ``auc`` (None with
    fewer than 10 frauds, and then ``few_frauds`` is true), and the shares of legitimate events and of frauds that score
    ``review_from`` or higher, as ``flagged_legitimate`` and ``caught_frauds``: ``share``, ``low`` and ``high`` of its
    95% confidence interval, or None where there are none. Slices without events are left out.
    """
    everything = np.ones(len(scored.labels), dtype=bool)
    return {
        "review_from": review_from,
        "overall": _measure("all events", everything, scored, review_from),
        "dimensions": [
            {
                "title": title,
                "slices": [_measure(name, mask, scored, review_from) for name, mask in parts if mask.any()],
            }
            for title, parts in _dimensions(scored, event_type)
        ],
    }


def _dimensions(scored: ScoredEvents, event_type: EventType) -> Iterator[tuple[str, Parts]]:
    events = scored.events
    if events.amounts is not None:
        unit = f" ({event_type.currency})" if event_type.currency else ""
        yield f"Amount{unit}", by_amount(events.amounts)
    for column, keys in events.categories.items():
        yield column, by_category(keys)
    if scored.known_days is not None:
        yield (
            f"Since the {next(iter(event_type.entities)).replace('_', ' ')} was first seen",
            _by_age(scored.known_days),
        )
    yield "Hour of the day (UTC)", _by_hour(events.times_us)
    yield "Day of the week (UTC)", _by_weekday(events.times_us)


def _measure(name: str, mask: Mask, scored: ScoredEvents, review_from: int) -> dict[str, Any]:
    labels, probabilities = scored.labels[mask], scored.probabilities[mask]
    flagged = scored.scores[mask] >= review_from
    frauds = int((labels == 1).sum())
    measured = frauds >= MIN_FRAUDS
    return {
        "name": name,
        "events": len(labels),
        "frauds": frauds,
        "share": round(len(labels) / len(mask), 5),
        "few_frauds": not measured,
        "average_precision": round(float(average_precision_score(labels, probabilities)), 5) if measured else None,
        "auc": round(float(roc_auc_score(labels, probabilities)), 5) if measured and frauds < len(labels) else None,
        "flagged_legitimate": _share(flagged[labels == 0]),
        "caught_frauds": _share(flagged[labels == 1]),
    }


def _share(flagged: Mask) -> dict[str, float] | None:
    if not len(flagged):
        return None
    low, high = share_interval(int(flagged.sum()), len(flagged))
    return {"share": round(float(flagged.mean()), 5), "low": round(low, 5), "high": round(high, 5)}


def _by_age(known_days: Floats) -> Parts:
    yield "first event", known_days == 0
    later = np.where(known_days == 0, np.nan, known_days)
    yield from cut_bands(later, list(_KNOWN_DAYS), "{:g}", " days")
    yield "(missing)", np.isnan(known_days)


def _by_hour(times_us: Ints) -> Parts:
    hour = (times_us % _DAY_US) // _HOUR_US
    for first in (0, 6, 12, 18):
        yield f"{first:02d}:00 to {first + 5:02d}:59", (hour >= first) & (hour < first + 6)


def _by_weekday(times_us: Ints) -> Parts:
    # 1 January 1970 was a Thursday; 5 and 6 are Saturday and Sunday.
    weekend = (times_us // _DAY_US + 3) % 7 >= 5
    yield "Monday to Friday", ~weekend
    yield "Saturday and Sunday", weekend


def count_unseen_categories(events: Events, learned_from: Ints, held_out: Ints) -> list[dict[str, Any]]:
    """Return for each categorical column how many events of ``held_out`` have a category that ``learned_from`` lacks.

    Both are rows of ``events``. Each item has ``column``, ``events``, their ``share`` of ``held_out`` and up to five
    ``categories``, most common first; columns without any are left out.
    """
    found = []
    for column, keys in events.categories.items():
        codes = keys.codes[held_out]
        known = np.zeros(len(keys.values) + 1, dtype=bool)
        known[keys.codes[learned_from]] = True
        known[-1] = True  # code -1: a missing value is no category
        counts = np.bincount(codes[~known[codes]], minlength=len(keys.values))
        if counts.any():
            common = np.argsort(-counts, kind="stable")[: min(5, int((counts > 0).sum()))]
            found.append(
                {
                    "column": column,
                    "events": int(counts.sum()),
                    "share": round(float(counts.sum() / len(held_out)), 5),
                    "categories": [keys.values[code] for code in common.tolist()],
                }
            )
    return found
