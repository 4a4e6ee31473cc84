"""Models are shown pictures and PDFs of the group, and nothing keeps their bytes but the journal."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, cast

import pytest
from crewai.utilities import file_store

from scripted_model import ScriptedModel
from stepcrew.domain.definition import ModelSettings
from stepcrew.domain.shown_files import MOST_SHOWN_BYTES, sees
from stepcrew_runner.crew.models import ModelFactory
from stepcrew_runner.gate.requests import read_request
from tests.runner.given_files import pdf_of, upload
from tests.runner.harness import GROUP, Harness, agent, crew, task

pytestmark = pytest.mark.usefixtures("provided")
PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(3_000)
LOOK = task("Look at it. [[saw]]", input_files={"chart": "chart.png"})
MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4-5", "bedrock/anthropic.claude-sonnet-4-20250514-v1:0")


def seen(*contents: bytes) -> str:
    return " ".join(["saw", *(sha256(one).hexdigest() for one in contents)])


def answer_of(ended: Any) -> str:
    assert ended.outcome == "COMPLETED", ended.execution.error
    return ended.outputs[-1].raw


@pytest.mark.parametrize("name", MODELS)
def test_a_task_shows_its_picture_to_each_provider(harness: Harness, model: ScriptedModel, name: str) -> None:
    upload(harness, PNG, "chart.png")
    assert answer_of(harness.run({**crew(LOOK, task("And now? [[saw]]", "second")), "model": name})) == "saw"
    assert [one.files for one in model.requests] == [[sha256(PNG).hexdigest()], []]
    assert 'Input files (content already loaded in conversation):\n  - "chart" (chart.png)' in model.requests[0].text


def test_what_the_crew_shows_is_seen_in_every_task(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, PNG, "chart.png")
    config = {**crew(task("{photo} [[saw]]"), task("[[saw]]", "second")), "input_files": {"same": "{photo}"}}
    assert answer_of(harness.run(config, {"photo": {"file": "chart.png"}})) == seen(PNG, PNG)
    assert [len(one.files) for one in model.requests] == [2, 2]
    assert model.mentioning("chart.png")


@pytest.mark.parametrize("name", MODELS[1:])
def test_an_input_is_shown_as_a_pdf(harness: Harness, name: str) -> None:
    pdf = pdf_of("Ada likes tea.")
    upload(harness, pdf, "facts.pdf")
    look = task("[[saw]]", input_files={"facts": "{facts}"})
    ended = harness.run({**crew(look), "model": name}, {"facts": {"file": "facts.pdf"}})
    assert answer_of(ended) == seen(pdf)


def test_a_later_attempt_shows_what_the_first_one_did_and_asks_nothing_again(
    harness: Harness, model: ScriptedModel
) -> None:
    upload(harness, PNG, "chart.png")
    execution_id = harness.submit(crew(LOOK))
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    upload(harness, PNG[:-1] + b"!", "chart.png")
    harness.tasks.restore({})
    harness.executions.change(execution_id, status="RUNNING", ended_at=None)
    model.reset()
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert model.requests == []
    assert harness.tasks.task_outputs(GROUP, execution_id)[0].raw == seen(PNG)


def test_the_trace_tells_of_a_file_and_has_none_of_its_bytes(harness: Harness) -> None:
    upload(harness, PNG, "chart.png")
    ended = harness.run({**crew(LOOK), "model": {"model": MODELS[0], "fallbacks": [MODELS[1]]}})
    asked = next(one for one in ended.events if one.event_type == "llm_call_started")
    messages = cast("list[dict[str, Any]]", asked.output)
    digest = sha256(PNG).hexdigest()
    told = {"name": "chart", "filename": "chart.png", "media_type": "image/png", "size": len(PNG), "sha256": digest}
    assert [one["files"] for one in messages if "files" in one] == [[told]]
    assert all(len(event.model_dump_json()) < 2_500 for event in ended.events)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>not a picture</html>", "none of the kinds"),
        (pdf_of("a"), "it begins as application/pdf does"),
        (PNG + bytes(MOST_SHOWN_BYTES), "3,750,000 at most"),
    ],
)
def test_what_a_file_really_is_counts(harness: Harness, model: ScriptedModel, content: bytes, told: str) -> None:
    upload(harness, content, "chart.png")
    error = harness.run(crew(LOOK)).execution.error
    assert error is not None
    assert error.type == "FileUnreadable"
    assert told in error.message
    assert model.requests == []


def test_a_model_of_unknown_sight_is_shown_files_when_its_agent_says_so(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, PNG, "chart.png")
    config = {**crew(LOOK), "model": "openai/gpt-99-eyes"}
    blind = harness.run(config).execution.error
    assert blind is not None
    assert "does not support multimodal input" in blind.message
    assert model.requests == []
    assert answer_of(harness.run({**config, "agents": {"worker": agent(multimodal=True)}})) == seen(PNG)


def test_we_know_of_each_model_what_crewai_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "aws_session_token": "t"}
    models = ModelFactory({"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}, "", aws)
    names = [*MODELS, "openai/gpt-3.5-turbo", "openai/gpt-4", "openai/o3-mini", "openai/gpt-5.2", "openai/gpt-6"]
    names += ["anthropic/claude-2.1", "anthropic/claude-3-haiku", "anthropic/claude-opus-4-1", "openai/gpt-4-turbo"]
    names += ["bedrock/amazon.nova-micro-v1:0", "bedrock/us.amazon.nova-pro-v1:0", "bedrock/openai.gpt-6-sol-v1"]
    names += ["bedrock/eu.anthropic.claude-sonnet-4-5", "bedrock/anthropic.claude-v2", "bedrock/meta.llama3-70b"]
    of_crewai = {name: models.make(ModelSettings(model=name)).supports_multimodal() for name in names}
    assert {name: sees(name) for name in names} == of_crewai
    assert not sees("eyes/gpt-4o"), "Of a connection nothing is known."


def requested(shown: bytes, form: Callable[[str], dict[str, Any]]) -> Any:
    body = json.dumps({"model": "gpt-4o", "messages": [{"content": [form(b64encode(shown).decode())]}]})
    return read_request("POST", "https://api.openai.com/v1/chat/completions", body.encode(), lambda text: text)


def test_a_request_is_known_by_the_hash_of_what_it_shows_and_reserves_no_tokens_for_bytes() -> None:
    def form(data: str) -> dict[str, Any]:
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}

    large = PNG * 1_000
    first, same, other = requested(large, form), requested(large, form), requested(large + b"!", form)
    assert first.digest == same.digest != other.digest
    assert first.reserve.tokens < 4_000


@pytest.mark.parametrize("ends", ["[[saw]]", "[[fail 400]]"])
def test_nothing_shown_stays_in_a_warm_process(harness: Harness, ends: str) -> None:
    """CrewAI keeps them in a store of the whole process while a crew runs."""
    upload(harness, PNG, "chart.png")
    harness.run({**crew(task(f"Look. {ends}", input_files={"a": "chart.png"})), "input_files": {"b": "chart.png"}})
    kept: Any = getattr(file_store, "_file_store")  # noqa: B009 - it is CrewAI's own
    assert kept._cache == {}
