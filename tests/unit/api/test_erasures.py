"""Removing a person's submissions and whole groups: receipts, repeated requests, and work that is cut short."""

from __future__ import annotations

from typing import Any

from stepcrew.aws import keys as table_keys
from stepcrew.aws.items import item, values
from stepcrew.domain.execution import Status
from tests.aws_table import BUCKET, GROUP, NOW, TABLE
from tests.routes import BODIES
from tests.unit.api.harness import ADA, BOB, INBOX, MIA, Harness, body, keep_file
from tests.unit.api.remembered import remember


def always() -> bool:
    return True


def keys_of(harness: Harness, group_id: str = GROUP) -> set[str]:
    """Partitions of the table that hold anything of the group, but for the log, slots and receipts."""
    found = {values(one)["PK"] for one in harness.aws.clients.dynamodb.scan(TableName=TABLE)["Items"]}
    kept = (f"GROUP#{group_id}#SLOTS", f"GROUP#{group_id}#ERASURES", f"GROUP#{group_id}#IDEMPOTENCY")
    return {key for key in found if key.startswith(f"GROUP#{group_id}") and not key.startswith(kept)}


def ended(harness: Harness, claims: dict[str, Any] = ADA) -> str:
    client = harness.client(claims)
    execution_id = client.post("/executions", json=body()).json()["execution_id"]
    client.post(f"/executions/{execution_id}/cancel")
    return execution_id


def later(harness: Harness) -> None:
    """What was submitted before counts as older than what is asked now."""
    harness.clock.at = NOW.replace(hour=10)


def test_what_a_person_submitted_is_removed_and_counted(harness: Harness) -> None:
    mine = [ended(harness, MIA) for _ in range(3)]
    others = ended(harness)
    later(harness)
    asked = harness.client().delete("/users/mia")
    assert (asked.status_code, asked.json()["status"], asked.json()["removed"]) == (202, "RUNNING", {})
    again = harness.client().delete("/users/mia")
    assert again.json()["erasure_id"] == asked.json()["erasure_id"]
    assert harness.erasures.sweep(always) == 1
    receipt = harness.client().get(asked.headers["Location"].removeprefix("/api/v1")).json()
    assert (receipt["status"], receipt["asked_by"], receipt["user"]) == ("COMPLETED", "ada@example.com", "mia")
    assert receipt["removed"] == {"executions": 3, "definitions": 3, "trace_events": 3, "trace_messages": 3}
    assert [harness.client().get(f"/executions/{one}").status_code for one in mine] == [404] * 3
    assert harness.client().get(f"/executions/{others}").status_code == 200
    assert harness.erasures.sweep(always) == 0
    assert harness.client().delete("/users/mia").json()["erasure_id"] != asked.json()["erasure_id"]


def test_open_executions_are_cancelled_and_removed_once_they_have_ended(harness: Harness) -> None:
    made = harness.client(MIA).post("/executions", json=body()).json()["execution_id"]
    running = harness.aws.executions.get(GROUP, made)
    harness.aws.clients.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": f"GROUP#{GROUP}#EXECUTION#{made}"}, "SK": {"S": "EXECUTION"}},
        UpdateExpression="REMOVE queued_at",
    )
    running = harness.aws.executions.begin_attempt(GROUP, made, NOW)
    later(harness)
    erasure_id = harness.client().delete("/users/mia").json()["erasure_id"]
    assert harness.erasures.sweep(always) == 0
    standing = harness.client().get(f"/erasures/{erasure_id}").json()
    assert (standing["status"], standing["still_open"]) == ("RUNNING", 1)
    assert harness.aws.executions.get(GROUP, made).cancel_requested_at
    harness.aws.executions.finish(running, Status.CANCELLED, message="", now=NOW)
    assert harness.erasures.sweep(always) == 1
    assert harness.client().get(f"/erasures/{erasure_id}").json()["removed"]["executions"] == 1


