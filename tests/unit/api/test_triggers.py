"""Triggers over the API: who may make them, what they say of themselves, and signed deliveries."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.aws_table import TRACEPARENT
from tests.unit.api.harness import BOB, MIA, VERA, Harness, body

BODY = b'{"order": "tea"}'
KEY = "a signing secret"


@pytest.fixture
def triggers(harness: Harness) -> Harness:
    harness.client().put("/crews/haiku", json={"config": body()["config"]})
    return harness


def spec(**changes: Any) -> dict[str, Any]:
    return {"crew": "haiku", "inputs": {"order": "${json.order}"}, "object": {"contents": "json"}, **changes}


def hook() -> dict[str, Any]:
    rule = {"signature": "github", "secret": {"secret": "HOOK_KEY"}}
    return {"crew": "haiku", "inputs": {"order": "${json.order}"}, "hook": rule}


def signed(content: bytes = BODY, key: str = KEY, delivery: str = "d1") -> dict[str, str]:
    digest = hmac.new(key.encode(), content, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": delivery}


def test_a_trigger_is_made_read_changed_and_removed(triggers: Harness) -> None:
    client = triggers.client()
    made = client.put("/triggers/orders", json=spec())
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/triggers/orders")
    assert (made.json()["made_by"], made.json()["revision"]) == ("ada@example.com", 1)
    changed = client.put("/triggers/orders", json=spec(object={"prefix": "new/"}))
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    assert client.get("/triggers").json()["triggers"] == [changed.json()]
    assert client.get("/triggers/orders").json() == changed.json()
    assert client.post("/triggers/orders/pause").json()["enabled"] is False
    assert client.post("/triggers/orders/resume").json()["enabled"] is True
    assert [client.delete("/triggers/orders").status_code for _ in (1, 2)] == [204, 204]
    assert client.get("/triggers/orders").status_code == 404
    assert client.post("/triggers/orders/pause").status_code == 404


def test_only_admins_make_triggers_and_other_groups_see_none(triggers: Harness) -> None:
    triggers.client().put("/triggers/orders", json=spec())
    for caller in (MIA, VERA):
        client = triggers.client(caller)
        assert client.put("/triggers/orders", json=spec()).status_code == 403
        assert client.delete("/triggers/orders").status_code == 403
        assert client.get("/triggers/orders").status_code == 200
    assert triggers.client(BOB).get("/triggers").json() == {"triggers": []}
    assert triggers.client(BOB).get("/triggers/orders").status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (spec(crew="nobody"), 404, "no crew"),
        (spec(inputs={"order": "${[}"}), 422, "/inputs/order"),
        (spec(schedule={"expression": "rate(1 hour)"}), 422, "exactly one"),
        (spec(object={"contents": "pdf"}), 422, "/object/contents"),
        (spec(limits={"timeout_seconds": 0}), 422, "/limits/timeout_seconds"),
    ],
)
def test_a_faulty_trigger_is_refused_with_its_place(
    triggers: Harness, given: dict[str, Any], status: int, said: str
) -> None:
    answer = triggers.client().put("/triggers/orders", json=given)
    assert answer.status_code == status
    assert said in answer.text
    assert triggers.client().get("/triggers").json() == {"triggers": []}


def test_the_name_of_the_built_in_trigger_is_taken(triggers: Harness) -> None:
    assert triggers.client().put("/triggers/inbox", json=spec()).status_code == 422
    assert triggers.client().get("/triggers/inbox/firings").json() == {"firings": [], "next_cursor": None}


def test_a_sample_shows_what_would_start_and_starts_nothing(triggers: Harness) -> None:
    client = triggers.client()
    client.put("/triggers/orders", json=spec())
    good = client.post("/triggers/orders/test", json={"document": {"json": {"order": 7}}}).json()
    assert (good["valid"], good["inputs"], good["crew"]) == (True, {"order": 7}, "haiku")
    bad = client.post("/triggers/orders/test", json={"document": {}}).json()
    assert (bad["valid"], bad["reason"]) == (False, "${json.order} finds nothing in the document.")
    client.delete("/crews/haiku")
    gone = client.post("/triggers/orders/test", json={"document": {"json": {"order": 7}}}).json()
    assert not gone["valid"]
    assert "no crew" in gone["reason"]
    assert triggers.orchestrator.started == []


def test_a_signed_delivery_starts_an_execution_once(triggers: Harness) -> None:
    client = triggers.client()
    client.put("/secrets/HOOK_KEY", json={"value": KEY})
    path = client.put("/triggers/orders", json=hook()).json()["hook_path"].removeprefix("/api/v1")
    assert path == "/hooks/demo.hook-id"
    sender = triggers.client({})
    caller = {"traceparent": TRACEPARENT}
    first, again = (sender.post(path, content=BODY, headers={**signed(), **caller}) for _ in (1, 2))
    assert (first.status_code, first.json()["status"], first.json()) == (202, "STARTED", again.json())
    assert len(triggers.orchestrator.started) == 1
    record = client.get(f"/executions/{first.json()['execution_ids'][0]}").json()
    assert (record["source"], record["triggered_by"]) == ("hook", ["orders"])
    assert record["traceparent"] == caller["traceparent"]
    assert client.get("/triggers/orders/firings").json()["firings"] == [first.json()]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/hooks/demo.hook-id", {}, 401),
        ("/hooks/demo.hook-id", signed(key="another"), 401),
        ("/hooks/demo.another", signed(), 404),
        ("/hooks/other.hook-id", signed(), 404),
        ("/hooks/hook-id", signed(), 404),
        ("/hooks/demo.", signed(), 404),
        ("/hooks/*.hook-id", signed(), 404),
    ],
)
def test_what_is_not_signed_or_not_an_endpoint_starts_nothing(
    triggers: Harness, path: str, headers: dict[str, str], status: int
) -> None:
    triggers.client().put("/secrets/HOOK_KEY", json={"value": KEY})
    triggers.client().put("/triggers/orders", json=hook())
    answer = triggers.client({}).post(path, content=BODY, headers=headers)
    assert answer.status_code == status
    assert triggers.orchestrator.started == []


def test_a_hook_without_its_secret_accepts_nothing(triggers: Harness) -> None:
    triggers.client().put("/triggers/orders", json=hook())
    answer = triggers.client({}).post("/hooks/demo.hook-id", content=BODY, headers=signed(key=""))
    assert answer.status_code == 401
    assert "HOOK_KEY" in answer.json()["detail"]


def test_a_failed_firing_is_fired_again_from_what_was_kept(triggers: Harness) -> None:
    client = triggers.client()
    client.put("/secrets/HOOK_KEY", json={"value": KEY})
    client.put("/triggers/orders", json=hook())
    client.delete("/crews/haiku")
    failed = triggers.client({}).post("/hooks/demo.hook-id", content=BODY, headers=signed()).json()
    assert (failed["status"], failed["execution_ids"]) == ("FAILED", [])
    client.put("/crews/haiku", json={"config": body()["config"]})
    again = f"/triggers/orders/firings/{failed['firing_id']}/fire"
    assert triggers.client(VERA).post(again).status_code == 403
    fired = client.post(again).json()
    assert (fired["status"], fired["firing_id"]) == ("STARTED", failed["firing_id"])
    assert client.post(again).json() == fired
    assert len(triggers.orchestrator.started) == 1
    assert client.post(f"/triggers/orders/firings/{'0' * 32}/fire").status_code == 404


def test_firings_come_in_pages(triggers: Harness) -> None:
    client = triggers.client()
    client.put("/secrets/HOOK_KEY", json={"value": KEY})
    client.put("/triggers/orders", json=hook())
    for number in range(3):
        content = json.dumps({"order": number}).encode()
        triggers.client({}).post("/hooks/demo.hook-id", content=content, headers=signed(content, delivery=str(number)))
    page = client.get("/triggers/orders/firings?limit=2").json()
    rest = client.get("/triggers/orders/firings", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert len({firing["firing_id"] for firing in page["firings"] + rest["firings"]}) == 3
    assert rest["next_cursor"] is None
