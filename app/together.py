"""Asks for several things at once: a page waits for the slowest, not for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx


def ask_together(*questions: Callable[[], Any]) -> list[Future[Any]]:
    """Put all questions, each in a thread of its own; return their answers, all of them there.

    The threads know of the reader's session, as the caches of Streamlit want it. ``result()`` of an answer raises what
    its question raised, so that one that fails leaves the others.
    """
    context = get_script_run_ctx(suppress_warning=True)

    def know_session() -> None:
        add_script_run_ctx(threading.current_thread(), context)

    with ThreadPoolExecutor(len(questions), initializer=know_session) as pool:
        return [pool.submit(question) for question in questions]
