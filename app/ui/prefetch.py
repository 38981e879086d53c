"""Asks for what comes next while the reader looks at what is there, so that going on takes no wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from app.api.errors import ApiProblem

_AHEAD = "ahead"


def load_ahead(name: str, load: Callable[[], object]) -> None:
    """Run ``load``, whose answer a cache keeps, in the background: once for each name that follows another.

    What goes wrong is met again by who needs the answer.
    """
    if st.session_state.get(_AHEAD) == name:
        return
    st.session_state[_AHEAD] = name

    def run() -> None:
        with suppress(ApiProblem):
            load()

    thread = threading.Thread(target=run, daemon=True)
    add_script_run_ctx(thread, get_script_run_ctx())
    thread.start()
