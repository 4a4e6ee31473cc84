"""Every route of the OpenAPI document through the real gateway, with tokens that are not valid and with those that are
not enough."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Generator
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key

from scripted_model import ScriptedModel
from stepcrew_local.identity import AUDIENCE, IDENTITIES, TokenIssuer
from stepcrew_local.stack import Stack
from tests.e2e.user import User, crew, task
from tests.routes import NAMES, Route, all_routes, guarded_routes

CANARY = "canary-of-the-group-demo"


@pytest.fixture(scope="module")
def stack(running: tuple[str, ScriptedModel, object]) -> Stack:
    stack = running[2]
    assert isinstance(stack, Stack)
    return stack


class Made(NamedTuple):
    """Something behind every path. `crews`, `secrets` and `triggers` are what the API lists of them before any test."""

    execution_id: str
    crews: Any
    secrets: Any
    triggers: Any


@pytest.fixture(scope="module")
def made(running: tuple[str, ScriptedModel, object]) -> Generator[Made]:
    """Taken away at the end: other tests of the group count what waits for a decision."""
    kinds = ("crews", "secrets", "triggers")
    crew_path, secret_path, trigger_path = (f"/{kind}/{NAMES[f'/api/v1/{kind}/{{name}}']}" for kind in kinds)
    with User(running[0], "ada") as ada:
        execution_id = ada.submit(crew(task(CANARY, human_input=True)), name=CANARY)
        assert ada.put(crew_path, json={"config": crew(task(CANARY))}).is_success
        assert ada.put(secret_path, json={"value": CANARY}).is_success
        trigger = {"crew": NAMES["/api/v1/crews/{name}"], "object": {"prefix": CANARY}}
        assert ada.put(trigger_path, json=trigger).is_success
        webhook: dict[str, Any] = {"url": f"https://receiver.example.com/{CANARY}", "format": "slack", "crews": []}
        assert ada.put(f"/webhooks/{NAMES['/api/v1/webhooks/{name}']}", json=webhook).is_success
        ada.until(execution_id, lambda record: record["status"] == "WAITING")
        yield Made(execution_id, ada.get("/crews").json(), ada.get("/secrets").json(), ada.get("/triggers").json())
        assert ada.post(f"/executions/{execution_id}/cancel").is_success
        assert ada.delete(trigger_path).is_success
        assert ada.delete(f"/webhooks/{NAMES['/api/v1/webhooks/{name}']}").is_success
        assert ada.delete(crew_path).is_success
        assert ada.delete(secret_path).is_success


@pytest.fixture
def execution_id(made: Made) -> str:
    return made.execution_id


CLIENT = httpx.Client(timeout=60, trust_env=False)
"""For some two thousand requests: making a client takes longer than most of them."""


def call(stack: Stack, route: Route, execution_id: str, **headers: str) -> httpx.Response:
    return CLIENT.request(route.method, stack.url + route.address(execution_id), json=route.body, headers=headers)


def tokens_that_are_not_valid(stack: Stack) -> dict[str, str | None]:
    issuer, now = f"{stack.url}/auth", int(time.time())
    [key] = httpx.get(f"{issuer}/jwks.json", trust_env=False).json()["keys"]
    public = jwt.PyJWK(key).key
    assert isinstance(public, RSAPublicKey)
    claims = {**IDENTITIES["ada"].claims, "iss": issuer, "aud": AUDIENCE, "exp": now + 600, "iat": now}
    strange = generate_private_key(public_exponent=65537, key_size=2048)
    brought = TokenIssuer(issuer, strange).jwks["keys"][0]
    other_key = jwt.encode(claims, strange, "RS256", {"kid": key["kid"]})
    own_key = jwt.encode(claims, strange, "RS256", {"kid": brought["kid"], "jwk": brought})
    sound = stack.token("ada")
    head, payload, signature = sound.split(".")
    admin = encoded({**json.loads(decoded(payload)), "group_id": "other", "groups": ["other"]})
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "none": None,
        "nonsense": "Bearer nonsense",
        "another scheme": f"Basic {sound}",
        "of another audience": f"Bearer {stack.token('ada', audience='other')}",
        "of another issuer": f"Bearer {stack.token('ada', iss='https://example.com')}",
        "expired": f"Bearer {stack.token('ada', seconds=-60)}",
        "without an end": f"Bearer {stack.token('ada', exp=None)}",
        "not valid yet": f"Bearer {stack.token('ada', nbf=now + 600)}",
        "not signed": f"Bearer {encoded({'alg': 'none'})}.{encoded(claims)}.",
        "not signed, in other letters": f"Bearer {encoded({'alg': 'nOnE', 'kid': key['kid']})}.{encoded(claims)}.",
        "signed with the public key as a password": f"Bearer {with_password(claims, key['kid'], pem)}",
        "signed with the bare public key as a password": f"Bearer {with_password(claims, key['kid'], der)}",
        "signed with another key under the same name": f"Bearer {other_key}",
        "with a key of its own": f"Bearer {own_key}",
        "with other claims under the signature": f"Bearer {head}.{admin}.{signature}",
        "without its signature": f"Bearer {head}.{payload}.",
        "two at once": f"Bearer {sound}, Bearer {sound}",
    }


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def with_password(claims: dict[str, Any], key_id: str, password: bytes) -> str:
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': key_id})}.{encoded(claims)}"
    digest = hmac.new(password, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def test_a_token_that_is_not_valid_opens_no_route(stack: Stack, execution_id: str) -> None:
    for name, value in tokens_that_are_not_valid(stack).items():
        headers = {} if value is None else {"authorization": value}
        for route in guarded_routes():
            answer = call(stack, route, execution_id, **headers)
            assert (answer.status_code, CANARY in answer.text) == (401, False), (name, route, answer.text)


def test_a_role_that_is_not_enough_and_a_foreign_group_open_no_route(stack: Stack, execution_id: str) -> None:
    order = ["viewer", "member", "admin"]
    for route in guarded_routes():
        foreign = call(
            stack, route, execution_id, **{"authorization": f"Bearer {stack.token('ada')}", "x-group-id": "other"}
        )
        assert foreign.status_code == 403, route
        nowhere = stack.token("ada", group_id=None, groups=[], role=None)
        assert call(stack, route, execution_id, authorization=f"Bearer {nowhere}").status_code == 403, route
        for role, identity in (("viewer", "vera"), ("member", "mia")):
            if order.index(role) < order.index(route.role or ""):
                answer = call(stack, route, execution_id, authorization=f"Bearer {stack.token(identity)}")
                assert answer.status_code == 403, (route, role)


def test_an_admin_of_another_group_finds_nothing_of_this_one(stack: Stack, execution_id: str) -> None:
    for route in guarded_routes():
        answer = call(stack, route, execution_id, authorization=f"Bearer {stack.token('bob')}")
        assert CANARY not in answer.text, route
        if "{execution_id}" in route.path:
            assert answer.status_code == 404, route


def test_nothing_of_it_changed_anything(stack: Stack, made: Made) -> None:
    assert "walked" in {one["name"] for one in made.crews["crews"]}
    assert "WALKED_KEY" in {one["name"] for one in made.secrets["secrets"]}
    assert "walked" in {one["name"] for one in made.triggers["triggers"]}
    with User(stack.url, "ada") as ada:
        assert ada.execution(made.execution_id)["status"] == "WAITING"
        assert (ada.get("/crews").json(), ada.get("/secrets").json()) == (made.crews, made.secrets)
        assert ada.get("/triggers").json() == made.triggers


def test_public_routes_need_no_token_and_take_no_notice_of_one(stack: Stack, execution_id: str) -> None:
    for route in all_routes():
        if route.role is None:
            expected = 404 if "{address}" in route.path else 200
            assert call(stack, route, execution_id).status_code == expected
            assert call(stack, route, execution_id, authorization="Bearer nonsense").status_code == expected
