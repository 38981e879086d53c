"""Connection settings of the API, from the environment or from Streamlit's secrets."""

from __future__ import annotations

import os

import streamlit as st

from app.api.client import AwsKeys, Connection


def find_connection() -> Connection | None:
    """Return the connection that is configured, or None where no API URL is."""
    url = _setting("TOLLGATE_API_URL", "api_url")
    if not url:
        return None
    return Connection(url if "://" in url else f"https://{url}", _find_keys())


def _find_keys() -> AwsKeys | None:
    access_key_id = _setting("AWS_ACCESS_KEY_ID", "aws_access_key_id")
    secret_access_key = _setting("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key")
    if not (access_key_id and secret_access_key):
        return None
    region = _setting("AWS_REGION", "region") or _setting("AWS_DEFAULT_REGION", "aws_region")
    return AwsKeys(access_key_id, secret_access_key, _setting("AWS_SESSION_TOKEN", "aws_session_token"), region)


def _setting(variable: str, secret: str) -> str:
    """Return an environment variable, or the secret of that name, or an empty string."""
    value = os.environ.get(variable, "")
    if not value and st.secrets.load_if_toml_exists():
        value = str(st.secrets.get(secret, ""))
    return value.strip()
