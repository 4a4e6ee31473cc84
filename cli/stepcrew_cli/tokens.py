"""Demo tokens: what the local stack gives to whoever asks on the same machine."""

from __future__ import annotations

from collections.abc import Generator
from http import HTTPStatus

import httpx

from stepcrew_cli.errors import CliError
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.transport import Transport
from stepcrew_cli.wire import DemoTokenAnswer


def demo_token(url: str, identity: str) -> str:
    """A token of the local stack's own issuer; only loopback servers are ever asked."""
    if not is_loopback(url):
        raise CliError(
            f"{url} is not on this machine: a token is needed.",
            remedy=f"Sign in with: stepcrew login --url {url}. Or give --token (STEPCREW_TOKEN).",
        )
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
        answer = Transport(http).ask("POST", "/auth/demo-token", json={"identity": identity})
    return answer.read(DemoTokenAnswer).access_token


class DemoToken(httpx.Auth):
    """Asks for a demo token at the first request, and for another one when it has expired: a watch may take longer."""

    def __init__(self, url: str, identity: str) -> None:
        self._url = url
        self._identity = identity
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        is_fresh = self._token is None
        request.headers["Authorization"] = f"Bearer {self.token()}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED and not is_fresh:
            self._token = None
            request.headers["Authorization"] = f"Bearer {self.token()}"
            yield request

    def token(self) -> str:
        self._token = self._token or demo_token(self._url, self._identity)
        return self._token
