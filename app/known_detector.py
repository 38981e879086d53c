"""The detector as a session knows it: kept while the API does not answer, and renewed when another version decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from app.detector import Detector
from app.problems import ApiProblem

_KEPT = "known-detector"


@dataclass(frozen=True)
class Known:
    """A detector, when it was read, and what hindered reading it now."""

    detector: Detector
    read_at: datetime
    problem: ApiProblem | None = None


def know_detector(read: Callable[[], Detector]) -> Known:
    """Return the detector as ``read`` gives it, or as this session read it last where the API has a passing problem.

    Says so where another version decides than when this session looked last. Raises ``ApiProblem`` for other problems,
    and where nothing was read yet.
    """
    before: Known | None = st.session_state.get(_KEPT)
    try:
        detector = read()
    except ApiProblem as problem:
        if before is None or not problem.is_passing:
            raise
        return Known(before.detector, before.read_at, problem)
    if before is not None and before.detector.version != detector.version:
        _tell(before.detector, detector)
    st.session_state[_KEPT] = known = Known(detector, datetime.now(UTC))
    return known


def _tell(before: Detector, now: Detector) -> None:
    text = f"Version {now.version} decides now, in place of {before.version}. This page shows the new one."
    st.toast(text, icon=":material/update:", duration="infinite")
