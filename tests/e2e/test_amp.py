"""CrewAI's own client of its hosted API runs a stored crew here, unchanged, and addresses of a kickoff are called."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from stepcrew_local.layout import python_of
from tests.e2e.receiver import receiving
from tests.e2e.user import User, crew, task

CLIENT = """
import json, sys
from crewai_tools import InvokeCrewAIAutomationTool
asked = json.load(sys.stdin)
tool = InvokeCrewAIAutomationTool(
    crew_api_url=asked["url"], crew_bearer_token=asked["token"], crew_name="poet", crew_description="Writes"
)
print("ANSWER", tool.run(prompt="rain"))
"""


def test_the_public_client_runs_a_crew_when_its_address_points_here(ada: User, tmp_path: Path) -> None:
    assert ada.put("/crews/hosted", json={"config": crew(task("About {prompt}. [[say RAINY]]"))}).status_code == 201
    asked = {"url": f"{ada.url}/api/v1/amp/hosted", "token": ada.headers["Authorization"].removeprefix("Bearer ")}
    done = subprocess.run(
        [python_of("runner"), "-c", CLIENT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={
            "HOME": "/nonexistent",
            "NO_PROXY": "127.0.0.1",
            "CREWAI_DISABLE_TELEMETRY": "true",
            "OTEL_SDK_DISABLED": "true",
        },
    )
    assert "RAINY" in done.stdout.partition("ANSWER")[2], done.stdout + done.stderr


def test_the_addresses_of_a_kickoff_hear_of_its_tasks_steps_and_end(ada: User) -> None:
    config = crew(task("About rain. [[say WET]]", "first"), task("Sum it up. [[say RAINY]]", "second"))
    assert ada.put("/crews/called", json={"config": config}).status_code == 201
    with receiving() as receiver:
        urls = {f"{kind}WebhookUrl": f"{receiver.url}/amp-{kind}" for kind in ("task", "step", "crew")}
        sent = {"inputs": {}, "meta": {"requestId": "r-1"}, **urls}
        execution_id = ada.post("/amp/called/kickoff", json=sent).json()["kickoff_id"]
        ada.ended(execution_id)
        deadline = time.monotonic() + 60
        while len(receiver.received) < 5:
            assert time.monotonic() < deadline, receiver.received
            time.sleep(0.1)
        told = {
            kind: [json.loads(one.body) for one in receiver.at(f"/amp-{kind}")] for kind in ("task", "step", "crew")
        }
    assert [(one["name"], one["agent"]) for one in told["task"]] == [("first", "Worker"), ("second", "Worker")]
    assert [one["result"] for one in told["step"]] == [one["output"] for one in told["task"]]
    assert all(one["prompt"] for one in told["step"])
    [end] = told["crew"]
    assert (end["status"], end["result"]) == ("completed", told["task"][1]["output"])
    assert "RAINY" in end["result"]
    for one in (*told["task"], *told["step"], end):
        assert (one["kickoff_id"], one["meta"]) == (execution_id, {"requestId": "r-1"})
    found = ada.get(f"/webhooks/{execution_id}:task/deliveries").json()["deliveries"]
    assert [one["state"] for one in found] == ["DELIVERED"] * 2
