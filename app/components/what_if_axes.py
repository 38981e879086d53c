"""In which ways a payment could have been otherwise: the variables to move, and the values to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.api.client import Json
from app.api.detector import Detector, Variable
from app.ui import formatting

MOST_NAMES = 30
NEVER_SEEN = "never-seen-before"
_MANTISSAS = (1, 1.5, 2, 3, 4, 5, 6, 8)
_KM = (0, 1, 2, 5, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000)
_KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Point:
    """One value to try: where it stands, how it is said, and what it changes in the event."""

    place: float
    label: str
    changes: Json


@dataclass(frozen=True)
class Move:
    """A variable to move. ``scale`` says how places are laid out; ``names`` have none, and stand side by side."""

    title: str
    axis: str
    scale: Literal["linear", "symlog", "names"]
    here: float | None
    points: tuple[Point, ...]


def moves_of(detector: Detector, event: Json) -> list[Move]:
    """Return what can be moved of this event, the most telling first; what it lacks cannot be moved."""
    return [move for move in _all_moves(detector, event) if len(move.points) > 1]


def _all_moves(detector: Detector, event: Json) -> Iterator[Move]:
    for variable in detector.variables:
        if variable.role in {"amount", "numeric"}:
            yield _amount(variable, event, detector.currency if variable.role == "amount" else "")
    yield _hour(detector.column("timestamp"), event)
    yield _distance(detector.column("latitude"), detector.column("longitude"), event)
    yield _strangers(detector, event)
    for variable in detector.variables:
        if variable.role in {"categorical", "boolean"}:
            yield _names(variable, event)


def _amount(variable: Variable, event: Json, currency: str) -> Move:
    value = event.get(variable.name)
    here = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    most = max(abs(here or 0.0) * 5, 2_000.0 if variable.role == "amount" else 10.0)
    grid = [0.0, *(float(m * 10**k) for k in range(10) for m in _MANTISSAS if m * 10**k <= most)]
    values = sorted({*grid, *([] if here is None else [here])})
    say = (lambda amount: formatting.money(amount, currency, cents=amount % 1 > 0)) if currency else "{:,.6g}".format
    points = tuple(Point(one, say(one), {variable.name: one}) for one in values)
    title = formatting.title(variable.name)
    return Move(title, f"{title} ({currency})" if currency else title, "symlog", here, points)


def _hour(column: str, event: Json) -> Move:
    try:
        at = datetime.fromisoformat(str(event.get(column)))
    except ValueError:
        return Move("Time of day", "", "linear", None, ())
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = sorted({at, *(midnight + timedelta(minutes=30 * step) for step in range(48))})
    points = tuple(
        Point((one - midnight).total_seconds() / 3600, f"{one:%H:%M}", {column: f"{one:%Y-%m-%dT%H:%M:%SZ}"})
        for one in moments
    )
    return Move("Time of day", "Hour (UTC)", "linear", (at - midnight).total_seconds() / 3600, points)


def _distance(latitude: str, longitude: str, event: Json) -> Move:
    """Move the payment away along its meridian, towards the equator and beyond it."""
    try:
        degrees = float(event[latitude])
        float(event[longitude])
    except (KeyError, TypeError, ValueError):
        return Move("Place", "", "symlog", None, ())
    towards = -1 if degrees >= 0 else 1
    points = tuple(
        Point(km, f"{km:,} km away" if km else "here", {latitude: round(degrees + towards * km / _KM_PER_DEGREE, 4)})
        for km in _KM
    )
    return Move("Place", "Kilometres from where it was made", "symlog", 0.0, points)


def _strangers(detector: Detector, event: Json) -> Move:
    points = [Point(0, "As it is", {})]
    for variable in detector.variables:
        if variable.role == "entity" and event.get(variable.name):
            noun = formatting.entity(variable.name)
            points.append(Point(len(points), f"A new {noun}", {variable.name: f"{NEVER_SEEN}-{variable.name}"}))
    return Move("Who", "", "names", 0.0, tuple(points))


def _names(variable: Variable, event: Json) -> Move:
    value, title = event.get(variable.name), formatting.title(variable.name)
    names: list[str | bool] = [True, False] if variable.role == "boolean" else list(variable.values[:MOST_NAMES])
    if value is not None and value not in names:
        names.append(value)
    points = tuple(
        Point(
            place,
            {True: "yes", False: "no"}.get(name, str(name)) if isinstance(name, bool) else str(name),
            {variable.name: name},
        )
        for place, name in enumerate(names)
    )
    return Move(title, title, "names", float(names.index(value)) if value in names else None, points)
