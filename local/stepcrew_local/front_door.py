"""What API Gateway does with a request before anything of ours sees it, as far as it can be told without an account.

Sources: "Quotas for configuring and running an HTTP API" (size of request line and headers), "Routing requests to your
API with HTTP APIs" (which route is taken), "Transform API requests and responses with parameter mapping" (reserved
headers) of the Amazon API Gateway developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

MAX_HEADER_BYTES = 10_240
"""Of the request line and the values of all headers together."""
TARGET = re.compile(rb"/api(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?")
"""A path in the form of origin (RFC 9112, 3.2.1) below the API, without empty segments."""
ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"content-length", b"expect", b"http2-settings"),
    }
)
RESERVED = frozenset({b"forwarded", b"via"})
RESERVED_PREFIXES = (b"x-amz-", b"x-amzn-", b"x-forwarded-", b"x-stepcrew-", b"x-ministack-", b"sec-fetch-", b"apigw-")
"""API Gateway writes Amazon's and the forwarded ones itself. The others mean something between our own parts, or speak
of this page and this gateway, which AWS's has no like of."""

Headers = list[tuple[bytes, bytes]]


def is_api_path(raw_path: bytes) -> bool:
    """Whether the path, as it was sent, is one of the API's own and leads nowhere else, however often it is decoded.

    What a later part might fold or split again is refused instead of being understood here: dot segments, empty
    segments, backslashes and encoded slashes, control characters, and escapes within escapes.
    """
    if not TARGET.fullmatch(raw_path) or ESCAPE.search(raw_path):
        return False
    decoded = unquote_to_bytes(raw_path)
    if b"%" in decoded or b"\\" in decoded or any(byte < 0x20 or byte == 0x7F for byte in decoded):
        return False
    if decoded.count(b"/") != raw_path.count(b"/"):
        return False
    return not any(segment.partition(b";")[0] in (b".", b"..") for segment in decoded.split(b"/"))


def is_too_large(method: str, raw_path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether API Gateway would refuse the request for its line and headers."""
    target = raw_path + (b"?" if query else b"") + query
    line = len(method) + len(target) + len("  HTTP/1.1")
    return line + sum(len(value) for _, value in headers) > MAX_HEADER_BYTES


def passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that reach a function."""
    named: list[tuple[bytes, bytes]] = [(name.lower(), value) for name, value in headers]
    of_this_connection = {
        name.strip().lower() for key, value in named if key == b"connection" for name in value.split(b",")
    }
    dropped = HOP_BY_HOP | RESERVED | of_this_connection
    return [(n, v) for n, v in named if n not in dropped and not n.startswith(RESERVED_PREFIXES)]


@dataclass(frozen=True)
class ApiRoute:
    """A route of the deployed HTTP API, such as `ANY /api/{proxy+}` or `POST /api/hooks/{address}`."""

    method: str
    path: str
    needs_token: bool

    def takes(self, method: str, path: str) -> bool:
        if self.method not in ("ANY", method):
            return False
        if self.path.endswith("/{proxy+}"):
            return path.startswith(self.path.removesuffix("{proxy+}"))
        wanted, given = self.path.split("/"), path.split("/")
        return len(wanted) == len(given) and all(
            want == have or (want.startswith("{") and have != "") for want, have in zip(wanted, given, strict=True)
        )


def route_of(routes: Iterable[ApiRoute], method: str, path: str) -> ApiRoute | None:
    """The route API Gateway takes: the whole path before a greedy one, the method by name before ANY."""
    found = [route for route in routes if route.takes(method, path)]
    return min(
        found, key=lambda route: (route.path.endswith("+}"), -len(route.path), route.method == "ANY"), default=None
    )
