"""Prefetch for the next page or case, in a background thread while the reader looks at the current one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from app.api.errors import ApiProblem

_PREFETCHED = "prefetched"


def prefetch(name: str, load: Callable[[], object]) -> None:
    """Run ``load``, whose answer is cached, in the background; once until another name is asked for.

    Errors are ignored here: the page that needs the answer asks again and shows them.
    """
    if st.session_state.get(_PREFETCHED) == name:
        return
    st.session_state[_PREFETCHED] = name

    def run() -> None:
        with suppress(ApiProblem):
            load()

    thread = threading.Thread(target=run, daemon=True)
    add_script_run_ctx(thread, get_script_run_ctx())
    thread.start()
