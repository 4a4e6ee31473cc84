"""The server behind the local stack's own address."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stepcrew_local.ports import LOOPBACK, listen
from stepcrew_local.serving import served

LONGER_THAN_A_CLIENT_KEEPS_ITS_CONNECTIONS = 6
"""httpx: 5 s (`Limits.keepalive_expiry`)."""


def answer(_request: Request) -> Response:
    return Response("here")


@pytest.fixture
def connection() -> Generator[HTTPConnection]:
    application = Starlette(routes=[Route("/", answer)])
    listener = listen(0)
    opened = HTTPConnection(LOOPBACK, listener.getsockname()[1], timeout=10)
    with closing(listener), served(application, listener), closing(opened):
        yield opened


@pytest.mark.slow
def test_a_client_gives_up_an_idle_connection_before_the_server_does(connection: HTTPConnection) -> None:
    """Both would at the same moment otherwise, and the client's next request is answered with a reset."""
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"here"
    first = connection.sock
    time.sleep(LONGER_THAN_A_CLIENT_KEEPS_ITS_CONNECTIONS)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"here"
    assert connection.sock is first
