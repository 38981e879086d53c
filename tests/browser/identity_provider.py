"""A small OpenID Connect provider on this machine: whoever comes is Ada, and is sent back at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.http_server import serving

CLIENT_ID, CLIENT_SECRET = "dashboard", "only for this test"
NAME, EMAIL = "Ada Lovelace", "ada@example.com"


class Provider(BaseHTTPRequestHandler):
    """The authorization code flow, without a page to log in on."""

    url: ClassVar[str]
    key: ClassVar[RSAKey]
    nonces: ClassVar[dict[str, str]]

    def do_GET(self) -> None:
        """Tell about the provider and its keys, and send whoever logs in back with a code."""
        asked = urlsplit(self.path)
        if asked.path == "/.well-known/openid-configuration":
            self._send(self._describe())
        elif asked.path == "/keys":
            self._send({"keys": [{**self.key.as_dict(private=False), "kid": "test", "use": "sig", "alg": "RS256"}]})
        else:
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            code = f"code-{len(self.nonces)}"
            self.nonces[code] = query.get("nonce", "")
            self.send_response(302)
            answer = urlencode({"code": code, "state": query["state"]})
            self.send_header("location", f"{query['redirect_uri']}?{answer}")
            self.end_headers()

    def do_POST(self) -> None:
        """Give tokens for a code."""
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        now = int(time.time())
        claims = {
            **{"iss": self.url, "aud": CLIENT_ID, "sub": "1", "iat": now, "exp": now + 600},
            **{"nonce": self.nonces[form["code"][0]], "name": NAME, "email": EMAIL},
        }
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.key)
        self._send({"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def _describe(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve_provider() -> Iterator[str]:
    """Serve the provider on a free port of this machine, and return its address."""
    handler: type[Provider] = type("Handler", (Provider,), {"key": RSAKey.generate_key(2048), "nonces": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield handler.url
