"""Every route of the OpenAPI document with every kind of caller: nobody reaches what is not theirs."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from typing import Any, NamedTuple

import pytest

from stepcrew.domain.batch import Batch
from stepcrew.domain.execution import TaskOutput
from stepcrew.domain.membership import Role
from tests.aws_table import GROUP, NOW
from tests.routes import BODIES, NAMES, NEEDS_AN_UPLOAD, PARAMETERS, Route, all_routes, guarded_routes
from tests.unit.api.harness import ADA, BOB, ISSUER, MIA, VERA, Harness, api_harness, body, keep_file
from tests.unit.api.remembered import remember
from tests.waiting import park, question

pytestmark = pytest.mark.slow

OF_THINGS_IT_LACKS = (
    "{firing_id}",
    "{erasure_id}",
    "{group_id}",
    "{delivery_id}",
    "{batch_id}",
    "/amp/",
    "POST /api/v1/batches",
    "PUT /api/v1/triggers/{name}",
    "/memory/reembed",
)
"""Parts of routes to things, or with crews in their bodies, that another group has not made."""
CANARY = "canary-of-the-group-demo"
ROLES: dict[str, dict[str, Any]] = {"viewer": VERA, "member": MIA, "admin": ADA}
NOBODY: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {
    "no token": (401, {}, {}),
    "an access token of Cognito": (401, {**ADA, "token_use": "access"}, {}),
    "no subject": (401, {**ADA, "sub": ""}, {}),
    "no group": (403, {"iss": ISSUER, "sub": "x", "role": "admin"}, {}),
    "a group it does not have": (403, ADA, {"X-Group-Id": "other"}),
    "a group that is none": (403, {**ADA, "group_id": "demo/../other"}, {}),
    "two groups in one text": (403, {**ADA, "groups": "demo research"}, {}),
    "a role that is none": (403, {**ADA, "role": "owner"}, {}),
    "two roles": (403, {**ADA, "role": ["viewer", "admin"]}, {}),
}


class Filled(NamedTuple):
    """The API with an execution behind every path."""

    harness: Harness
    execution_id: str

    def call(self, route: Route, claims: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        address = "http://api" + route.address(self.execution_id)
        return self.harness.client(claims).request(route.method, address, json=route.body, headers=headers)


@pytest.fixture(scope="module")
def harness() -> Generator[Filled]:
    """No test changes it."""
    with api_harness() as made:
        ada = made.client()
        sent = body(name=CANARY)
        sent["config"]["agents"]["poet"]["goal"] = CANARY
        sent["config"]["tasks"][0]["output_file"] = PARAMETERS["name"]
        crew = NAMES["/api/v1/crews/{name}"]
        assert ada.put(f"/crews/{crew}", json=sent | {"name": None}).status_code == 422
        assert ada.put(f"/crews/{crew}", json={"config": sent["config"]}).status_code == 201
        execution_id = ada.post("/executions", json={"crew": crew, "name": CANARY}).json()["execution_id"]
        execution = made.aws.executions.begin_attempt(GROUP, execution_id, NOW)
        made.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw=CANARY))
        park(made.aws, execution, question(execution_id=execution_id, output=CANARY))
        assert ada.put(f"/secrets/{NAMES['/api/v1/secrets/{name}']}", json={"value": CANARY}).status_code == 201
        trigger = {"crew": crew, "object": {}, "inputs": {"told": CANARY}}
        assert ada.put(f"/triggers/{NAMES['/api/v1/triggers/{name}']}", json=trigger).status_code == 201
        keep_file(made, NAMES["/api/v1/files/{name}"], CANARY.encode())
        remember(made, CANARY, f"/{PARAMETERS['scope']}")
        webhook = {"url": f"https://receiver.example.com/{CANARY}", "format": "slack"}
        tool = BODIES["PUT /api/v1/tools/{name}"] | {"description": CANARY}
        assert ada.put(f"/tools/{NAMES['/api/v1/tools/{name}']}", json=tool).status_code == 201
        connection = {"base_url": f"https://{CANARY}.example.com/v1"}
        assert ada.put(f"/connections/{NAMES['/api/v1/connections/{name}']}", json=connection).status_code == 201
        assert ada.put(f"/webhooks/{NAMES['/api/v1/webhooks/{name}']}", json=webhook).status_code == 201
        batch = {"batch_id": PARAMETERS["batch_id"], "group_id": GROUP, "name": CANARY, "crew": f"{crew}@1"}
        sizes = {"total": 1, "rows_in_round": 1, "max_concurrency": 1, "tolerated_failures": 0}
        made.batches.create(Batch.model_validate({**batch, **sizes, "created_at": NOW, "updated_at": NOW}), None)
        before = made.client().get(f"/executions/{execution_id}").json()
        yield Filled(made, execution_id)
        assert made.client().get(f"/executions/{execution_id}").json() == before
        assert made.client().get("/crews").json()["crews"][0]["version"] == 1
        assert len(made.client().get("/secrets").json()["secrets"]) == 1
        assert len(made.client().get("/memory/records").json()["records"]) == 1
        for kind in ("triggers", "webhooks"):
            assert [one["revision"] for one in made.client().get(f"/{kind}").json()[kind]] == [1]


@pytest.mark.parametrize("route", guarded_routes(), ids=lambda route: route.label)
@pytest.mark.parametrize("who", NOBODY)
def test_who_is_nobody_in_the_group_gets_nothing(harness: Filled, route: Route, who: str) -> None:
    status, claims, headers = NOBODY[who]
    answer = harness.call(route, claims, headers)
    kind = "application/json" if "/amp/" in route.path else "application/problem+json"
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert CANARY not in answer.text


@pytest.mark.parametrize("route", guarded_routes(), ids=lambda route: route.label)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_below_the_one_that_is_needed_is_refused(harness: Filled, route: Route, role: str) -> None:
    if not Role(role).permits(Role(route.role or "")):
        assert harness.call(route, ROLES[role]).status_code == 403
    elif route.method == "GET":
        answer = harness.call(route, ROLES[role])
        absent = route.path.endswith(("/traces/{event_id}/output", "/erasures/{erasure_id}"))
        assert answer.status_code == 200 or absent, answer.text


OF_SOMETHING_MADE = tuple(f"/api/v1/{what}/{{name}}/" for what in ("crews", "projects", "triggers", "webhooks"))


@pytest.mark.parametrize("route", guarded_routes(), ids=lambda route: route.label)
def test_an_admin_of_another_group_finds_nothing_of_this_one(harness: Filled, route: Route) -> None:
    admin = BOB | {"group_id": f"group-{uuid.uuid4().hex}"}  # who has done nothing yet
    answer = harness.call(route, admin)
    assert CANARY not in answer.text
    assert harness.execution_id not in answer.text.replace(
        f"There is no execution {harness.execution_id} in this group.", ""
    )
    if "{execution_id}" in route.path or (route.method == "GET" and route.path in NAMES):
        absent = harness._replace(execution_id="01936a3c-0000-7000-8000-0000000000ff").call(route, admin)
        assert (answer.status_code, absent.status_code) == (404, 404)
    elif any(part in route.label for part in OF_THINGS_IT_LACKS):
        assert answer.status_code == 404
    elif "/operator/" in route.path:
        assert answer.status_code == 403
    elif route.label == "POST /api/v1/decision-links/rotate":  # of links that it has not switched on
        assert answer.status_code == 409
    else:
        wanted = {200, 201, 202, 204, NEEDS_AN_UPLOAD.get(route.label)}
        if route.path.startswith(OF_SOMETHING_MADE):  # which the other group has not made
            wanted.add(404)
        assert answer.status_code in wanted, answer.text


def test_only_what_reveals_nothing_of_any_group_is_public(harness: Filled) -> None:
    public = [route for route in all_routes() if route.role is None]
    assert [route.label for route in public] == ["GET /api/v1/health", "POST /api/v1/hooks/{address}"]
    assert not [route for route in public if CANARY in harness.call(route, {}).text]
