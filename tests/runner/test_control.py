"""Cancel, deadline, limits, slices, crashes and fences: one attempt and the next."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.errors import PlatformUnavailable, QuotaUsedUp
from stepcrew.domain.execution import Limits, Status
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.gate import control
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.until import until


def test_cancel_abandons_the_model_call_in_flight(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[slow 20]]", "two")))
    attempt = harness.in_background(execution_id)
    until(lambda: len(model.requests) == 2)
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    ended = attempt.ended()
    assert ended.outcome == "CANCELLED"
    assert ended.execution.status is Status.CANCELLED
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "cancelled"
    assert [output.raw for output in ended.outputs] == ["ONE"]
    assert len(model.requests) == 2
    assert ended.types[-1] == "cancelled"
    assert ended.execution.traces_emitted == {"1": len(ended.events)}
    receipt = ended.execution.cancel_receipt
    assert receipt is not None
    assert receipt.requested_at <= receipt.observed_at
    assert (receipt.model_calls, receipt.abandoned_calls, receipt.total_tokens, receipt.cost_usd) == (1, 1, 0, None)
    assert ended.execution.usage.unanswered_calls == 1


def test_the_receipt_of_a_cancel_counts_what_ended_after_it(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LOOK_SECONDS", 60)  # seen before the next model call, not by the watcher
    execution_id = harness.submit(crew(task("One. [[slow 0.4]] [[say ONE]]", "one"), task("Two. [[slow 20]]", "two")))
    attempt = harness.in_background(execution_id)
    until(lambda: len(model.requests) == 1)
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    receipt = attempt.ended().execution.cancel_receipt
    assert receipt is not None
    assert (receipt.model_calls, receipt.abandoned_calls) == (1, 0)
    assert receipt.total_tokens
    assert receipt.total_tokens > 0
    assert receipt.cost_usd
    assert len(model.requests) == 1


def test_the_receipt_says_nothing_of_what_a_dead_attempt_spent(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[slow 2]] [[say ONE]]", "one")))
    harness.in_background(execution_id)
    until(lambda: len(model.requests) == 1)
    # As if the process had been killed in the call, after the request.
    harness.executions.change(execution_id, cancel_requested_at=harness.clock.now(), attempt=2)
    assert harness.attempt(execution_id).outcome.value == "CANCELLED"
    receipt = harness.executions.get(GROUP, execution_id).cancel_receipt
    assert receipt is not None
    spent = (receipt.model_calls, receipt.abandoned_calls, receipt.total_tokens, receipt.cost_usd)
    assert spent == (None, None, None, None)


def test_a_cancel_between_two_slices_costs_nothing(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    harness.remaining = lambda: 900 if not model.requests else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    harness.remaining = lambda: 900
    answer = harness.attempt(execution_id)
    ended = harness.ended(execution_id, answer)
    assert ended.outcome == "CANCELLED"
    receipt = ended.execution.cancel_receipt
    assert receipt is not None
    assert (receipt.model_calls, receipt.total_tokens, receipt.cost_usd) == (0, 0, 0)
    assert [output.raw for output in ended.outputs] == ["ONE"]
    assert len(model.requests) == 1


def test_a_cancel_while_a_slice_is_handed_over_is_seen_at_once(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))

    def time_left() -> float:
        if model.requests:
            request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
        return 100 if model.requests else 900

    harness.remaining = time_left
    assert harness.attempt(execution_id).outcome.value == "CANCELLED"
    assert len(model.requests) == 1


@pytest.mark.parametrize("where", ["planning", "guardrail", "async", "delegation"])
def test_cancel_does_not_wait_for_calls_that_crewai_makes_in_between(
    harness: Harness, model: ScriptedModel, where: str
) -> None:
    slow = "Slow. [[slow 20]]"
    arguments = json.dumps({"task": "[[slow 20]", "context": "none", "coworker": "Worker"})
    configs: dict[str, dict[str, Any]] = {
        "planning": crew(task(slow), planning=True),
        "guardrail": crew(task("Quick. [[say Q]]", guardrail=slow)),
        "async": crew(task(slow, "a", async_execution=True), task(slow, "b", async_execution=True), task("End.", "c")),
        "delegation": {
            "agents": {"worker": agent(goal=slow)},
            "tasks": [task(f"Manage. [[tool delegate_work_to_coworker {arguments}]]", agent=None)],
            "process": "hierarchical",
        },
    }
    execution_id = harness.submit(configs[where])
    attempt = harness.in_background(execution_id)
    until(lambda: len(model.requests) == {"planning": 1}.get(where, 2))
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    ended = attempt.ended()
    assert ended.outcome == "CANCELLED"
    receipt = ended.execution.cancel_receipt
    assert receipt is not None
    assert receipt.abandoned_calls, "The answer was not waited for."


def test_a_cancel_before_the_attempt_costs_nothing(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("Never.")))
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    assert harness.attempt(execution_id).outcome.value == "CANCELLED"
    assert model.requests == []


def test_the_deadline_names_the_limit_and_the_last_task(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("Slow. [[slow 20]]", "slow")), limits=Limits(timeout_seconds=60))
    attempt = harness.in_background(execution_id)
    until(lambda: len(model.requests) == 1)
    harness.clock.advance(61)
    ended = attempt.ended()
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.task) == ("timeout", "slow")
    assert "timeout_seconds = 60 s" in error.message
    assert "slow" in error.message
    assert ended.execution.usage.unanswered_calls == 1


@pytest.mark.parametrize(
    ("limits", "calls"),
    [(Limits(max_model_calls=2), 2), (Limits(max_tokens=1), 1), (Limits(max_cost_usd=Decimal("0.000001")), 1)],
)
def test_a_budget_is_checked_before_each_model_call(
    harness: Harness, model: ScriptedModel, limits: Limits, calls: int
) -> None:
    ended = harness.run(crew(*(task(f"Task {n}. [[say {n}]]", f"t{n}") for n in range(4))), limits=limits)
    assert ended.outcome == "FAILED"
    assert len(model.requests) == calls
    assert len(ended.outputs) == calls
    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.task) == ("budget", f"t{calls}")
    assert f"t{calls}" in error.message


def test_a_model_without_a_price_cannot_be_held_to_a_budget(harness: Harness, model: ScriptedModel) -> None:
    config = crew(task("One.", "one"), task("Two.", "two"), model="openai/of-our-own")
    ended = harness.run(config, limits=Limits(max_cost_usd=Decimal(5)))
    assert ended.execution.error is not None
    assert ended.execution.error.type == "PriceUnknown"
    assert "openai/of-our-own" in ended.execution.error.message
    assert model.requests == []


def sliced(harness: Harness, model: ScriptedModel, execution_id: str, calls: int) -> list[str]:
    """Attempts that each make so many model calls; their outcomes."""
    outcomes: list[str] = []
    while not outcomes or outcomes[-1] == "CONTINUE":
        before = len(model.requests)
        harness.remaining = lambda before=before: 900 if len(model.requests) < before + calls else 100
        outcomes.append(harness.attempt(execution_id).outcome.value)
        assert len(outcomes) < 30
    return outcomes


def test_a_crew_of_many_slices_runs_every_task_once(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(*(task(f"Task {n}! [[say OUT-{n}]]", f"t{n}") for n in range(7))))
    assert sliced(harness, model, execution_id, 2) == ["CONTINUE", "CONTINUE", "CONTINUE", "COMPLETED"]
    assert [output.raw for output in harness.tasks.task_outputs(GROUP, execution_id)] == [f"OUT-{n}" for n in range(7)]
    assert len(model.requests) == 7
    assert "OUT-0" in model.requests[6].text
    record = harness.executions.get(GROUP, execution_id)
    assert record.usage.model_calls == 7
    events = harness.queue.events(execution_id)
    assert {attempt: sum(str(event.attempt) == attempt for event in events) for attempt in "1234"} == (
        record.traces_emitted
    )


def test_what_later_tasks_need_survives_a_slice(harness: Harness, model: ScriptedModel) -> None:
    person = {"title": "P", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    config = crew(
        task('Who? [[json {"name": "Zoë"}]]', "who", output_pydantic=person),
        task("Never. [[say NEVER]]", "never", condition={"field": "name", "equals": "Bob"}),
        task("Left. [[say LEFT]]", "left", async_execution=True, context=["who"]),
        task("Right. [[say RIGHT]]", "right", async_execution=True, context=["who"]),
        task("Join. [[say JOIN]]", "join", context=["left", "right"]),
        task("If. [[say IF]]", "if", condition={"contains": "JOIN"}),
        task("End. [[say END]]", "end"),
    )
    execution_id = harness.submit(config)
    assert sliced(harness, model, execution_id, 1)[-1] == "COMPLETED"
    assert len(model.requests) == 6
    outputs = {output.name: output for output in harness.tasks.task_outputs(GROUP, execution_id)}
    assert outputs["who"].json_dict == {"name": "Zoë"}
    assert outputs["never"].state.value == "skipped"
    assert [outputs[name].raw for name in ("left", "right", "join", "if", "end")] == [
        "LEFT",
        "RIGHT",
        "JOIN",
        "IF",
        "END",
    ]
    join = model.mentioning("Current Task: Join.")[0]
    assert "LEFT" in join.text
    assert "RIGHT" in join.text
    skipped = [event for event in harness.queue.events(execution_id) if event.event_type == "task_skipped"]
    assert len(skipped) == 1


def test_a_plan_is_made_once_for_all_slices(harness: Harness, model: ScriptedModel) -> None:
    plans = [{"task_number": n, "task": "t", "plan": f" PLAN-{n}"} for n in (1, 2, 3)]
    answer = json.dumps({"list_of_plans_per_task": plans})
    config = crew(*(task(f"Do {n}. [[json {answer}]]", f"t{n}", context=[]) for n in (1, 2, 3)), planning=True)
    execution_id = harness.submit(config)
    assert sliced(harness, model, execution_id, 2)[-1] == "COMPLETED"
    assert len(model.requests) == 4
    assert "PLAN-3" in model.requests[3].text


def test_a_manager_goes_on_in_the_next_slice(harness: Harness, model: ScriptedModel) -> None:
    tasks = [task(f"Lead {n}. [[say LED-{n}]]", f"t{n}", agent=None) for n in range(3)]
    execution_id = harness.submit({"agents": {"worker": agent()}, "tasks": tasks, "process": "hierarchical"})
    assert sliced(harness, model, execution_id, 1) == ["CONTINUE", "CONTINUE", "COMPLETED"]
    assert len(model.requests) == 3
    assert "LED-1" in model.requests[2].text


def test_a_later_attempt_silences_the_earlier_one(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[slow 1.5]] [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    late = harness.in_background(execution_id)
    until(lambda: len(model.requests) == 1)
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert late.ended().outcome == "SUPERSEDED"
    record = harness.executions.get(GROUP, execution_id)
    assert record.status is Status.COMPLETED
    assert record.attempt == 2
    assert harness.executions.finishes == [Status.COMPLETED]
    assert sorted(harness.tasks.saves) == ["one", "two"]


def test_an_execution_that_has_ended_is_left_alone(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("Once. [[say ONCE]]")))
    harness.attempt(execution_id)
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    assert harness.attempt("no-such-execution").outcome.value == "SUPERSEDED"
    assert len(model.requests) == 1


def test_a_finish_that_got_lost_is_repeated_without_running_anything(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("Once. [[say ONCE]]")))
    finish = harness.executions.finish
    harness.executions.finish = unavailable  # type: ignore[method-assign,assignment]
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    harness.executions.finish = finish
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert len(model.requests) == 1


def unavailable(*_arguments: Any, **_named: Any) -> None:
    raise PlatformUnavailable("The table did not answer.")


def test_short_outages_of_table_and_queue_are_bridged(harness: Harness, model: ScriptedModel) -> None:
    harness.tasks.outages = 2
    harness.queue.outages = 2
    ended = harness.run(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    assert ended.outcome == "COMPLETED"
    assert [output.raw for output in ended.outputs] == ["ONE", "TWO"]
    assert [event.sequence for event in ended.events] == list(range(1, len(ended.events) + 1))


def test_a_lasting_outage_ends_the_attempt_not_the_execution(harness: Harness, model: ScriptedModel) -> None:
    harness.tasks.outages = 6
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    assert harness.executions.get(GROUP, execution_id).status is Status.RUNNING
    assert len(model.requests) == 1
    assert harness.executions.get(GROUP, execution_id).traces_emitted == {"1": len(harness.queue.events(execution_id))}
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"


def test_a_quota_that_is_used_up_ends_the_execution(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another attempt would find it as it is, and pay for the crew's calls before it does."""

    def full(*_arguments: Any, **_named: Any) -> None:
        raise QuotaUsedUp("Making an index of vectors failed.")

    monkeypatch.setattr(harness.tasks, "save_task_output", full)
    ended = harness.run(crew(task("One. [[say ONE]]", "one")))
    assert ended.outcome == "FAILED"
    assert ended.execution.error
    assert (ended.execution.error.category, ended.execution.error.type) == ("platform", "QuotaUsedUp")
    assert not ended.execution.error.retryable
    assert "operator" in ended.execution.error.remedy


def test_progress_and_usage_are_told_while_the_crew_runs(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[slow 3]]", "two")))
    attempt = harness.in_background(execution_id)
    until(lambda: harness.executions.get(GROUP, execution_id).progress.tasks_done == 1)
    record = harness.executions.get(GROUP, execution_id)
    assert record.progress.current_task == "two"
    assert record.progress.current_agent == "Worker"
    assert record.usage.model_calls == 1
    assert record.message == "Running task 2 of 2: two"
    assert attempt.ended().outcome == "COMPLETED"
