"""Crews that no person starts, on the whole stack: uploads, requests as objects, events, schedules and deliveries."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.user import User

CONFIG: dict[str, Any] = {
    "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
    "tasks": [{"name": "haiku", "description": "About {topic}.", "expected_output": "Text", "agent": "poet"}],
}
PATIENCE_SECONDS = 150


@pytest.fixture
def crew(ada: User, model: ScriptedModel) -> str:
    name = f"haiku-{time.time_ns()}"
    assert ada.put(f"/crews/{name}", json={"config": CONFIG}).status_code == 201
    return name


@pytest.fixture
def stack(running: tuple[str, ScriptedModel, Stack]) -> Stack:
    return running[2]


def make(user: User, crew: str, **spec: Any) -> str:
    name = f"t-{time.time_ns()}"
    answer = user.put(f"/triggers/{name}", json={"crew": crew, **spec})
    assert answer.status_code == 201, answer.text
    return name


def upload(user: User, name: str, content: str) -> None:
    answer = user.post(f"/inbox/{name}")
    assert answer.status_code == 200, answer.text
    httpx.put(answer.json()["url"], content=content.encode(), trust_env=False).raise_for_status()


def firings(user: User, trigger: str, number: int = 1) -> list[dict[str, Any]]:
    """The trigger's firings, once there are so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = user.get(f"/triggers/{trigger}/firings").json()["firings"]
        if len(found) >= number:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_an_upload_runs_the_crew_of_the_trigger_it_matches(ada: User, bob: User, crew: str) -> None:
    trigger = make(ada, crew, object={"prefix": f"{crew}/", "contents": "text"}, inputs={"topic": "${text}"})
    upload(ada, f"{crew}/a.txt", "rain")
    (firing,) = firings(ada, trigger)
    assert firing["status"] == "STARTED", firing
    record = ada.ended(firing["execution_ids"][0])
    assert (record["status"], record["source"], record["triggered_by"]) == ("COMPLETED", "object", [trigger])
    assert bob.get(f"/triggers/{trigger}/firings").status_code == 404


def test_an_upload_becomes_a_file_that_its_crew_is_given(ada: User, crew: str, model: ScriptedModel) -> None:
    folder = f"tides-{time.time_ns()}"
    trigger = make(ada, crew, object={"prefix": f"{folder}/", "contents": "file"}, inputs={"topic": "${file}"})
    for number, said in enumerate(("Ebb.", "Flood."), 1):  # the second is in the place of the first
        upload(ada, f"{folder}/{folder}.txt", f"[[say {said}]]")
        newest = firings(ada, trigger, number)[0]
        assert newest["status"] == "STARTED", newest
        done = ada.ended(newest["execution_ids"][0])
        assert said in ada.get(f"/executions/{done['execution_id']}/result").text
    assert ada.get(f"/files/{folder}.txt").json()["file"]["uploaded_by"] == "ada@stepcrew.localhost"


def test_rows_and_requests_start_executions_and_a_bad_object_is_seen(ada: User, crew: str) -> None:
    rows = make(ada, crew, object={"suffix": f"{crew}.csv", "contents": "rows"}, inputs={"topic": "${row.name}"})
    upload(ada, f"lists/{crew}.csv", "name\nrain\nsnow\n")
    (firing,) = firings(ada, rows)
    assert (firing["started"], firing["failed"]) == (2, 0)
    assert {ada.ended(execution)["status"] for execution in firing["execution_ids"]} == {"COMPLETED"}
    upload(ada, f"{crew}-good.json", json.dumps({"crew": crew, "inputs": {"topic": "sun"}}))
    upload(ada, f"{crew}-bad.json", json.dumps({"crew": crew, "inputs": {}}))

    def of_this_test() -> dict[str, dict[str, Any]]:
        found = firings(ada, "inbox")
        return {firing["cause"].split(crew)[1][:5]: firing for firing in found if crew in firing["cause"]}

    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(seen := of_this_test()) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert seen["-good"]["status"] == "STARTED"
    assert seen["-bad."]["status"] == "FAILED"
    assert "topic" in seen["-bad."]["reason"]


