"""What a user sees when a part of the platform dies under a running crew."""

from __future__ import annotations

from typing import Any

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.faults import kill
from tests.e2e.user import TERMINAL, User, crew, task

Running = tuple[str, ScriptedModel, Stack]
RUNNER = "RunnerFunction"
SINK = "TraceSinkFunction"


def _is_terminal(record: dict[str, Any]) -> bool:
    return record["status"] in TERMINAL


def test_a_crew_whose_runner_was_killed_goes_on_with_what_was_finished(
    ada: User, model: ScriptedModel, running: Running
) -> None:
    config = crew(task("First. [[say ONE]]", "first"), task("Second. [[slow 3]]", "second"), task("Third.", "third"))
    execution_id = ada.submit(config)
    ada.until(execution_id, lambda record: record["progress"]["current_task"] == "second")

    assert kill(running[2], RUNNER)
    record = ada.until(execution_id, _is_terminal)

    assert record["status"] == "COMPLETED"
    assert record["attempt"] == 2
    assert len(model.mentioning("Current Task: First.")) == 1
    assert ada.result(execution_id)["tasks"][0]["raw"] == "ONE"
    ada.until(execution_id, lambda _: any(e["event_type"] == "crew_completed" for e in ada.trace(execution_id)))
    finished = [e["task_name"] for e in ada.trace(execution_id) if e["event_type"] == "task_completed"]
    assert finished[-2:] == ["second", "third"]
    gaps = ada.get(f"/executions/{execution_id}/traces").json()["gaps"]
    assert [(gap["attempt"], gap["last"]) for gap in gaps] == [(1, None)]  # nobody knows what the dead attempt had left


def test_a_crew_whose_runner_keeps_dying_fails_as_a_crash(ada: User, model: ScriptedModel, running: Running) -> None:
    execution_id = ada.submit(crew(task("First. [[say ONE]]", "first"), task("Deadly. [[slow 30]]", "deadly")))
    for attempt in range(1, 5):
        ada.until(execution_id, lambda _, attempt=attempt: len(model.requests) == attempt + 1)
        ada.until(execution_id, lambda record: record["progress"]["current_task"] == "deadly")
        assert kill(running[2], RUNNER)
    record = ada.until(execution_id, _is_terminal)

    assert record["status"] == "FAILED"
    assert record["error"]["category"] == "crash"
    assert record["attempt"] == 4
    assert "deadly" in record["error"]["message"]
    assert [one["raw"] for one in ada.result(execution_id)["tasks"]] == ["ONE"]
    assert ada.last_event(execution_id)["event_source"] == "system"


def test_no_event_is_lost_or_doubled_when_the_sink_is_killed(ada: User, model: ScriptedModel, running: Running) -> None:
    stack = running[2]
    queue = stack.outputs["TraceQueueUrl"]
    sqs = stack.client("sqs")
    visibility = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "3"})  # a test does not wait a minute
    try:
        execution_id = ada.submit(crew(*[task(f"Task {n}. [[slow 0.2]]", f"task-{n}") for n in range(10)]))
        for done in (2, 5, 8):
            ada.until(execution_id, lambda _, done=done: len(model.requests) >= done)
            kill(stack, SINK)
        record = ada.ended(execution_id)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=visibility)

    assert record["status"] == "COMPLETED"
    sequences = [event["sequence"] for event in ada.trace(execution_id)]
    assert sequences == list(range(1, len(sequences) + 1))
