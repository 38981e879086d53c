"""Keeps what widgets say in the page's address, so that an address opened again shows the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def in_address(name: str, usual: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str) -> dict[str, Any]:  # noqa: ANN401 - any widget's value
    """Return the arguments by which a widget shows, and changes, one entry of the address's query.

    ``read`` raises ``ValueError`` for what the widget cannot show; then, and without an entry, it shows ``usual``.
    """
    key = f"address-{name}"
    try:
        st.session_state[key] = read(st.query_params[name])
    except (KeyError, ValueError):
        st.session_state[key] = usual

    def keep() -> None:
        said = st.session_state[key]
        if said == usual:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = write(said)

    return {"key": key, "on_change": keep}


def one_of(options: Sequence[str]) -> Callable[[str], str]:
    """Return a reader that takes these texts alone."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return read
