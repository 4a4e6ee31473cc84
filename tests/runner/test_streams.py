"""Answers that come in parts, and answers that botocore's clients read: kept and given again like any other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import boto3
import pytest
from aiobotocore import session
from crewai import LLM
from openai import AsyncOpenAI, OpenAI

from scripted_model import ScriptedModel, dialects, streams
from stepcrew.domain.execution import Limits
from stepcrew.domain.journal import EntryState
from stepcrew_runner.crew import models
from stepcrew_runner.isolation.addresses import asking_model
from tests.runner.gates import in_attempt
from tests.runner.harness import GROUP, Harness, agent, task
from tests.runner.test_journal import FINE, killed_after_each_call, paid
from tests.runner.test_providers import MODELS

SUM = '[[tool calculator {"expression": "6*7"}]] [[say 42]]'


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model object asks for its answers in parts."""
    monkeypatch.setattr(models, "LLM", partial(LLM, stream=True))


def config(provider: str) -> dict[str, Any]:
    """An agent's calls are asynchronous, those of a guardrail are not."""
    tasks = [task(f"Sum. {SUM}", "sum", guardrail=FINE), task("Two. [[say TWO]]", "two", async_execution=True)]
    return {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": tasks, "model": MODELS[provider]}


@pytest.mark.usefixtures("streaming")
@pytest.mark.parametrize("provider", MODELS)
def test_a_streamed_answer_is_paid_for_once(provider: str, harness: Harness, provided: ScriptedModel) -> None:
    undisturbed = harness.run(config(provider))
    assert undisturbed.execution.error is None
    requests = len(provided.requests)
    assert requests >= 3  # of Bedrock, CrewAI loses tool calls that come in parts
    assert undisturbed.execution.usage.total_tokens > 0
    assert undisturbed.execution.usage.cost_usd
    kept = harness.journal.entries(GROUP, undisturbed.execution.execution_id)
    assert {entry.content_type for entry in kept if entry.kind == "model"} <= {streams.EVENTS, streams.AWS_EVENTS}
    provided.reset()
    ended = killed_after_each_call(harness, config(provider), 10)
    assert paid(ended) == paid(undisturbed)
    assert len(provided.requests) == requests


@pytest.mark.parametrize("provider", MODELS)
def test_an_answer_in_one_piece_is_paid_for_once_on(provider: str, harness: Harness, provided: ScriptedModel) -> None:
    undisturbed = harness.run(config(provider))
    requests = len(provided.requests)
    provided.reset()
    ended = killed_after_each_call(harness, config(provider), 10)
    assert paid(ended) == paid(undisturbed)
    assert len(provided.requests) == requests


@pytest.mark.usefixtures("streaming")
@pytest.mark.parametrize("provider", MODELS)
def test_a_limit_holds_for_streamed_answers_of(provider: str, harness: Harness, provided: ScriptedModel) -> None:
    ended = harness.run(config(provider), limits=Limits(max_model_calls=2))
    assert ended.outcome == "FAILED"
    assert len(provided.requests) == ended.execution.usage.model_calls == 2


def openai(model: ScriptedModel, kind: type[Any] = OpenAI) -> Any:
    return kind(base_url=model.url, api_key="local", max_retries=0)


def said(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def ask(text: str) -> dict[str, Any]:
    return {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": text}], "stream": True}


def entries(harness: Harness) -> list[tuple[str, int]]:
    (record,) = harness.executions.all()
    found = harness.journal.entries(GROUP, record.execution_id)
    return [(entry.state.value, entry.usage.total if entry.usage else 0) for entry in found]


def test_a_stream_is_written_down_before_the_crew_gets_its_last_part(harness: Harness, model: ScriptedModel) -> None:
    """The client stops reading at the last event: nothing comes after it that could be waited for."""

    def run() -> None:
        with asking_model():
            chunks = iter(openai(model).chat.completions.create(**ask("[[say one, two]]")))
            assert next(chunks).choices[0].delta.role == "assistant"
            assert said(list(chunks)) == "one, two"

    for _ in range(2):
        in_attempt(harness, run)
    assert len(model.requests) == 1
    assert [state for state, _ in entries(harness)] == ["answered"]


def test_a_text_that_looks_like_the_end_of_a_stream_does_not_end_it(harness: Harness, model: ScriptedModel) -> None:
    text = "x\ndata: [DONE]\n\nevent: message_stop and more"

    def run() -> str:
        with asking_model():
            return said(list(openai(model).chat.completions.create(**ask(f"[[say {text}]]"))))

    assert [in_attempt(harness, run) for _ in range(2)] == [text, text]
    assert len(model.requests) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_stream_that_is_not_read_to_its_end_may_be_repeated_and_counts(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, is_async: bool
) -> None:
    whole = streams.of_openai

    def cut(answer: dict[str, Any]) -> bytes:
        return whole(answer).partition(b"data: [DONE]")[0][:-200]

    (dialect, *others) = dialects.DIALECTS
    monkeypatch.setattr(dialects, "DIALECTS", (dialect._replace(stream=cut), *others))

    async def begin() -> None:
        stream = await openai(model, AsyncOpenAI).chat.completions.create(**ask("[[say one]]"))
        await anext(aiter(stream))
        await stream.close()

    def run() -> None:
        with asking_model():
            if is_async:
                asyncio.run(begin())
                return
            stream = openai(model).chat.completions.create(**ask("[[say one]]"))
            next(stream)
            stream.close()

    for _ in range(2):
        in_attempt(harness, run)
    assert len(model.requests) == 2
    assert [state for state, _ in entries(harness)] == [EntryState.LOST, EntryState.LOST]


def openai_vector(model: ScriptedModel) -> list[float]:
    answer = openai(model).embeddings.create(model="text-embedding-3-small", input="a text", encoding_format="float")
    return answer.data[0].embedding


def openai_vector_async(model: ScriptedModel) -> list[float]:
    async def embed() -> list[float]:
        client = openai(model, AsyncOpenAI)
        answer = await client.embeddings.create(model="text-embedding-3-small", input="a text", encoding_format="float")
        return answer.data[0].embedding

    return asyncio.run(embed())


def bedrock_vector(model: ScriptedModel) -> list[float]:
    client = cast("Any", boto3).Session(region_name="us-east-1").client("bedrock-runtime")
    answer = client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "a text"}))
    return json.loads(answer["body"].read())["embedding"]


def bedrock_vector_async(model: ScriptedModel) -> list[float]:
    async def embed() -> list[float]:
        async with (
            cast("Any", session).get_session().create_client("bedrock-runtime", region_name="us-east-1") as client
        ):
            body = json.dumps({"inputText": "a text"})
            answer = await client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=body)
            return json.loads(await answer["body"].read())["embedding"]

    return asyncio.run(embed())


@pytest.mark.parametrize("embed", [openai_vector, openai_vector_async, bedrock_vector, bedrock_vector_async])
def test_an_embedding_is_paid_for_once_and_counts(
    harness: Harness, provided: ScriptedModel, embed: Callable[[ScriptedModel], list[float]]
) -> None:
    def run() -> list[float]:
        with asking_model():
            return embed(provided)

    first, second = in_attempt(harness, run), in_attempt(harness, run)
    assert first == second
    assert len(provided.requests) == 1
    ((state, tokens),) = entries(harness)
    assert state == "answered"
    assert tokens == len("a text") // 4
