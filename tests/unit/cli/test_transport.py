"""Patience: what is tried again, how long it waits, and what ends it."""

from __future__ import annotations

import httpx
import pytest

from stepcrew_cli.client import Client
from stepcrew_cli.errors import Rejected, ServerTrouble, Unreachable
from stepcrew_cli.tokens import is_loopback
from stepcrew_cli.transport import Patience, Transport


def transport(answers: list[httpx.Response | httpx.TransportError], slept: list[float]) -> Transport:
    def answer(request: httpx.Request) -> httpx.Response:
        one = answers.pop(0)
        if isinstance(one, httpx.TransportError):
            raise one
        return one

    http = httpx.Client(base_url="https://api.invalid", transport=httpx.MockTransport(answer))
    return Transport(http, Patience(attempts=4, sleep=slept.append))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_trouble_that_may_heal_is_tried_again(status: int) -> None:
    slept: list[float] = []
    assert transport([httpx.Response(status), httpx.Response(200)], slept).request("GET", "/").status_code == 200
    assert len(slept) == 1


def test_retry_after_is_obeyed() -> None:
    slept: list[float] = []
    transport([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200)], slept).request("GET", "/")
    assert slept == [7.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_final(status: int) -> None:
    with pytest.raises(Rejected):
        transport([httpx.Response(status, json={"message": "no"})], []).request("GET", "/")


def test_a_conflict_that_says_it_is_retryable_is_tried_again() -> None:
    in_flight = httpx.Response(409, json={"detail": "in flight", "retryable": True})
    assert transport([in_flight, httpx.Response(202)], []).request("POST", "/").status_code == 202


def test_an_outage_that_says_it_stays_is_final() -> None:
    with pytest.raises(ServerTrouble, match="quota"):
        transport([httpx.Response(503, json={"detail": "a quota is used up", "retryable": False})], []).request(
            "PUT", "/"
        )


def test_a_broken_connection_is_tried_again() -> None:
    broken = httpx.ReadError("connection reset")
    assert transport([broken, broken, httpx.Response(200)], []).request("GET", "/").status_code == 200


def test_a_server_that_never_answered_is_given_up_soon() -> None:
    slept: list[float] = []
    refused = httpx.ConnectError("refused")
    with pytest.raises(Unreachable, match=r"Cannot reach https://api\.invalid"):
        transport([refused, refused], slept).request("GET", "/")
    assert len(slept) == 1


def test_a_server_that_answered_before_is_waited_for() -> None:
    refused = httpx.ConnectError("refused")
    used = transport([httpx.Response(200), refused, refused, httpx.Response(200)], [])
    used.request("GET", "/")
    assert used.request("GET", "/").status_code == 200


def test_patience_ends_with_the_servers_own_words() -> None:
    with pytest.raises(ServerTrouble, match="503: the table is away"):
        transport([httpx.Response(503, json={"detail": "the table is away"})] * 4, []).request("GET", "/")


def test_a_request_that_api_gateway_finds_too_large_is_told_as_that() -> None:
    with pytest.raises(Rejected, match="6 MB") as refused:
        transport([httpx.Response(413, json={"message": "Request Too Long"})], []).request("POST", "/")
    assert "inputs smaller" in refused.value.remedy


def test_a_body_on_another_host_is_not_fetched_with_the_token() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    http = httpx.Client(base_url="https://api.invalid", transport=httpx.MockTransport(never))
    with Client(http) as client, pytest.raises(ServerTrouble, match="another host"):
        client.body("https://elsewhere.invalid/body")


def test_a_large_output_is_fetched_from_the_bucket_without_token_and_group_and_as_it_is() -> None:
    seen: list[httpx.Request] = []
    body = '{"index": 0, "raw": "a crew wrote this"}'

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "api.invalid":
            return httpx.Response(200, headers={"Content-Type": "text/uri-list"}, text="https://bucket.invalid/x?sig=1")
        return httpx.Response(200, text=body)

    mock = httpx.MockTransport(answer)
    own = {"Authorization": "Bearer t", "X-Group-Id": "research"}
    http = httpx.Client(base_url="https://api.invalid", headers=own, transport=mock)
    with Client(http, bucket=httpx.Client(transport=mock)) as client:
        assert client.body("/api/v1/executions/e/tasks/0/output") == body
    at_api, at_bucket = seen
    assert "text/uri-list" in at_api.headers["Accept"]
    assert (at_api.headers["Authorization"], at_api.headers["X-Group-Id"]) == ("Bearer t", "research")
    assert str(at_bucket.url) == "https://bucket.invalid/x?sig=1"
    assert not {"authorization", "x-group-id"} & at_bucket.headers.keys()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8400", "http://a.localhost"])
def test_addresses_of_this_machine_are_loopback(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["https://127.0.0.1.evil.invalid", "http://10.0.0.1", "http://localhost.evil.invalid"])
def test_other_addresses_are_not(url: str) -> None:
    assert not is_loopback(url)
