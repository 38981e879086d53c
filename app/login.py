"""Log-in with the identity provider that the secrets name, by Streamlit's own means. Without one, pages are open."""

from __future__ import annotations

import streamlit as st

from app.page import in_markdown


def is_log_in_configured() -> bool:
    """Return whether the secrets have a section [auth]."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def require_log_in() -> None:
    """Let only those go on who have logged in; show the others a way to do so."""
    if not is_log_in_configured() or st.user.is_logged_in:
        return
    st.title("Tollgate", anchor=False)
    st.markdown("Log in to see payments, rules and decisions.")
    st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def reader_name() -> str | None:
    """Return who is logged in, as the provider calls them; None where nobody has to."""
    if not is_log_in_configured() or not st.user.is_logged_in:
        return None
    return str(st.user.get("name") or st.user.get("email") or st.user.get("sub") or "")[:100] or None


def show_reader() -> None:
    """Show who is logged in, with a way out."""
    name = reader_name()
    if name is None:
        return
    with (
        st.container(horizontal=True, horizontal_alignment="right"),
        st.popover(in_markdown(name), icon=":material/account_circle:", type="tertiary"),
    ):
        email = st.user.get("email")
        if email and email != name:
            st.caption(in_markdown(str(email)))
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
