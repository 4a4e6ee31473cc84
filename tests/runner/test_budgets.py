"""A budget holds for every kind of call, because it is kept where requests leave: whoever makes them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel, dialects
from scripted_model.script import Reply
from stepcrew.domain.execution import Limits
from tests.runner.gates import an_attempt
from tests.runner.harness import Harness, agent, crew, task
from tests.runner.test_journal import CREWS, PERSON, parallel
from tests.until import until

PATTERN = {
    "title": "P",
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]{40}$"}},
    "required": ["name"],
}
TALKS = 'Judge. [[json {"valid": false, "feedback": "FAR TOO SHORT"}]]'
OBSERVED = {"observe_steps": True, "max_attempts": 1, "max_steps": 2}
HARD: dict[str, dict[str, Any]] = {
    **CREWS,
    "an answer that no schema takes": crew(task("Who? [[say ```json {}```]]", "who", response_model=PERSON)),
    "a pattern that no answer fulfils": crew(task('Who? [[json {"name": "x"}]]', "who", output_pydantic=PATTERN)),
    "a plan that cannot be read": crew(task("Do. [[say no plan]]", "one"), planning=True),
    "a guardrail that talks": crew(task("Draft. [[say DRAFT]]", "draft", guardrail=TALKS, guardrail_max_retries=5)),
    "observed steps": {
        "agents": {"worker": agent(planning_config=OBSERVED)},
        "tasks": [task("Sum. [[say DONE]]", "sum")],
    },
    "a model that is not in time": {
        "agents": {"worker": agent()},
        "tasks": [task("Slow. [[slow 3]] [[say LATE]]", "slow")],
        "model": {"model": "openai/gpt-4.1-mini", "timeout": 0.5},
    },
    "a model that refuses": crew(task("One. [[fail 500]]", "one")),
    "eight tasks side by side": parallel(8),
}


@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize("kind", HARD)
def test_the_model_sees_no_more_calls_than_are_allowed(
    harness: Harness, model: ScriptedModel, kind: str, calls: int
) -> None:
    ended = harness.run(HARD[kind], limits=Limits(max_model_calls=calls))
    assert len(model.requests) <= calls
    assert ended.execution.usage.model_calls == len(model.requests)
    if ended.outcome != "COMPLETED":
        assert ended.execution.error is not None
        assert ended.execution.error.type == "LimitReached", ended.execution.error


@pytest.mark.parametrize("kind", sorted(HARD.keys() - {"a model that refuses"}))  # what is refused costs nothing
@pytest.mark.parametrize("limits", [{"max_tokens": 1}, {"max_cost_usd": Decimal("1e-9")}], ids=["tokens", "money"])
def test_a_limit_is_passed_by_one_answer_at_most(
    harness: Harness, model: ScriptedModel, kind: str, limits: dict[str, Any]
) -> None:
    harness.run(HARD[kind], limits=Limits.model_validate(limits))
    assert len(model.requests) == 1


def test_calls_side_by_side_wait_while_the_limit_has_room_only_if_others_use_less(
    harness: Harness, model: ScriptedModel
) -> None:
    ended = harness.run(parallel(4), limits=Limits(max_tokens=6000))
    assert ended.outcome == "COMPLETED", "They used far less than was reserved for them."
    assert ended.execution.usage.total_tokens < 6000


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "cut": ("length", {"content": '{"name": "Zo'}),
    "filtered": ("content_filter", {"content": ""}),
    "in a fence": ("stop", {"content": '```json\n{"name": "Zoë"}\n```'}),
    "in a fence and cut": ("length", {"content": '```json\n{"name": "Zo'}),
    "refused": ("stop", {"content": None, "refusal": "I cannot help with that."}),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("field", ["output_json", "output_pydantic", "response_model"])
def test_an_answer_that_crewai_refuses_counts_its_tokens_and_its_money(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, kind: str, field: str
) -> None:
    reason, message = REFUSED[kind]
    (openai, *others) = dialects.DIALECTS

    def answer(body: dict[str, Any], said: Reply) -> dict[str, Any]:
        document = openai.answer(body, said)
        document["choices"][0]["finish_reason"] = reason
        document["choices"][0]["message"] |= message
        return document

    monkeypatch.setattr(dialects, "DIALECTS", (openai._replace(answer=answer), *others))
    config = crew(task("Who?", "who", **{field: PERSON}))
    ended = harness.run(config, limits=Limits(max_model_calls=6))
    usage = ended.execution.usage
    assert usage.model_calls == len(model.requests) > 0
    assert usage.total_tokens > len(model.requests)
    assert usage.cost_usd
    for limits in ({"max_tokens": 1}, {"max_cost_usd": Decimal("1e-9")}, {"max_model_calls": 1}):
        model.reset()
        harness.run(config, limits=Limits.model_validate(limits))
        assert len(model.requests) == 1


def test_a_provider_that_tells_negative_usage_gives_nothing_back(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (openai, *others) = dialects.DIALECTS

    def answer(body: dict[str, Any], said: Reply) -> dict[str, Any]:
        told = {"prompt_tokens": -1_000_000, "completion_tokens": 0}
        return openai.answer(body, said) | {"usage": told}

    monkeypatch.setattr(dialects, "DIALECTS", (openai._replace(answer=answer), *others))
    ended = harness.run(CREWS["task"], limits=Limits(max_tokens=1))
    assert len(model.requests) == 1, "What was reserved for it counts instead."
    assert ended.execution.usage.total_tokens == 0
    assert ended.execution.usage.cost_note == "openai/gpt-4.1-mini did not say what a call used."
    assert json.loads(ended.execution.usage.model_dump_json())["cost_usd"] is None


def test_a_call_that_was_sent_in_vain_may_be_billed_and_one_that_reached_nobody_may_not(
    harness: Harness, model: ScriptedModel
) -> None:
    def ask(url: str) -> None:
        body = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "[[slow 1]]"}]}
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{url}/chat/completions", json=body, timeout=0.2)

    with an_attempt(harness) as companions:
        journal = companions.gate.journal
        ask("http://127.0.0.1:1/v1")
        assert (journal.usage().model_calls, journal.usage().unanswered_calls) == (1, 0)
        ask(model.url)
        assert (journal.usage().model_calls, journal.usage().unanswered_calls) == (2, 1)
    until(lambda: len(model.requests) == 1)  # or it would count as one of the next test's


def test_what_was_lost_in_an_earlier_attempt_counts_in_the_next(harness: Harness, model: ScriptedModel) -> None:
    config = crew(task("One. [[fail 500 once]] [[say ONE]]", "one"), task("Two. [[say TWO]]", "two"))
    execution_id = harness.submit(config, limits=Limits(max_model_calls=2))
    harness.remaining = lambda: 900 if len(model.requests) < 2 else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.outcome == "FAILED"
    assert len(model.requests) == 2
