"""Connection to the API: address and AWS keys from the environment or Streamlit's secrets, and signed requests."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import streamlit as st
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True)
class AwsKeys:
    """AWS keys to sign requests with; ``region`` may be empty where the API's host name says it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""


@dataclass(frozen=True)
class Connection:
    """Address of the API, and the keys to sign requests with, if it requires them."""

    url: str
    keys: AwsKeys | None = None


def aws_service(url: str) -> str:
    """Return the name under which AWS checks the signature: ``lambda`` for function URLs, else ``execute-api``."""
    return "lambda" if ".lambda-url." in (urlsplit(url).hostname or "") else "execute-api"


def aws_region(url: str, default: str) -> str:
    """Return the region in an AWS host name (``….lambda-url.eu-west-1.on.aws``), or ``default``."""
    parts = (urlsplit(url).hostname or "").split(".")
    for marker in ("lambda-url", "execute-api"):
        if marker in parts[:-1]:
            return parts[parts.index(marker) + 1]
    return default


class SignForAws(requests.auth.AuthBase):
    """Adds a Signature Version 4 to a request, over https only: keys and tokens must not travel unencrypted."""

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return ``request`` with the signature's headers added."""
        url = request.url or ""
        region = aws_region(url, self._keys.region)
        if urlsplit(url).scheme != "https" or not region:
            return request
        headers = {"Content-Type": request.headers["Content-Type"]} if "Content-Type" in request.headers else {}
        signed = AWSRequest(method=request.method, url=url, data=request.body or b"", headers=headers)
        keys = Credentials(self._keys.access_key_id, self._keys.secret_access_key, self._keys.session_token or None)
        SigV4Auth(keys, aws_service(url), region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


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
