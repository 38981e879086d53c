"""Address of a page: widgets keep what they say in its query, and what a query asks in vain is said.

An address that is opened again shows the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import streamlit as st

_REFUSED = "address-refused"
_MAX_SHOWN = 40


def in_address(name: str, usual: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str) -> dict[str, Any]:  # noqa: ANN401 - any widget's value
    """Return the arguments by which a widget shows, and changes, one entry of the address's query.

    ``read`` raises ``ValueError`` for what the widget cannot show; then, and without an entry, it shows ``usual``.
    """
    key = f"address-{name}"
    _refused().pop(name, None)
    try:
        st.session_state[key] = read(st.query_params[name])
    except KeyError:
        st.session_state[key] = usual
    except ValueError:
        st.session_state[key] = usual
        refuse(name)

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


def refuse(name: str) -> None:
    """Note that the page cannot show what this entry of the address asks for."""
    _refused()[name] = f"{name}={_shorten(st.query_params[name])}"


def take_refused(name: str) -> str:
    """Return what `say_ignored` would say of an entry that was refused, which it then leaves out; empty for none."""
    text = _refused().pop(name, None)
    return _say_refused([text]) if text else ""


def _say_refused(refused: Sequence[str]) -> str:
    is_are = "names" if len(refused) == 1 else "name"
    return f"{_list(refused)} in the address {is_are} nothing that is here, so the usual is shown instead."


def say_ignored(known: Collection[str]) -> str:
    """Return what of the address the page did not go by, in a sentence or two; empty where it went by all of it."""
    asked = st.query_params.to_dict()
    refused = [text for name, text in _refused().items() if name in asked]
    unknown = [_shorten(name) for name in asked if name not in known]
    said = []
    if refused:
        said.append(_say_refused(refused))
    if unknown:
        reads = f"This page reads {_list(sorted(known))}." if known else "This page reads nothing from its address."
        is_are = "was" if len(unknown) == 1 else "were"
        said.append(f"{_list(unknown)} in the address {is_are} ignored. {reads}")
    return " ".join(said)


def begin_page() -> None:
    """Forget what was noted of another page's address."""
    st.session_state[_REFUSED] = {}


def _refused() -> dict[str, str]:
    noted: dict[str, str] = st.session_state.setdefault(_REFUSED, {})
    return noted


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
