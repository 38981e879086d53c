"""Asks for two things at once: a page waits for less, and the API needs no more instances than it has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

T = TypeVar("T")
# Each call at the same time takes an instance of the API's function, and a new one takes longer than waiting.
_AT_ONCE = 2


def ask_together(*questions: Callable[[], T]) -> list[Future[T]]:
    """Put all questions, two at a time; return their answers in their order, all of them there.

    ``result()`` of an answer raises what its question raised, so that one that fails leaves the others. The threads
    know of the reader's session, as the caches of Streamlit want it.
    """
    context = get_script_run_ctx(suppress_warning=True)

    def know_session() -> None:
        add_script_run_ctx(threading.current_thread(), context)

    with ThreadPoolExecutor(_AT_ONCE, initializer=know_session) as pool:
        return [pool.submit(question) for question in questions]
