"""Session cache of the detector: kept while the API does not answer, renewed when another version goes live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from app import clock
from app.api.detector import Detector
from app.api.errors import ApiProblem

_KEPT = "known-detector"


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
