"""Callers that meet: all have read before one of them writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tollgate.services.container import Container

WRITES = "before-call.dynamodb.TransactWriteItems"


def meet(container: Container, works: Sequence[Callable[[], object]]) -> list[object]:
    """Do each work in a thread of its own; none writes before all have read. Return what they return."""
    gate = threading.Barrier(len(works))
    written: set[int] = set()
    answers: list[object] = []

    def wait_once(**_call: object) -> None:
        if threading.get_ident() not in written:
            written.add(threading.get_ident())
            gate.wait(timeout=60)

    def keep(work: Callable[[], object]) -> None:
        answers.append(work())

    container.champion()
    container.decisions.client.meta.events.register(WRITES, wait_once)
    threads = [threading.Thread(target=keep, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    container.decisions.client.meta.events.unregister(WRITES, wait_once)
    return answers


def come_between(container: Container, work: Callable[[], object]) -> None:
    """Do the work between the reading and the writing of whoever writes next."""
    done: list[bool] = []

    def once(**_call: object) -> None:
        if not done:
            done.append(True)
            work()

    container.decisions.client.meta.events.register(WRITES, once)