def test_a_group_is_removed_whole_but_for_its_log_and_limits(harness: Harness) -> None:
    ada = harness.client()
    ended(harness)
    ada.put("/crews/poems", json=body())
    ada.put("/crews/poems/aliases/prod", json={"version": 1})
    ada.put("/secrets/SERPER_API_KEY", json={"value": "a value of a secret"})
    ada.put("/triggers/orders", json={"crew": "poems", "object": {}})
    ada.put("/webhooks/ops", json=BODIES["PUT /api/v1/webhooks/{name}"])
    ada.put("/tools/refund", json=BODIES["PUT /api/v1/tools/{name}"])
    ada.put("/connections/router", json=BODIES["PUT /api/v1/connections/{name}"])
    ada.put("/budgets", json={"group_usd": 5})
    ada.put("/prices", json={"models": {}})
    ada.post("/batches", json=BODIES["POST /api/v1/batches"] | {"crew": "poems"})
    keep_file(harness, "facts.txt", claims=ADA)
    harness.client(BOB).post("/executions", json=body())
    theirs = keys_of(harness, "other")
    later(harness)
    harness.aws.clients.s3.create_bucket(Bucket=INBOX)
    harness.aws.clients.s3.put_object(Bucket=INBOX, Key="demo/new/order.txt", Body=b"mine")
    harness.aws.clients.s3.put_object(Bucket=BUCKET, Key="groups/other/executions/x/y", Body=b"theirs")
    assert ada.delete("/groups/other").status_code == 404
    asked = ada.delete("/groups/demo")
    assert asked.json()["removed"] == {"triggers": 1, "secrets": 1}
    assert harness.sources.there == {}
    assert harness.erasures.sweep(always) == 0  # the batch is cancelled first
    [batch] = ada.get("/batches").json()["batches"]
    harness.aws.clients.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": f"GROUP#{GROUP}#BATCH#{batch['batch_id']}"}, "SK": {"S": "BATCH"}},
        UpdateExpression="SET #status = :ended REMOVE open_key, open_sort",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":ended": {"S": "CANCELLED"}},
    )
    assert harness.erasures.sweep(always) == 1
    receipt = ada.get(f"/erasures/{asked.json()['erasure_id']}").json()
    assert (receipt["status"], receipt["still_open"]) == ("COMPLETED", 0)
    wanted = {"executions": 1, "batches": 1, "crews": 1, "versions": 1, "aliases": 1, "webhooks": 1, "tools": 1}
    wanted |= {"connections": 1, "files": 1, "budgets": 1, "prices": 1, "triggers": 1, "secrets": 1}
    assert wanted.items() <= receipt["removed"].items()
    assert keys_of(harness) == set()
    assert keys_of(harness, "other") == theirs
    left = harness.aws.clients.s3.list_objects_v2(Bucket=BUCKET)
    assert [one.get("Key") for one in left.get("Contents", [])] == ["groups/other/executions/x/y"]
    assert ada.get("/audit").json()["entries"][0]["action"] == "erasures.erase_group"


def test_an_erasure_that_runs_out_of_time_goes_on_where_it_was(harness: Harness) -> None:
    for _ in range(6):
        ended(harness)
    later(harness)
    erasure_id = harness.client().delete("/users/ada@example.com").json()["erasure_id"]
    counts: list[int] = []
    for _ in range(10):
        looks = iter([True] * 4)
        harness.erasures.sweep(lambda looks=looks: next(looks, False))
        counts.append(harness.client().get(f"/erasures/{erasure_id}").json()["removed"].get("executions", 0))
    assert counts == sorted(counts)
    assert len(set(counts)) > 2
    harness.erasures.sweep(always)
    assert harness.client().get(f"/erasures/{erasure_id}").json()["removed"]["executions"] == 6


def test_only_one_sweep_at_a_time_is_at_work_on_an_erasure(harness: Harness) -> None:
    ended(harness, MIA)
    later(harness)
    assert harness.client(MIA).delete("/users/mia").status_code == 403
    harness.client().delete("/users/mia")
    others: list[int] = []
    looks = iter([True])

    def while_another_sweeps() -> bool:
        if not next(looks, False):  # the first look is before the work begins
            others.append(harness.erasures.sweep(always))
        return True

    assert harness.erasures.sweep(while_another_sweeps) == 1
    assert set(others) == {0}


def test_a_groups_vectors_in_indexes_go_with_it_and_no_other_groups(harness: Harness) -> None:
    for group_id in (GROUP, "other"):
        entry = {"PK": table_keys.root_scopes(group_id), "SK": table_keys.MEMORY_BACKEND, "memory_backend": "s3vectors"}
        harness.aws.clients.dynamodb.put_item(TableName=TABLE, Item=item(entry))
        for content in ("one", "two"):
            remember(harness, content, group_id=group_id)
    theirs = keys_of(harness, "other")
    harness.aws.clients.s3.create_bucket(Bucket=INBOX)
    asked = harness.client(ADA).delete("/groups/demo").json()
    assert harness.erasures.sweep(always) == 1
    receipt = harness.client(ADA).get(f"/erasures/{asked['erasure_id']}").json()
    assert receipt["status"] == "COMPLETED"
    assert receipt["removed"]["vectors"] == 4, "Two of records, two kept for reuse."
    assert keys_of(harness) == set()
    assert keys_of(harness, "other") == theirs
    assert len(harness.vectors.places()) == 2
