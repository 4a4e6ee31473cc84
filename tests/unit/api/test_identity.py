"""Who a token makes of its bearer: every doubt is decided against them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from starlette.testclient import TestClient

from stepcrew_api.app import create_app
from tests.unit.api.harness import (
    ADA,
    BOB,
    ISSUER,
    MIA,
    SETTINGS,
    VERA,
    Harness,
    WithClaims,
    api_harness,
    body,
    event_of,
    token_of,
)

TOKEN: dict[str, Any] = {"iss": ISSUER, "sub": "x"}


@pytest.fixture(scope="module")
def harness() -> Generator[Harness]:
    with api_harness() as made:
        yield made


def me(harness: Harness, **claims: object) -> dict[str, Any]:
    answer = harness.client({**TOKEN, **claims}).get("/me")
    return {"status": answer.status_code, **answer.json()}


def role(harness: Harness, group: str = "demo", **claims: object) -> str | int:
    """The role in the group, or the status of the refusal."""
    client = harness.client({**TOKEN, "group_id": "demo", "groups": ["demo", "research"], **claims})
    answer = client.get("/me", headers={"X-Group-Id": group})
    return answer.json()["role"] if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(
    "group", ["a/b", "a#b", "a@b", "a*", "a?", "..", ".a", "-a", "", "x" * 129, "a b", "a,b", "ä", 1]
)
def test_a_group_id_that_would_not_fit_every_key_path_and_pattern_is_refused(harness: Harness, group: object) -> None:
    assert me(harness, group_id=group, groups=[group] if isinstance(group, str) else [])["status"] == 403
    assert me(harness, groups=[group])["status"] == 403


@pytest.mark.parametrize(
    "groups", ["demo other", "demo,other", "[demo other]", {"demo": 1}, ["demo", 1], [["demo"]], 1, True]
)
def test_groups_that_can_be_read_in_more_than_one_way_are_refused(harness: Harness, groups: object) -> None:
    found = me(harness, group_id="demo", groups=groups)
    assert (found["status"], found["detail"].split(" of")[0]) == (403, "The claim groups")


def test_a_group_with_a_blank_in_its_name_opens_no_other_group(harness: Harness) -> None:
    client = harness.client({**TOKEN, "groups": ["demo other", "research"]})
    assert client.get("/me").json()["groups"] == ["research"]
    for group in ("demo", "other", "demo other"):
        assert client.get("/me", headers={"X-Group-Id": group}).status_code == 403


def test_the_primary_group_comes_first_and_the_first_of_the_list_where_there_is_none(harness: Harness) -> None:
    assert me(harness, group_id="b", groups=["a", "b", "c"])["group_id"] == "b"
    assert me(harness, group_id="d", groups=["a"])["groups"] == ["d", "a"]
    assert me(harness, groups=["a", "b"])["group_id"] == "a"
    assert me(harness, groups="a")["groups"] == ["a"]
    assert me(harness)["status"] == 403


def test_another_group_of_the_token_can_be_selected_and_a_foreign_one_cannot(harness: Harness) -> None:
    client = harness.client()
    assert client.get("/me", headers={"X-Group-Id": "research"}).json()["group_id"] == "research"
    for foreign in ("other", "demo,research", "demo research", "", "Demo"):
        assert client.get("/me", headers={"X-Group-Id": foreign}).status_code == 403
    twice = client.get("/me", headers=[("X-Group-Id", "demo"), ("X-Group-Id", "research")])
    assert twice.status_code == 403


def test_a_caller_without_a_role_claim_only_reads_unless_the_operator_says_otherwise(harness: Harness) -> None:
    assert role(harness) == "viewer"
    app = create_app(harness.app.state.services, SETTINGS.model_copy(update={"default_role": "member"}))
    claims = {**TOKEN, "group_id": "demo"}
    assert TestClient(WithClaims(app, claims), base_url="http://api/api/v1").get("/me").json()["role"] == "member"


@pytest.mark.parametrize(
    "claim",
    ["Viewer", "viewer ", " admin", "ADMIN", "owner", "", "admin member", "[admin]", "demo:Admin", "a b:admin", 1],
)
def test_a_role_that_is_not_exactly_one_of_the_three_is_refused(harness: Harness, claim: object) -> None:
    assert role(harness, role=claim) == 403


@pytest.mark.parametrize(
    "claim", [["admin", "viewer"], ["demo:admin", "demo:admin"], {"demo": "admin"}, ["admin", 1], True]
)
def test_roles_that_can_be_read_in_more_than_one_way_are_refused(harness: Harness, claim: object) -> None:
    assert role(harness, role=claim) == 403


def test_a_role_counts_in_its_own_group_only(harness: Harness) -> None:
    assert (role(harness, role="admin"), role(harness, "research", role="admin")) == ("admin", "viewer")
    assert (role(harness, role=["member"]), role(harness, "research", role=["research:admin"])) == ("member", "admin")
    assert role(harness, role=["research:admin"]) == "viewer"


def test_a_plain_role_of_a_token_with_many_groups_and_no_primary_counts_nowhere(harness: Harness) -> None:
    assert me(harness, groups=["a", "b"], role="admin")["role"] == "viewer"
    assert me(harness, groups=["a"], role="admin")["role"] == "admin"


def test_each_role_may_do_what_it_is_for(harness: Harness) -> None:
    execution_id = harness.client(MIA).post("/executions", json=body()).json()["execution_id"]
    for claims, submits, stores in ((VERA, 403, 403), (MIA, 202, 403), (ADA, 202, 201)):
        client = harness.client(claims)
        assert client.get(f"/executions/{execution_id}").status_code == 200
        assert client.post("/executions", json=body()).status_code == submits
        assert client.put("/crews/poems", json=body()).status_code == stores
        assert client.delete("/crews/none").status_code == (204 if stores == 201 else 403)
    assert harness.client(MIA).post(f"/executions/{execution_id}/cancel").status_code == 202
    assert harness.client(MIA).delete(f"/executions/{execution_id}").status_code == 403
    assert harness.client(BOB).delete(f"/executions/{execution_id}").status_code == 404
    assert harness.client(ADA).delete(f"/executions/{execution_id}").status_code == 200


def test_the_role_is_checked_before_anything_of_the_request_is_read(harness: Harness) -> None:
    broken: dict[str, Any] = {"content": b"{" * 100, "headers": {"Content-Type": "application/json"}}
    for path in ("/executions", "/executions/none/feedback", "/executions?dry_run=perhaps"):
        assert harness.client(VERA).post(path, **broken).status_code == 403
        assert harness.client(MIA).post(path, **broken).status_code in (400, 422)
    assert harness.client(MIA).put("/crews/not a name", **broken).status_code == 403


@pytest.mark.parametrize(("use", "status"), [(None, 200), ("id", 200), ("access", 401), ("ID", 401), (["id"], 401)])
def test_an_access_token_of_cognito_is_refused(harness: Harness, use: object, status: int) -> None:
    claims = {"group_id": "demo"} if use is None else {"group_id": "demo", "token_use": use}
    assert me(harness, **claims)["status"] == status


def test_a_stack_with_a_user_pool_of_its_own_takes_id_tokens_only(harness: Harness) -> None:
    app = create_app(harness.app.state.services, SETTINGS.model_copy(update={"token_use": "id"}))
    for use, status in (("id", 200), ("access", 401), (None, 401)):
        claims = {**TOKEN, "group_id": "demo"} | ({"token_use": use} if use else {})
        assert TestClient(WithClaims(app, claims), base_url="http://api/api/v1").get("/me").status_code == status


@pytest.mark.parametrize("verified", [None, False, 0, 1, "True", "TRUE", "false", "yes", ["true"], ""])
def test_an_address_counts_only_when_its_issuer_says_that_it_is_verified(harness: Harness, verified: object) -> None:
    claims = {} if verified is None else {"email_verified": verified}
    assert me(harness, group_id="demo", email="boss@example.com", **claims)["email"] is None


def test_a_verified_address_is_taken_as_it_is_written(harness: Harness) -> None:
    for verified in (True, "true"):
        assert (
            me(harness, group_id="demo", email="Boss@x.example", email_verified=verified)["email"] == "Boss@x.example"
        )
    for email in ("boss", "a@b@c", "a b@c", "a@b\n", 1, ["a@b"], "x" * 200 + "@b"):
        assert me(harness, group_id="demo", email=email, email_verified=True)["email"] is None


class Forwarded:
    """An event as a gateway might send it that does not hand over exactly the token it has checked."""

    def __init__(self, harness: Harness, **changes: object) -> None:
        made = event_of(ADA)
        made["headers"] = changes.get("headers", made["headers"])
        made["requestContext"]["authorizer"]["jwt"]["claims"] |= changes.get("claims", {})
        self._app, self._event = harness.app, made

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app({**scope, "aws.event": self._event}, receive, send)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer x"},
        {"authorization": f"Basic {token_of(ADA)}"},
        {"authorization": f"Bearer {token_of(ADA)},Bearer {token_of(BOB)}"},
        {"authorization": f"Bearer {token_of(ADA)}", "Authorization": f"Bearer {token_of(ADA)}"},
        {"authorization": f"Bearer {token_of(BOB)}"},
        {"authorization": f"Bearer {token_of({**ADA, 'iss': 'https://evil.example.com'})}"},
        {"authorization": f"Bearer {token_of({**ADA, 'sub': None})}"},
        {"authorization": "Bearer e30.bm90IGpzb24.c2ln"},
    ],
)
def test_claims_are_read_only_from_the_very_token_that_was_checked(harness: Harness, headers: dict[str, str]) -> None:
    client = TestClient(Forwarded(harness, headers=headers), base_url="http://api/api/v1")
    assert client.get("/me").status_code == 401


def test_a_token_without_its_scheme_is_one_too(harness: Harness) -> None:
    client = TestClient(Forwarded(harness, headers={"Authorization": token_of(ADA)}), base_url="http://api/api/v1")
    assert client.get("/me").json()["role"] == "admin"
