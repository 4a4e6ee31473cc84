"""Signing in at the local issuer."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from stepcrew_local.stack import Stack

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def _request(stack: Stack, **changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "stepcrew-local",
        "redirect_uri": f"{stack.url}/callback",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "s t&ate",
        "nonce": "n1",
        "login_hint": "vera",
        **changes,
    }


def _code(stack: Stack) -> tuple[str, dict[str, list[str]]]:
    answer = httpx.get(f"{stack.url}/auth/authorize", params=_request(stack))
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return query["code"][0], query


def _exchange(stack: Stack, code: str, **changes: str) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{stack.url}/callback",
        "code_verifier": VERIFIER,
        **changes,
    }
    return httpx.post(f"{stack.url}/auth/token", data=fields)


def test_a_client_finds_everything_by_discovery(tiny_stack: Stack) -> None:
    configuration = httpx.get(f"{tiny_stack.url}/auth/.well-known/openid-configuration").json()

    assert configuration["issuer"] == f"{tiny_stack.url}/auth"
    [key] = httpx.get(configuration["jwks_uri"]).json()["keys"]
    token = tiny_stack.token("ada")
    claims = jwt.decode(token, jwt.PyJWK(key), audience="stepcrew-local", issuer=configuration["issuer"])
    assert claims["groups"] == ["demo", "research"]


def test_the_code_flow_ends_with_tokens_that_the_api_accepts(tiny_stack: Stack) -> None:
    code, query = _code(tiny_stack)
    assert query["state"] == ["s t&ate"]

    answer = _exchange(tiny_stack, code)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    api = httpx.get(
        f"{tiny_stack.url}/api/v1/executions", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    assert api.json()["requestContext"]["authorizer"]["jwt"]["claims"]["role"] == "[demo:viewer]"
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["nonce"] == "n1"


def test_a_code_works_once(tiny_stack: Stack) -> None:
    code, _ = _code(tiny_stack)
    _exchange(tiny_stack, code)

    assert _exchange(tiny_stack, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_worth_nothing_to_someone_else(tiny_stack: Stack, changes: dict[str, str], error: str) -> None:
    code, _ = _code(tiny_stack)
    answer = _exchange(tiny_stack, code, **changes)

    assert answer.status_code == 400
    assert answer.json()["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"response_type": "token"},
    ],
)
def test_a_wrong_request_is_refused_without_a_redirect(tiny_stack: Stack, changes: dict[str, str]) -> None:
    answer = httpx.get(f"{tiny_stack.url}/auth/authorize", params=_request(tiny_stack, **changes))

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_without_a_hint_a_page_offers_every_identity(tiny_stack: Stack) -> None:
    page = httpx.get(f"{tiny_stack.url}/auth/authorize", params=_request(tiny_stack, login_hint='"><script>')).text

    assert all(name in page for name in ("Ada", "Bob", "Mia", "Vera"))
    assert "<script>" not in page


def test_the_command_line_gets_a_token_in_one_call(tiny_stack: Stack) -> None:
    answer = httpx.post(f"{tiny_stack.url}/auth/demo-token", json={"identity": "bob"})

    assert answer.json()["expires_in"] == 3600
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["group_id"] == "other"
    for body in ({"identity": "eve"}, {"identity": ["ada"]}, ["ada"], None):
        assert httpx.post(f"{tiny_stack.url}/auth/demo-token", json=body).status_code == 400
    for text in ("", "{", "[" * 6_000 + "]" * 6_000, "\x00"):
        assert httpx.post(f"{tiny_stack.url}/auth/demo-token", content=text).status_code == 400
