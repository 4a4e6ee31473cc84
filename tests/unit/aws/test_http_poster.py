"""What is posted over a real socket, to receivers that are slow, rude or inside the platform."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from stepcrew.aws.http_poster import MOST_ANSWER_BYTES, HttpPoster

HEADERS = {"content-type": "application/json", "webhook-id": "msg_1"}


@contextmanager
def receiver(behave: Callable[[socket.socket], None]) -> Generator[str]:
    """Takes one connection after another until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def answering(answer: bytes, seen: list[bytes]) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n{}" not in request:
            request += connection.recv(10_000)
        seen.append(request)
        connection.sendall(answer)

    return behave


def test_the_request_is_what_was_given_and_the_answer_is_cut() -> None:
    seen: list[bytes] = []
    body = b"x\0" + b"y" * 5_000
    answer = b"HTTP/1.1 503 Busy\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    with receiver(answering(answer, seen)) as url:
        found = HttpPoster([url]).post(f"{url}/crews?key=1", HEADERS, b"{}")
    assert (found.status, found.reason) == (503, "")
    assert found.body == "x" + "y" * (MOST_ANSWER_BYTES - 2)
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "POST /crews?key=1 HTTP/1.1"
    assert f"host: {url.removeprefix('http://')}" in lines
    assert "webhook-id: msg_1" in lines


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    seen: list[bytes] = []
    answer = b"HTTP/1.1 307 Go\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    with receiver(answering(answer, seen)) as url:
        assert HttpPoster([url]).post(url, HEADERS, b"{}").status == 307
    assert len(seen) == 1


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_no_address_inside_is_reached_whatever_name_it_has(name: str) -> None:
    seen: list[bytes] = []
    with receiver(answering(b"HTTP/1.1 200 OK\r\n\r\n", seen)) as url:
        port = url.rpartition(":")[2]
        found = HttpPoster().post(f"http://{name}:{port}/", HEADERS, b"{}")
    assert (found.status, seen) == (None, [])
    assert found.reason


def test_only_the_port_that_the_operator_named_is_reached() -> None:
    seen: list[bytes] = []
    with receiver(answering(b"HTTP/1.1 200 OK\r\n\r\n", seen)) as url:
        found = HttpPoster(["http://127.0.0.1:1"]).post(url, HEADERS, b"{}")
    assert (found.status, seen) == (None, [])
    assert "inside the platform" in found.reason


def test_a_receiver_that_never_answers_is_given_up() -> None:
    over = threading.Event()

    def hang(_: socket.socket) -> None:
        over.wait(20)

    with receiver(hang) as url:
        found = HttpPoster([url], total_seconds=0.3).post(url, HEADERS, b"{}")
        over.set()
    assert (found.status, found.reason) == (None, "The receiver had not answered after 0.3 s.")


def test_a_receiver_that_sends_a_byte_now_and_then_is_given_up_all_the_same() -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            while not over.wait(0.05):
                connection.sendall(b"H")
        except OSError:
            pass

    with receiver(drip) as url:
        found = HttpPoster([url], total_seconds=0.4).post(url, HEADERS, b"{}")
        over.set()
    assert found.status is None
    assert "0.4 s" in found.reason


def test_what_refuses_the_connection_or_speaks_no_http_is_told() -> None:
    assert "No answer" in HttpPoster(["http://127.0.0.1:9"]).post("http://127.0.0.1:9/", HEADERS, b"{}").reason
    with receiver(answering(b"hello\r\n\r\n", [])) as url:
        assert "No answer: BadStatusLine" in HttpPoster([url]).post(url, HEADERS, b"{}").reason
    assert "No answer" in HttpPoster().post("https://no-such-name.invalid/", HEADERS, b"{}").reason
