"""An OpenID Connect issuer on loopback, with the server it signs in to: code flow with PKCE, refresh tokens that are
taken once, revocation. It can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

CLIENT = "cli"
ME = {
    "subject": "u-1",
    "email": "ada@example.org",
    "group_id": "demo",
    "groups": ["demo", "research"],
    "role": "member",
}


def unsigned(claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in ({}, claims)]
    return ".".join((*parts, "signature"))


@dataclass
class FakeIssuer:
    """`back` are parameters that replace those the browser is sent back with; `claims` those of the ID token. `asked`
    are the authorization requests, `posted` what came to the token and the revocation endpoints."""

    back: dict[str, str] = field(default_factory=dict[str, str])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    denied: bool = False
    gives_refresh_tokens: bool = True
    gives_id_tokens: bool = True
    seconds: int = 3600
    published: bool = True
    calls_itself: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    accepted: set[str] = field(default_factory=set[str])
    authorizations: list[str] = field(default_factory=list[str])
    url: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    _refresh_tokens: set[str] = field(default_factory=set[str])
    _count: int = 0

    @property
    def issuer(self) -> str:
        return f"{self.url}/issuer"

    def get(self, path: str, query: dict[str, str], authorization: str) -> tuple[int, Any, dict[str, str]]:
        if path == "/config.json" and self.published:
            return 200, {"issuer": self.issuer, "client_id": "web", "cli_client_id": CLIENT, "token": "id_token"}, {}
        if path == "/issuer/.well-known/openid-configuration":
            addresses = {name: f"{self.issuer}/{name}" for name in ("authorize", "token", "revoke")}
            document = {f"{name}_endpoint": at for name, at in addresses.items()}
            renamed = {
                "authorization_endpoint": document.pop("authorize_endpoint"),
                "revocation_endpoint": document.pop("revoke_endpoint"),
            }
            return 200, {"issuer": self.calls_itself or self.issuer, **document, **renamed}, {}
        if path == "/issuer/authorize":
            self.asked.append(query)
            self._count += 1
            code = f"code-{self._count}"
            self._codes[code] = query
            answer = {"error": "access_denied", "error_description": "You said no"} if self.denied else {"code": code}
            back = urlencode({**answer, "state": query["state"], **self.back})
            return 302, None, {"Location": f"{query['redirect_uri']}?{back}"}
        if path in ("/api/v1/executions", "/api/v1/me"):
            self.authorizations.append(authorization)
            if authorization.removeprefix("Bearer ") not in self.accepted:
                return 401, {"message": "Unauthorized"}, {}
            return 200, ME if path.endswith("/me") else {"executions": [], "next_cursor": None}, {}
        return 404, {"error": "not found"}, {}

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        self.posted.append((path.rpartition("/")[2], fields))
        if path.endswith("/revoke"):
            self._refresh_tokens.discard(fields["token"])
            return 200, None, {}
        if fields["grant_type"] == "refresh_token":
            if fields["refresh_token"] not in self._refresh_tokens:
                return 400, {"error": "invalid_grant"}, {}
            self._refresh_tokens.discard(fields["refresh_token"])
            return 200, self._tokens({}), {}
        request = self._codes.pop(fields["code"], None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest())
        if request is None or digest.rstrip(b"=").decode() != request["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "The code is not yours"}, {}
        return 200, self._tokens({"nonce": request["nonce"]}), {}

    def _tokens(self, more: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        now = int(time.time())
        base = {"iss": self.issuer, "iat": now, "exp": now + self.seconds, "sub": "u-1", "number": self._count}
        member = {"email": "ada@example.org", "custom:group_id": "demo", "cognito:groups": ["demo", "research"]}
        access = unsigned({**base, "token_use": "access"})
        id_token = unsigned({**base, "aud": CLIENT, **member, "custom:role": "member", **more, **self.claims})
        self.accepted = {id_token if self.gives_id_tokens else access}
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": self.seconds}
        if self.gives_id_tokens:
            answer["id_token"] = id_token
        if self.gives_refresh_tokens:
            answer["refresh_token"] = f"refresh-{self._count}"
            self._refresh_tokens.add(answer["refresh_token"])
        return answer


@contextmanager
def issuing(fake: FakeIssuer) -> Generator[FakeIssuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            self._answer(*fake.get(address.path, _single(address.query), self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*fake.post(self.path, _single(body)))

        def _answer(self, status: int, document: Any, headers: dict[str, str]) -> None:
            payload = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the test shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


class Browser:
    """Stands in for a person's browser: goes where it is sent, at once. `pages` are (status, text) of the last page."""

    def __init__(self) -> None:
        self.pages: list[tuple[int, str]] = []
        self._threads: list[threading.Thread] = []

    def open(self, address: str) -> bool:
        thread = threading.Thread(target=self._go, args=(address,))
        thread.start()
        self._threads.append(thread)
        return True

    def _go(self, address: str) -> None:
        answer = httpx.get(address, follow_redirects=True, trust_env=False)
        self.pages.append((answer.status_code, answer.text))

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
