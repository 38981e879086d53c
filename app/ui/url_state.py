"""URL state: widgets keep their values in the page's query, and entries that cannot be used are reported.

Opening the same URL again shows the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import streamlit as st

_REFUSED = "address-refused"
_MAX_TEXT = 40


def in_url(name: str, default: Any, read: Callable[[str], Any], write: Callable[[Any], str] = str) -> dict[str, Any]:  # noqa: ANN401 - any widget's value
    """Return the widget arguments that bind a widget to one entry of the query.

    ``read`` raises ``ValueError`` for text that the widget cannot show; then, and without an entry, it shows
    ``default``.
    """
    key = f"address-{name}"
    _refused().pop(name, None)
    try:
        st.session_state[key] = read(st.query_params[name])
    except KeyError:
        st.session_state[key] = default
    except ValueError:
        st.session_state[key] = default
        refuse(name)

    def keep() -> None:
        value = st.session_state[key]
        if value == default:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = write(value)

    return {"key": key, "on_change": keep}


def one_of(options: Sequence[str]) -> Callable[[str], str]:
    """Return a reader that accepts only these texts."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return read


def refuse(name: str) -> None:
    """Note that the page cannot use this entry of the query."""
    _refused()[name] = f"{name}={_shorten(st.query_params[name])}"


def take_refused(name: str) -> str:
    """Return the message on a refused entry, which `explain_ignored` then leaves out; empty for none."""
    text = _refused().pop(name, None)
    return _explain_refused([text]) if text else ""


def _explain_refused(refused: Sequence[str]) -> str:
    value, is_are = ("value", "is") if len(refused) == 1 else ("values", "are")
    return f"The {value} {_list(refused)} in the URL {is_are} not valid here. The page shows the default instead."


def explain_ignored(known: Collection[str]) -> str:
    """Return a sentence or two on the entries of the query that the page did not use; empty if it used all."""
    asked = st.query_params.to_dict()
    refused = [text for name, text in _refused().items() if name in asked]
    unknown = [_shorten(name) for name in asked if name not in known]
    said = []
    if refused:
        said.append(_explain_refused(refused))
    if unknown:
        reads = f"It accepts {_list(sorted(known))}." if known else "It accepts no parameters."
        parameters = "parameter" if len(unknown) == 1 else "parameters"
        said.append(f"This page ignored the URL {parameters} {_list(unknown)}. {reads}")
    return " ".join(said)


def begin_page() -> None:
    """Forget the notes on another page's query."""
    st.session_state[_REFUSED] = {}


def _refused() -> dict[str, str]:
    noted: dict[str, str] = st.session_state.setdefault(_REFUSED, {})
    return noted


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
