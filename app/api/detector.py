"""Detector description, read from the API's ``GET /v1/detector`` and kept for the session.

A session keeps it while the API does not answer, and renews it when another version goes live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import streamlit as st

from app import clock
from app.api.client import Json
from app.api.errors import ApiProblem

_KEPT = "known-detector"


@dataclass(frozen=True)
class Variable:
    """One column of an event. ``values`` are the usual categories, most frequent first; empty if it has none."""

    name: str
    role: str
    type: str
    required: bool
    values: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What to do with an event whose score is ``from_score`` (0 to 1000) or higher."""

    name: str
    from_score: int


@dataclass(frozen=True)
class Example:
    """A real event to start from."""

    title: str
    event: Json


@dataclass(frozen=True)
class Detector:
    """A detector version as the pages need it. ``document`` is the API's whole answer.

    ``outcomes`` are in ascending order of score; ``score_scale`` holds (score, false positive rate) in ascending order
    of score. ``label_delay_s`` is how long after an event its label is final, None where
    there are no labels. ``delimiter`` and ``encoding`` are those of its files, None where each file tells.
    """

    name: str
    version: str
    description: str
    event_name: str
    currency: str
    variables: tuple[Variable, ...]
    outcomes: tuple[Outcome, ...]
    score_scale: tuple[tuple[int, float], ...]
    examples: tuple[Example, ...]
    takes_labels: bool
    label_delay_s: float | None
    delimiter: str | None
    encoding: str | None
    document: Json

    def thresholds(self) -> tuple[Outcome, ...]:
        """Return the outcomes that begin above score 0."""
        return tuple(outcome for outcome in self.outcomes if outcome.from_score > 0)

    def outcome_names(self, found: Iterable[str] = ()) -> list[str]:
        """Return all outcomes from weak to strong, those that only rules give too, and what else was ``found``."""
        known = self.document.get("outcome_order") or [outcome.name for outcome in self.outcomes]
        return list(dict.fromkeys([*map(str, known), *found]))

    def column(self, role: str) -> str:
        """Return the name of the first column with this role, or an empty string."""
        return next((variable.name for variable in self.variables if variable.role == role), "")


def read_detector(document: Json) -> Detector:
    """Return the detector in an answer of ``GET /v1/detector``; raises ``ApiProblem`` if it is not one."""
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        sentence = "This dashboard cannot read the API's detector description: install matching versions of both."
        raise ApiProblem(sentence, 200) from error


def _read(document: Json) -> Detector:
    event_type, files = document["event_type"], document.get("files") or {}
    outcomes = (Outcome(str(o["name"]), int(o["from_score"])) for o in document["outcomes"])
    scale = ((int(p["score"]), float(p["false_positive_rate"])) for p in document.get("score_scale") or ())
    return Detector(
        name=str(document["detector"]),
        version=str(document["detector_version"]),
        description=str(document.get("description") or ""),
        event_name=str(event_type.get("name") or "event").replace("_", " "),
        currency=str(event_type.get("currency") or ""),
        variables=tuple(_variable(v) for v in event_type["variables"]),
        outcomes=tuple(sorted(outcomes, key=lambda outcome: outcome.from_score)),
        score_scale=tuple(sorted(scale)),
        examples=tuple(Example(str(e["title"]), dict(e["event"])) for e in document.get("examples") or ()),
        takes_labels=document.get("label") is not None,
        label_delay_s=(document.get("label") or {}).get("delay_s"),
        delimiter=files.get("delimiter"),
        encoding=files.get("encoding"),
        document=document,
    )


def _variable(entry: dict[str, Any]) -> Variable:
    return Variable(
        name=str(entry["name"]),
        role=str(entry["role"]),
        type=str(entry["type"]),
        required=bool(entry.get("required", True)),
        values=tuple(str(value) for value in entry.get("values") or ()),
        entities=tuple(str(entity) for entity in entry.get("entities") or ()),
    )


@dataclass(frozen=True)
class Known:
    """A detector, when it was read, and the problem that kept it from being read now.

    ``replaced`` is the version that was live before, until the reader has confirmed the change.
    """

    detector: Detector
    read_at: datetime
    problem: ApiProblem | None = None
    replaced: str = ""


def cached_detector(read: Callable[[], Detector]) -> Known:
    """Return the detector as ``read`` gives it, or as this session read it last where the API has a passing problem.

    Raises ``ApiProblem`` for other problems, and where nothing was read yet.
    """
    before: Known | None = st.session_state.get(_KEPT)
    try:
        detector = read()
    except ApiProblem as problem:
        if before is None or not problem.is_passing:
            raise
        return replace(before, problem=problem)
    replaced = ""
    if before is not None:
        replaced = before.replaced or (before.detector.version if before.detector.version != detector.version else "")
    st.session_state[_KEPT] = known = Known(detector, clock.now(), replaced=replaced)
    return known


def show_replaced(known: Known) -> None:
    """Tell the reader that another version is live, until she confirms it."""
    if known.replaced and known.replaced != known.detector.version:
        text = f"Version {known.detector.version} is live now and shown here. It replaced {known.replaced}."
        st.info(text, icon=":material/update:")
        st.button("Got it", key="replaced-seen", on_click=_forget)


def _forget() -> None:
    st.session_state[_KEPT] = replace(st.session_state[_KEPT], replaced="")
