"""Axes of the what-if chart: the variables of a payment that can be changed, and the values to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Literal

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector, Variable
from app.ui import formatting, times

AXIS_KEY = "move"
MAX_NAMES = 30
NEVER_SEEN = "never-seen-before"
_MANTISSAS = (1, 1.5, 2, 3, 4, 5, 6, 8)
_KM = (0, 1, 2, 5, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000)
_KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Point:
    """One value to try: its place on the axis, its label, and the changes to the event."""

    place: float
    label: str
    changes: Json


@dataclass(frozen=True)
class Axis:
    """A variable to change. ``scale`` is that of the axis; ``names`` are values without an order."""

    title: str
    axis_title: str
    scale: Literal["linear", "symlog", "names"]
    here: float | None
    points: tuple[Point, ...]


def axes_of(detector: Detector, event: Json) -> list[Axis]:
    """Return the axes of this event, the most useful first; variables without a value have none."""
    return [axis for axis in _all_axes(detector, event) if len(axis.points) > 1]


def _all_axes(detector: Detector, event: Json) -> Iterator[Axis]:
    for variable in detector.variables:
        if variable.role in {"amount", "numeric"}:
            yield _amount(variable, event, detector.currency if variable.role == "amount" else "")
    yield _hour(detector.column("timestamp"), event)
    yield _distance(detector.column("latitude"), detector.column("longitude"), event)
    yield _strangers(detector, event)
    for variable in detector.variables:
        if variable.role in {"categorical", "boolean"}:
            yield _names(variable, event)


def _amount(variable: Variable, event: Json, currency: str) -> Axis:
    value = event.get(variable.name)
    here = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    most = max(abs(here or 0.0) * 5, 2_000.0 if variable.role == "amount" else 10.0)
    grid = [0.0, *(float(m * 10**k) for k in range(10) for m in _MANTISSAS if m * 10**k <= most)]
    values = sorted({*grid, *([] if here is None else [here])})
    say = (lambda amount: formatting.money(amount, currency, cents=amount % 1 > 0)) if currency else "{:,.6g}".format
    points = tuple(Point(one, say(one), {variable.name: one}) for one in values)
    title = formatting.title(variable.name)
    return Axis(title, f"{title} ({currency})" if currency else title, "symlog", here, points)


def _hour(column: str, event: Json) -> Axis:
    at = times.read(str(event.get(column)))
    if at is None:
        return Axis("Time of day", "", "linear", None, ())
    first, end = (day.astimezone(UTC) for day in times.bounds_of_day(at))
    steps = (first + timedelta(minutes=30 * step) for step in range(51))
    moments = sorted({at.astimezone(UTC), *(one for one in steps if one < end)})
    points = tuple(
        Point((one - first).total_seconds() / 3600, label, {column: f"{one:%Y-%m-%dT%H:%M:%SZ}"})
        for one, label in zip(moments, times.times_of_day(moments), strict=True)
    )
    here = (at.astimezone(UTC) - first).total_seconds() / 3600
    return Axis("Time of day", f"Time of day ({times.zone_name()})", "linear", here, points)


def _distance(latitude: str, longitude: str, event: Json) -> Axis:
    """Return the axis of distance, along the payment's meridian toward the equator and beyond."""
    try:
        degrees = float(event[latitude])
        float(event[longitude])
    except (KeyError, TypeError, ValueError):
        return Axis("Place", "", "symlog", None, ())
    toward = -1 if degrees >= 0 else 1
    points = tuple(
        Point(km, f"{km:,} km away" if km else "here", {latitude: round(degrees + toward * km / _KM_PER_DEGREE, 4)})
        for km in _KM
    )
    return Axis("Place", "Distance from the actual place (km)", "symlog", 0.0, points)


def _strangers(detector: Detector, event: Json) -> Axis:
    points = [Point(0, "Unchanged", {})]
    for variable in detector.variables:
        if variable.role == "entity" and event.get(variable.name):
            noun = formatting.entity(variable.name)
            points.append(Point(len(points), f"New {noun}", {variable.name: f"{NEVER_SEEN}-{variable.name}"}))
    return Axis("Who", "", "names", 0.0, tuple(points))


def _names(variable: Variable, event: Json) -> Axis:
    value, title = event.get(variable.name), formatting.title(variable.name)
    names: list[str | bool] = [True, False] if variable.role == "boolean" else list(variable.values[:MAX_NAMES])
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
    return Axis(title, title, "names", float(names.index(value)) if value in names else None, points)


def choose_axis(detector: Detector, event: Json) -> Axis | None:
    """Let the reader choose the variable to change; None if there is none."""
    axes = {axis.title: axis for axis in axes_of(detector, event)}
    if not axes:
        return None
    if st.session_state.get(AXIS_KEY) not in axes:
        st.session_state[AXIS_KEY] = next(iter(axes))
    title = st.pills("Variable", list(axes), key=AXIS_KEY, required=True, label_visibility="collapsed")
    return axes[title or next(iter(axes))]


def chosen_axis(detector: Detector, event: Json) -> Axis | None:
    """Return the chosen axis, before its widget is shown."""
    axes = {axis.title: axis for axis in axes_of(detector, event)}
    return axes.get(st.session_state.get(AXIS_KEY, ""), next(iter(axes.values()), None))
