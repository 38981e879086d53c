"""Trace: the modules that a piece of work enters, in order, and the AWS operations that it calls."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any
from unittest.mock import patch

from scripts.architecture.source import find_modules, part_of

_AWS_CALL = "_make_api_call"


@dataclass
class Entered:
    """A module that was entered: from which one first, how many modules deep, and the functions run in or below it."""

    module: str
    caller: Entered | None
    functions: set[tuple[str, str]] = field(default_factory=set)

    @property
    def depth(self) -> int:
        """Return how many modules lie between this one and the first."""
        return 0 if self.caller is None else self.caller.depth + 1


@dataclass(frozen=True)
class Trace:
    """The modules that were entered, in order, and the operations of AWS, each with the modules that led to it."""

    entered: Sequence[Entered]
    operations: Sequence[tuple[str, tuple[str, ...]]]


class _Recorder:
    """Profile function of the interpreter. ``_stack`` has the module of each function that runs, None if not ours."""

    def __init__(self) -> None:
        self.entered: dict[str, Entered] = {}
        self.operations: list[tuple[str, tuple[str, ...]]] = []
        self._stack: list[str | None] = []
        # Modules beside the layers, such as the clock, are no stations: everything uses them.
        self._modules = {str(path): name for name, path in find_modules().items() if part_of(name) != name}
        self._of_code: dict[CodeType, str | None] = {}

    def __call__(self, frame: FrameType, what: str, _argument: object) -> None:
        if what == "return" and self._stack:
            self._stack.pop()
        if what != "call":
            return
        code = frame.f_code
        if code not in self._of_code:
            self._of_code[code] = self._modules.get(code.co_filename)
        module = self._of_code[code]
        if module:
            self._enter(module, code)
        elif code.co_name == _AWS_CALL:
            service = str(frame.f_locals["self"].meta.service_model.service_id)
            self.operations.append((f"{service} {frame.f_locals['operation_name']}", tuple(self._callers())))
        self._stack.append(module)

    def _callers(self) -> list[str]:
        return [module for module in reversed(self._stack) if module]

    def _enter(self, module: str, code: CodeType) -> None:
        callers = self._callers()
        if module not in self.entered:
            first = next((caller for caller in callers if caller != module), None)
            self.entered[module] = Entered(module, self.entered[first] if first else None)
        # Comprehensions are functions of their own in Python 3.11 only.
        if not code.co_name.startswith("<"):
            for name in {module, *callers}:
                self.entered[name].functions.add((module, code.co_qualname))


def trace(work: Callable[[], Any], entry: str) -> Trace:
    """Do ``work``, and return the modules that it entered, of which ``entry`` has to be the first."""
    recorder = _Recorder()
    sys.setprofile(recorder)
    try:
        work()
    finally:
        sys.setprofile(None)
    entered = list(recorder.entered.values())
    if not entered or entered[0].module != entry:
        raise SystemExit(f"The work did not begin in {entry}.")
    return Trace(entered, recorder.operations)


@contextmanager
def in_one_thread() -> Iterator[None]:
    """Have pools of threads do their work at once, in the thread that hands it over: so that there is one order."""

    def submit(_pool: object, function: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        done: Future[Any] = Future()
        try:
            done.set_result(function(*given, **named))
        except Exception as error:
            done.set_exception(error)
        return done

    with patch.object(ThreadPoolExecutor, "submit", submit):
        yield


@dataclass(frozen=True)
class Station:
    """A module of the main line. ``inside`` are those that are not drawn and were first entered from it or below it."""

    module: str
    operations: tuple[str, ...]
    inside: tuple[str, ...]


def pick_stations(traced: Trace, most: int, max_depth: int) -> list[Station]:
    """Return the ``most`` modules in or below which most functions ran, of those at most ``max_depth`` deep."""
    near = [one for one in traced.entered if one.depth <= max_depth]
    drawn = {one.module for one in sorted(near, key=lambda one: -len(one.functions))[:most]}
    inside: dict[str, list[str]] = {module: [] for module in drawn}
    for one in traced.entered:
        if one.module not in drawn:
            inside[_drawn_caller(one, drawn)].append(one.module)
    operations: dict[str, list[str]] = {module: [] for module in drawn}
    for operation, callers in traced.operations:
        asking = operations[next(caller for caller in callers if caller in drawn)]
        if operation not in asking:
            asking.append(operation)
    return [
        Station(one.module, tuple(operations[one.module]), tuple(inside[one.module]))
        for one in traced.entered
        if one.module in drawn
    ]


def _drawn_caller(one: Entered, drawn: set[str]) -> str:
    while one.module not in drawn:
        assert one.caller is not None, "the entry is always drawn: every function ran below it"
        one = one.caller
    return one.module
