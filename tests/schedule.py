"""Schedule of the test files over several processes: the longest first, and those on one running stack in one process.

xdist begins with the files that have the most tests. That leaves the few tests that take minutes for the end, when one
process works and the others wait, and starts a stack in each process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadFileScheduling

STACK = "the running stack"
# Files whose tests use the fixture `tollgate`: it trains, deploys and decides on a month of payments.
_STACK_FILES = (
    "tests/browser/",
    *(f"tests/integration/test_{name}.py" for name in ("pages", "screens", "search", "streams", "whole_path")),
)
# About how long a test takes, by what it is marked with or uses; others take less.
_SECONDS = {"tollgate": 5.0, "browser": 5.0, "spark": 5.0, "long": 3.0, "emulator": 0.5}
_SHORT_S = 0.1


class LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """xdist's schedule by file, in the order of `put_longest_first`."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Return what runs in one process with a test: its file, or all files on the running stack."""
    file = nodeid.partition("::")[0]
    return STACK if file.startswith(_STACK_FILES) else file


def put_longest_first(items: list[pytest.Item]) -> None:
    """Sort tests so that the files that take longest come first; the order within a file stays."""
    seconds: dict[str, float] = defaultdict(float)
    for item in items:
        seconds[scope_of(item.nodeid)] += _estimate(item)
    items.sort(key=lambda item: (-seconds[scope_of(item.nodeid)], scope_of(item.nodeid)))


def _estimate(item: pytest.Item) -> float:
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    known = {*fixtures, *(mark.name for mark in item.iter_markers())}
    return max((took for name, took in _SECONDS.items() if name in known), default=_SHORT_S)
