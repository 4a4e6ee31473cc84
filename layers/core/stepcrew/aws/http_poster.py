"""Posts to receivers on the public internet. Names are looked up here, and the socket connects to an address that was
checked, so neither a name that changes nor a redirect leads inside the platform. Nothing is followed."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from stepcrew.domain.webhook import Answer
from stepcrew.reach import PrivateAddress, addresses_of, check_reach

CONNECT_SECONDS = 5
TOTAL_SECONDS = 15
"""From the connection on, whatever the receiver does meanwhile: one that sends a byte now and then ends here too."""
MOST_READ_BYTES = 64 * 1024
"""Of an answer's body."""
MOST_ANSWER_BYTES = 2_000
"""Of it, to be shown and kept with a delivery."""


class Exchange(NamedTuple):
    """What a receiver answered; `status` is null where it did not, and `reason` says why. `content` is the body's
    beginning."""

    status: int | None = None
    reason: str = ""
    content: bytes = b""
    retry_after: str = ""

    @property
    def text(self) -> str:
        """What of the body can be shown."""
        content = self.content[:MOST_ANSWER_BYTES].decode(errors="replace")
        return "".join(one for one in content if one.isprintable() or one == "\n")


class HttpPoster:
    """`Poster`. `inside` are addresses that may be private, because the operator says so."""

    def __init__(self, inside: Iterable[str] = (), total_seconds: float = TOTAL_SECONDS) -> None:
        self._inside = addresses_of(inside)
        self._total_seconds = total_seconds
        self._tls = ssl.create_default_context()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        found = self.exchange(url, headers, body)
        return Answer(status=found.status, body=found.text, reason=found.reason)

    def exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        is_late = threading.Event()
        try:
            with closing(http.client.HTTPConnection(host, port)) as connection, ExitStack() as exits:
                plain = exits.enter_context(self._connect(host, port))
                # The timer has a descriptor of its own, which TLS does not take away.
                copy = exits.enter_context(plain.dup())
                timer = threading.Timer(self._total_seconds, _end, (copy, is_late))
                exits.callback(timer.cancel)
                timer.start()
                # With a socket in its place, http.client opens none.
                connection.sock = self._tls.wrap_socket(plain, server_hostname=host) if secure else plain
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("POST", path, body, {**headers, "host": parts.netloc, "connection": "close"})
                with connection.getresponse() as answer:
                    content = answer.read(MOST_READ_BYTES)
            if is_late.is_set():
                return Exchange(reason=self._late)
            return Exchange(answer.status, "", content, answer.getheader("retry-after", ""))
        except PrivateAddress as error:
            return Exchange(reason=str(error))
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: a name that is none
            told = f"No answer: {type(error).__name__}: {error}"[:300]
            return Exchange(reason=self._late if is_late.is_set() else told)

    @property
    def _late(self) -> str:
        return f"The receiver had not answered after {self._total_seconds:g} s."

    def _connect(self, host: str, port: int) -> socket.socket:
        """To the first address of the name that answers. Raises `PrivateAddress` when one of them is inside."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for entry in found:
            check_reach(str(entry[4][0]), port, self._inside)
        failure: OSError | None = None
        for family, kind, protocol, _, address in found:
            opened = socket.socket(family, kind, protocol)
            opened.settimeout(CONNECT_SECONDS)
            try:
                opened.connect(address)
            except OSError as error:
                opened.close()
                failure = error
                continue
            opened.settimeout(None)  # the timer ends it
            return opened
        raise failure or OSError("the name has no address")


def _end(opened: socket.socket, is_late: threading.Event) -> None:
    is_late.set()
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