def test_an_event_of_the_bus_starts_a_crew_and_its_own_end_does_not_start_it_again(
    ada: User, crew: str, stack: Stack
) -> None:
    source = f"shop.{crew}"
    order = make(ada, crew, event={"pattern": {"source": [source]}}, inputs={"topic": "${detail.data.order}"})
    again = make(
        ada,
        crew,
        event={"pattern": {"source": ["stepcrew"], "detail-type": ["Execution Completed"]}},
        inputs={"topic": "an end"},
    )
    entry = {
        "Source": source,
        "DetailType": "Order",
        "Detail": json.dumps({"data": {"group_id": "demo", "order": "tea"}}),
        "EventBusName": stack.outputs["EventBusName"],
    }
    foreign = {**entry, "Detail": json.dumps({"data": {"group_id": "other", "order": "coffee"}})}
    stack.client("events").put_events(Entries=[foreign, entry])
    (firing,) = firings(ada, order)
    assert ada.ended(firing["execution_ids"][0])["status"] == "COMPLETED"
    loop = firings(ada, again, 2)
    started = [one for one in loop if one["status"] == "STARTED"]
    cut = [one for one in loop if one["status"] == "FAILED"]
    assert len(started) == 1
    assert "A loop" in cut[0]["reason"]
    ada.delete(f"/triggers/{again}")


def test_a_schedule_fires_and_a_paused_trigger_does_not(ada: User, crew: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    at = soon.strftime("at(%Y-%m-%dT%H:%M:%S)")
    trigger = make(ada, crew, schedule={"expression": at}, inputs={"topic": "${time}"})
    paused = make(ada, crew, object={"prefix": f"{crew}/"}, enabled=False, inputs={"topic": "x"})
    upload(ada, f"{crew}/a", "x")
    (firing,) = firings(ada, trigger)
    assert firing["cause"] == f"schedule {soon.strftime('%Y-%m-%dT%H:%M:%SZ')}"
    assert ada.ended(firing["execution_ids"][0])["status"] == "COMPLETED"
    assert firings(ada, paused)[0]["status"] == "SKIPPED"


def test_a_signed_delivery_without_a_token_passes_the_front_door(ada: User, crew: str, stack: Stack) -> None:
    assert ada.put("/secrets/HOOK_KEY", json={"value": "a signing secret"}).status_code in (200, 201)
    rule = {"signature": "github", "secret": {"secret": "HOOK_KEY"}}
    trigger = make(ada, crew, hook=rule, inputs={"topic": "${json.order}"})
    path = ada.get(f"/triggers/{trigger}").json()["hook_path"]
    content = b'{"order": "tea"}'
    digest = hmac.new(b"a signing secret", content, hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": "d1"}

    def send(headers: dict[str, str]) -> httpx.Response:
        return httpx.post(f"{stack.url}{path}", content=content, headers=headers, timeout=60, trust_env=False)

    assert send({}).status_code == 401
    first, again = send(signed), send(signed)
    assert first.status_code == 202, first.text
    assert first.json() == again.json()
    assert ada.ended(first.json()["execution_ids"][0])["status"] == "COMPLETED"


def test_a_firing_that_failed_is_fired_again_once_its_crew_is_there(ada: User, crew: str) -> None:
    trigger = make(ada, crew, object={"prefix": f"{crew}/"}, inputs={"topic": "${name}"})
    ada.delete(f"/crews/{crew}")
    upload(ada, f"{crew}/a.txt", "x")
    (failed,) = firings(ada, trigger)
    assert (failed["status"], failed["execution_ids"]) == ("FAILED", [])
    ada.put(f"/crews/{crew}", json={"config": CONFIG})
    fired = ada.post(f"/triggers/{trigger}/firings/{failed['firing_id']}/fire").json()
    assert ada.ended(fired["execution_ids"][0])["status"] == "COMPLETED"
