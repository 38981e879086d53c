"""Log-in through Streamlit with the identity provider named in the secrets. Without one, pages are open."""

from __future__ import annotations

import streamlit as st

from app.ui.page import in_markdown


def is_log_in_configured() -> bool:
    """Return whether the secrets have a section [auth]."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def require_log_in() -> None:
    """Stop the page for readers who have not logged in, and show them the log-in button."""
    if not is_log_in_configured() or st.user.is_logged_in:
        return
    st.title("Tollgate", anchor=False)
    st.markdown("Log in to see payments, rules and decisions.")
    st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def logged_in_user() -> str:
    """Return who is logged in, an empty string where nobody has to log in."""
    user = st.user.to_dict()
    # Without a log-in, Streamlit names somebody who is not there.
    return str(user.get("email") or user.get("name") or "")[:100] if user.get("is_logged_in") else ""


def show_reader() -> None:
    """Show who is logged in, with a button to log out."""
    who = logged_in_user()
    if not who:
        return
    name = str(st.user.get("name") or who)
    with (
        st.container(horizontal=True, horizontal_alignment="right"),
        st.popover(in_markdown(name), icon=":material/account_circle:", type="tertiary"),
    ):
        if name != who:
            st.caption(in_markdown(who))
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
