from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew_local.layout import ROOT
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.user import User, crew, task


def command_line(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stepcrew_cli", *arguments],
        env={**os.environ, "STEPCREW_URL": url, "PYTHONPATH": str(ROOT / "cli"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_ten_thousand_events_arrive_gapless_and_in_order(
    ada: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack]
) -> None:
    """Sent into the deployed queue as a runner would, each batch twice and the last ones first delivered late."""
    stack = running[2]
    execution_id = ada.submit(crew(task("Wait. [[slow 20]]")))
    ada.until(execution_id, lambda record: record["status"] == "RUNNING" and bool(model.requests))
    queue = stack.client("sqs")
    url, attempt = stack.outputs["TraceQueueUrl"], 7  # an attempt of its own beside the waiting runner's

    def batch(first: int) -> str:
        events = [
            TraceEvent(
                execution_id=execution_id,
                group_id="demo",
                attempt=attempt,
                sequence=sequence,
                emitted_at=datetime.now(UTC),
                event_type="tool_usage_started",
                event_source=EventSource.TOOL,
                output=f"event {sequence}",
            )
            for sequence in range(first, first + 100)
        ]
        message: dict[str, Any] = {"group_id": "demo", "execution_id": execution_id, "attempt": attempt, "logs": []}
        return json.dumps({**message, "events": [event.model_dump(mode="json") for event in events]})

    for first in range(1, 10_001, 100):
        for copy in ("a", "b"):
            queue.send_message(
                QueueUrl=url,
                MessageBody=batch(first),
                MessageGroupId=execution_id,
                MessageDeduplicationId=f"{execution_id}-{first}-{copy}",
            )
    ada.until(execution_id, lambda record: record["traces"]["recorded"] >= 10_000)
    events = [event for event in ada.trace(execution_id) if event["attempt"] == attempt]
    assert [event["sequence"] for event in events] == list(range(1, 10_001))
    assert events[-1]["output"] == "event 10000"
    ada.post(f"/executions/{execution_id}/cancel")


def test_the_command_line_runs_a_crew_to_its_end(
    running: tuple[str, ScriptedModel, Stack], model: ScriptedModel, tmp_path: Path
) -> None:
    file = tmp_path / "crew.json"
    file.write_text(json.dumps({"config": crew(task("Say it. [[say HELLO]]"))}))
    shown = command_line(running[0], "run", str(file), "--watch")
    assert shown.returncode == 0, shown.stderr
    assert "HELLO" in shown.stdout
    assert "COMPLETED" in shown.stdout
    file.write_text(json.dumps({"config": crew(task("Fail. [[fail 400]]"))}))
    failed = command_line(running[0], "run", str(file), "--watch", "--json")
    assert failed.returncode == 1
    file.write_text(json.dumps({"config": crew(task("Nobody.", agent="nobody"))}))
    rejected = command_line(running[0], "run", str(file))
    assert rejected.returncode == 2
    assert "/config/tasks/0/agent" in rejected.stderr


@pytest.mark.embedded_model
def test_the_embedded_model_runs_an_example_to_its_end() -> None:
    with running_stack(StackOptions(port=0, environment={})) as stack:
        stack.wait_until_healthy()
        assert stack.model.is_embedded
        done = command_line(stack.url, "run", str(ROOT / "examples/haiku"), "--watch")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "COMPLETED" in done.stdout
        with User(stack.url, "ada") as user:
            record = user.ended(user.get("/executions").json()["executions"][0]["execution_id"])
    # This stack believes nobody's trace but the attempt's own, as every stack does without further parameters.
    assert record["traces"]["complete"]
    usage = record["usage"]
    assert usage["model_calls"] >= 1
    assert usage["completion_tokens"] > 0
    assert usage["cost_usd"] is None
    assert usage["cost_note"]
