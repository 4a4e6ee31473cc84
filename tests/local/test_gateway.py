"""The one web address: what reaches the functions and what is refused before."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from stepcrew_local.front_door import MAX_HEADER_BYTES, ApiRoute, route_of
from stepcrew_local.gateway import MAX_BODY_BYTES
from stepcrew_local.identity import IDENTITIES, TokenIssuer
from stepcrew_local.stack import Stack

ANY = "/api/v1/executions"


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/openapi.json", "/api/docs"])
def test_public_routes_need_no_token(tiny_stack: Stack, path: str) -> None:
    answer = httpx.get(tiny_stack.url + path)

    assert answer.status_code == 200
    assert "authorizer" not in answer.json()["requestContext"]


def _tokens(stack: Stack) -> dict[str, str | None]:
    now = int(time.time())
    stranger = TokenIssuer(f"{stack.url}/auth", generate_private_key(public_exponent=65537, key_size=2048))
    claims = {"iss": f"{stack.url}/auth", "aud": "stepcrew-local", "sub": "x", "exp": now + 60}
    return {
        "no token": None,
        "not a token": "Bearer nonsense",
        "another scheme": "Basic YTpi",
        "expired": f"Bearer {stack.token('ada', seconds=-10)}",
        "for someone else": f"Bearer {stack.token('ada', audience='other')}",
        "from another issuer": f"Bearer {stack.token('ada', iss='https://example.com')}",
        "not valid yet": f"Bearer {stack.token('ada', nbf=now + 600)}",
        "without expiry": f"Bearer {stack.token('ada', exp=None)}",
        "signed by a stranger": f"Bearer {stranger.token(IDENTITIES['ada'])}",
        "not signed": f"Bearer {jwt.encode(claims, '', algorithm='none')}",
        "signed with a password": f"Bearer {jwt.encode(claims, 'p' * 32, algorithm='HS256')}",
    }


def test_whatever_is_not_a_valid_token_is_401(tiny_stack: Stack) -> None:
    for name, value in _tokens(tiny_stack).items():
        answer = httpx.get(tiny_stack.url + ANY, headers={"authorization": value} if value else {})

        assert answer.status_code == 401, name
        assert answer.json() == {"message": "Unauthorized"}
        assert answer.headers["www-authenticate"].startswith("Bearer"), name


def test_claims_reach_the_function_as_strings_the_way_api_gateway_sends_them(client: httpx.Client) -> None:
    claims = client.get(ANY).json()["requestContext"]["authorizer"]["jwt"]["claims"]

    assert claims["group_id"] == "demo"
    assert claims["groups"] == "[demo research]"
    assert claims["role"] == "[demo:admin research:admin]"
    assert claims["email"] == "ada@stepcrew.localhost"
    assert claims["exp"].isdigit()


def test_method_path_query_headers_and_body_arrive_unchanged(client: httpx.Client) -> None:
    event: dict[str, Any] = client.request(
        "PATCH",
        "/api/v1/executions/a%20b/ü",
        params={"after": "1|2", "status": ["RUNNING", "FAILED"]},
        json={"text": "Grüße 🚀"},
        headers={"idempotency-key": "k1", "x-group-id": "research"},
    ).json()

    assert event["requestContext"]["http"]["method"] == "PATCH"
    assert event["rawPath"] in ("/api/v1/executions/a%20b/%C3%BC", "/api/v1/executions/a b/ü")
    assert event["rawQueryString"] == "after=1%7C2&status=RUNNING&status=FAILED"
    assert event["body"] == '{"text":"Grüße 🚀"}'
    assert event["headers"]["idempotency-key"] == "k1"
    assert event["headers"]["x-group-id"] == "research"
    assert event["headers"]["host"] == client.base_url.netloc.decode()


def test_a_binary_body_arrives_whole(client: httpx.Client) -> None:
    content = bytes(range(256)) * 4096
    event = client.post(ANY, content=content, headers={"content-type": "application/octet-stream"}).json()

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == content


def test_a_body_over_the_limit_is_413(client: httpx.Client) -> None:
    def unannounced() -> Any:
        yield b"x" * MAX_BODY_BYTES
        yield b"x"

    for content in (b"x" * (MAX_BODY_BYTES + 1), unannounced()):
        try:
            answer = client.post(ANY, content=content)
        except httpx.WriteError:
            continue  # the refusal may close the connection before everything is sent
        assert answer.status_code == 413


def test_headers_of_one_connection_are_not_passed_on(client: httpx.Client) -> None:
    answer = client.get(ANY)

    assert answer.headers["x-shown"] == "yes"
    assert "connection" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_payload_in_the_bucket_is_fetched_for_the_caller(client: httpx.Client) -> None:
    answer = client.get(f"{ANY}/payload", headers={"sec-fetch-site": "same-origin"})

    assert answer.status_code == 200
    assert answer.text == "large"
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_foreign_pages_are_refused_everywhere(client: httpx.Client, headers: dict[str, str]) -> None:
    for path in ("/", "/api/v1/health", "/auth/jwks.json"):
        assert client.get(path, headers=headers).status_code == 403
    assert client.post("/auth/demo-token", json={"identity": "ada"}, headers=headers).status_code == 403


def test_the_emulator_refuses_every_web_page(tiny_stack: Stack) -> None:
    for headers in ({"origin": tiny_stack.url}, {"sec-fetch-site": "same-origin"}, {"host": "evil.example"}):
        assert httpx.get(f"{tiny_stack.emulator.url}/_ministack/health", headers=headers).status_code == 403


def test_its_own_pages_and_links_from_elsewhere_are_welcome(client: httpx.Client, tiny_stack: Stack) -> None:
    own = {"origin": tiny_stack.url, "sec-fetch-site": "same-origin"}
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}

    assert client.get(ANY, headers=own).status_code == 200
    assert client.get("/executions/1", headers=link).status_code == 200


def test_pages_are_served_with_security_headers(client: httpx.Client) -> None:
    answer = client.get("/executions/0190")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_preflight_that_reaches_an_authorized_route_is_401_and_one_with_a_route_of_its_own_is_not(
    tiny_stack: Stack,
) -> None:
    preflight = {"origin": tiny_stack.url, "access-control-request-method": "GET"}
    routes = (ApiRoute("ANY", "/api/{proxy+}", True), ApiRoute("GET", "/api/v1/health", False))

    refused = route_of(routes, "OPTIONS", ANY)
    assert refused is not None
    assert refused.needs_token
    answered = route_of((*routes, ApiRoute("OPTIONS", "/api/{proxy+}", False)), "OPTIONS", ANY)
    assert answered is not None
    assert not answered.needs_token
    assert route_of(tiny_stack.api_target.routes, "OPTIONS", ANY) is None, "the API's CORS settings answer preflights"
    assert httpx.options(tiny_stack.url + ANY, headers=preflight).status_code != 401


def test_the_most_specific_route_is_taken() -> None:
    routes = (
        ApiRoute("ANY", "/api/{proxy+}", True),
        ApiRoute("GET", "/api/v1/health", False),
        ApiRoute("ANY", "/api/v1/{proxy+}", True),
    )

    assert route_of(routes, "GET", "/api/v1/health") == routes[1]
    assert route_of(routes, "POST", "/api/v1/health") == routes[2]
    assert route_of(routes, "GET", "/api/docs") == routes[0]
    assert route_of(routes, "GET", "/other") is None


def test_a_route_with_a_variable_takes_one_segment_and_comes_before_a_greedy_one() -> None:
    hook, greedy = ApiRoute("POST", "/api/hooks/{address}", False), ApiRoute("POST", "/api/{proxy+}", True)
    assert route_of((greedy, hook), "POST", "/api/hooks/a.b") == hook
    assert route_of((greedy, hook), "POST", "/api/hooks/") == greedy
    assert route_of((greedy, hook), "POST", "/api/hooks/a/b") == greedy
    assert route_of((greedy, hook), "GET", "/api/hooks/a.b") is None


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
def test_a_request_line_and_its_headers_have_10240_bytes(client: httpx.Client, more: int, status: int) -> None:
    request = client.build_request("GET", ANY)
    used = len(f"GET {ANY} HTTP/1.1") + sum(len(value) for _, value in request.headers.raw)
    request.headers["x-long"] = "x" * (MAX_HEADER_BYTES - used + more)

    assert client.send(request).status_code == status


def test_a_header_that_is_not_ascii_is_passed_on(client: httpx.Client) -> None:
    answer = client.get(ANY, headers=[(b"x-name", "Grüße".encode())])

    assert answer.status_code == 200
    assert answer.json()["headers"]["x-name"] == "Grüße"
