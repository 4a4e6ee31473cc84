"""Who did what in a group: every change leaves an entry, and nobody can change one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew.aws import audit_keys
from stepcrew.aws.items import values
from tests.aws_table import TABLE
from tests.routes import NAMES, guarded_routes
from tests.unit.api.harness import ADA, BOB, MIA, VERA, Harness, body

pytestmark = pytest.mark.slow


def entries(harness: Harness, claims: dict[str, Any] = ADA, **params: Any) -> list[dict[str, Any]]:
    answer = harness.client(claims).get("/audit", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]


def told(harness: Harness) -> list[tuple[str, str, str]]:
    return [(one["who"], one["action"], one["target"]) for one in reversed(entries(harness))]


def test_the_log_tells_who_changed_what_in_the_order_of_time(harness: Harness) -> None:
    mia, ada = harness.client(MIA), harness.client()
    made = mia.post("/executions", json=body()).json()["execution_id"]
    mia.post(f"/executions/{made}/cancel")
    ada.put("/secrets/SERPER_API_KEY", json={"value": "a value"})
    ada.put("/budgets", json={"group_usd": 5})
    ada.delete(f"/executions/{made}")
    assert told(harness) == [
        ("mia", "executions.submit", made),
        ("mia", "executions.cancel", made),
        ("ada@example.com", "secrets.set_secret", "SERPER_API_KEY"),
        ("ada@example.com", "costs.set_budgets", ""),
        ("ada@example.com", "executions.delete", made),
    ]
    assert {one["request_id"] for one in entries(harness)} == {"r-1"}


def test_what_is_refused_or_changes_nothing_leaves_no_entry(harness: Harness) -> None:
    mia = harness.client(MIA)
    mia.post("/executions", json=body(config={}))
    mia.post("/executions?dry_run=true", json=body())
    harness.client(VERA).post("/executions", json=body())
    mia.put("/secrets/KEY", json={"value": "a value of a secret"})
    assert told(harness) == []
    keyed: dict[str, Any] = {"json": body(), "headers": {"Idempotency-Key": "k"}}
    assert mia.post("/executions", **keyed).status_code == 202
    assert mia.post("/executions", **keyed).json()["replayed"] is True
    assert len(told(harness)) == 1


def test_an_entry_and_its_change_are_one_transaction(harness: Harness) -> None:
    """An execution of which the entry cannot be written is not stored."""
    seen: list[list[str]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        writes = json.loads(params["body"])["TransactItems"]
        seen.append([one["Put"]["Item"]["PK"]["S"] for one in writes if "Put" in one])

    def watch(client: Any) -> None:
        client.meta.events.register("before-call.dynamodb.TransactWriteItems", note)

    harness.aws.clients.watch(watch)
    harness.client().post("/executions", json=body())
    [first, *_] = seen
    assert first[0].startswith("AUDIT#demo#")
    assert first[1].startswith("GROUP#demo#EXECUTION#")


def test_pages_and_lines_put_together_are_the_whole_log(harness: Harness) -> None:
    ada = harness.client()
    for number in range(7):
        ada.put(f"/secrets/KEY_{number}", json={"value": "a value of a secret"})
    whole = entries(harness)
    assert [one["target"] for one in whole] == [f"KEY_{number}" for number in range(6, -1, -1)]
    paged: list[Any] = []
    cursor: str | None = None
    while True:
        page = ada.get("/audit", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        paged += page["entries"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole
    lines, path = "", "/api/v1/audit?format=jsonl&limit=3&action=secrets."
    while path:
        answer = ada.get("http://api" + path)
        assert answer.headers["content-type"] == "application/jsonl"
        lines += answer.text
        path = answer.links.get("next", {}).get("url", "")
    assert [json.loads(line) for line in lines.splitlines()] == whole


def test_the_log_can_be_narrowed(harness: Harness) -> None:
    harness.client(MIA).post("/executions", json=body())
    harness.client().put("/secrets/KEY", json={"value": "a value of a secret"})
    harness.client().delete("/secrets/KEY")
    assert [one["action"] for one in entries(harness, who="mia")] == ["executions.submit"]
    assert len(entries(harness, action="secrets.")) == 2
    assert len(entries(harness, target="KEY", action="secrets.remove_secret")) == 1


def test_only_admins_read_the_log_and_only_their_groups(harness: Harness) -> None:
    harness.client().put("/secrets/KEY", json={"value": "a value of a secret"})
    assert harness.client(MIA).get("/audit").status_code == 403
    assert entries(harness, BOB) == []


def test_entries_hold_no_value_of_a_secret_and_expire(harness: Harness) -> None:
    harness.client().put("/secrets/KEY", json={"value": "very-secret"})
    found = [
        values(one)
        for part in audit_keys.parts("demo")
        for one in harness.aws.clients.dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="PK = :key",
            ExpressionAttributeValues={":key": {"S": part}},
        )["Items"]
    ]
    assert len(found) == 1
    assert "very-secret" not in str(found)
    assert found[0]["expires_at"] > harness.aws.clock.now().timestamp()


def stored(harness: Harness) -> dict[str, Any]:
    """What the table, but for the log, and Parameter Store hold."""
    clients = harness.aws.clients
    items = clients.dynamodb.scan(TableName=TABLE)["Items"]
    secrets = clients.ssm.get_parameters_by_path(Path="/stepcrew/test/groups/demo")["Parameters"]
    return {"items": [one for one in items if not values(one)["PK"].startswith("AUDIT#")], "secrets": secrets}


def test_no_change_by_any_route_is_missing(harness: Harness) -> None:
    """Deletions come last. A route that finds nothing to change may leave an entry too: somebody asked for it."""
    client = harness.client()
    execution_id = client.post("/executions", json=body()).json()["execution_id"]
    client.put(f"/crews/{NAMES['/api/v1/crews/{name}']}", json=body())
    changing: set[str] = set()
    for route in sorted(guarded_routes(), key=lambda route: (route.method == "DELETE", route.label)):
        entries_before, stored_before = len(entries(harness)), stored(harness)
        client.request(route.method, "http://api" + route.address(execution_id), json=route.body)
        left = len(entries(harness)) - entries_before
        assert left <= (route.method != "GET"), route
        if stored(harness) != stored_before:
            changing.add(route.label)
            assert left == 1, route
    assert {"PUT /api/v1/secrets/{name}", "DELETE /api/v1/webhooks/{name}", "POST /api/v1/batches"} <= changing
