"""The end of a sign-in in the browser: one web address on this machine that the issuer sends the browser back to.

RFC 8252, 7.3: a program on a machine of its user listens on the loopback interface. Some issuers let it choose any
port. A Cognito user pool takes only addresses that were registered, with their port, so the ports are fixed, and
template.yaml registers the same ones. "Amazon Cognito requires HTTPS over HTTP except for callback URLs to
http://localhost, http://127.0.0.1 and http://[::1] … You can specify custom TCP ports for your callback URLs":
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html
"""

from __future__ import annotations

import hmac
import html
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from stepcrew_cli.errors import CliError
from stepcrew_cli.oidc import Refused

PORTS = (18400, 18401, 18402, 18403)
PATH = "/callback"
HOST = "127.0.0.1"
_LOOK_SECONDS = 0.5
_READ_SECONDS = 5


class Callback:
    """Listens from its creation on; use as a context manager. Raises CliError when every port is taken."""

    def __init__(self, ports: Sequence[int] = PORTS) -> None:
        self._answers: list[dict[str, str]] = []
        self._expected: Callable[[dict[str, str]], bool] = lambda _: False
        self._server = self._listen(ports)
        self._server.timeout = _LOOK_SECONDS
        self.address = f"http://{HOST}:{self._server.server_port}{PATH}"

    def __enter__(self) -> Callback:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, state: str, issuer: str, seconds: float) -> str:
        """The authorization code that comes with this `state`. What comes with another is answered and ignored: any
        page may send the browser here.

        Raises:
            Refused: the issuer sent the browser back with an error.
            CliError: nothing came within `seconds`.
        """

        def belongs_here(answer: dict[str, str]) -> bool:
            # RFC 9207: an issuer that names itself must be the one that was asked.
            return hmac.compare_digest(answer.get("state", "").encode(), state.encode()) and (
                answer.get("iss", issuer).rstrip("/") == issuer.rstrip("/")
            )

        self._expected = belongs_here
        deadline = time.monotonic() + seconds
        while not self._answers:
            if time.monotonic() > deadline:
                raise CliError(
                    f"Nobody signed in within {seconds:.0f} seconds.",
                    remedy="Run the command again. On a machine without a browser, see: stepcrew login --help.",
                )
            self._server.handle_request()
        answer = self._answers[0]
        if "code" not in answer:
            raise Refused(answer.get("error", "invalid_request"), answer.get("error_description", ""))
        return answer["code"]

    def _listen(self, ports: Sequence[int]) -> HTTPServer:
        for port in ports:
            try:
                return HTTPServer((HOST, port), self._handler())
            except OSError:
                continue
        raise CliError(
            f"No port is free for the sign-in's answer: {', '.join(map(str, ports))}.",
            remedy="End a program that uses one of them, or give --callback-port when the issuer allows others.",
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        callback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _READ_SECONDS  # a connection that says nothing must not hold up the answer

            def do_GET(self) -> None:
                address = urlsplit(self.path)
                if address.path != PATH:
                    self._page(404, "Not found", "There is nothing here.")
                    return
                answer = {name: values[0] for name, values in parse_qs(address.query).items()}
                if not callback.take(answer):
                    self._page(400, "Not this sign-in", "This answer belongs to no sign-in that is under way here.")
                elif "code" in answer:
                    self._page(200, "Signed in", "You may close this page and go back to the terminal.")
                else:
                    self._page(200, "Not signed in", "The issuer refused. The terminal tells the reason.")

            def _page(self, status: int, title: str, text: str) -> None:
                body = (
                    f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
                    '<body style="font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;color-scheme:light dark">'
                    f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></html>"
                ).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Logs nothing: the address holds the code."""

        return Handler

    def take(self, answer: dict[str, str]) -> bool:
        """Keeps the answer if it belongs to the sign-in that is waited for; says whether it does."""
        belongs = self._expected(answer)
        if belongs:
            self._answers.append(answer)
        return belongs
