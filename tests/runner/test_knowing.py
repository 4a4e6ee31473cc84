"""Agents know what files and texts say: found by meaning, made once, the same in every attempt."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.execution import Execution, Limits
from stepcrew.domain.journal import JournalEntry
from tests.runner.given_files import pdf_of, upload
from tests.runner.harness import EMBEDDER, GROUP, Harness, agent, crew, task

HANDBOOK = "# Tea\n\nAda drinks green tea with lemon at noon.\n\n" + "\n\n".join(
    f"Paragraph {number} tells of weather, wind and waves number {number}. " + "Nothing else. " * 90
    for number in range(12)
)
QUESTION = "What does Ada drink? green tea lemon noon"


def knowing(*sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The scripted model answers the question for a search query as it answers everything."""
    return {**crew(task(f"{QUESTION} [[say {QUESTION}]]")), "knowledge_sources": list(sources), **more}


def told(model: ScriptedModel, text: str) -> bool:
    return any("Additional Information" in one.text and text in one.text for one in model.requests)


def embedded(model: ScriptedModel) -> int:
    """How many texts the embedding model was asked for."""
    return sum(len(one.body["input"]) for one in model.requests if "input" in one.body)


def test_an_agent_is_told_what_a_file_says_with_its_place_and_likeness(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    ended = harness.run(knowing({"file": "handbook.md"}))
    assert ended.outcome == "COMPLETED", ended.execution.error.message if ended.execution.error else ""
    assert told(model, "Ada drinks green tea with lemon at noon.")
    (found,) = ended.of("knowledge_retrieval_completed")
    assert str(found.output).startswith("Additional Information: [handbook.md, line 1, 0.")
    assert QUESTION in str(found.extra_data)


def test_a_page_of_a_pdf_and_a_text_are_told_too(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, pdf_of("Nothing of it.", "Ada drinks green tea with lemon."), "a.pdf")
    harness.run(knowing({"file": "a.pdf"}, {"text": "At noon Ada drinks lemon tea."}, name="both"))
    assert told(model, "[a.pdf, page 2, 0.")
    assert told(model, "]\nAt noon Ada drinks lemon tea.")


def test_chunks_are_made_once_and_again_when_the_file_changes(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    first = harness.run(knowing({"file": "handbook.md"}))
    assert first.execution.usage.model_calls == len(model.requests)
    assert embedded(model) > 10
    model.reset()
    harness.run(knowing({"file": "handbook.md"}))
    assert embedded(model) == 0, "The question was asked before too."
    upload(harness, b"Ada drinks green tea with honey at noon.", "handbook.md")
    model.reset()
    harness.run(knowing({"file": "handbook.md"}))
    assert embedded(model) == 1
    assert told(model, "honey")
    assert not told(model, "with lemon at noon.")


def test_an_agents_own_knowledge_is_not_told_to_others(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    config = {
        "agents": {"worker": agent(knowledge_sources=[{"file": "handbook.md"}]), "other": agent("Other")},
        "tasks": [task(f"{QUESTION} [[say NOTHING]]", agent="other")],
    }
    harness.run(config)
    assert not told(model, "lemon")
    config["tasks"] = [task(f"{QUESTION} [[say {QUESTION}]]")]
    harness.run(config)
    assert told(model, "lemon")


def test_how_much_is_told_is_set_at_the_agent(harness: Harness, model: ScriptedModel) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    for settings, seen in (({"results_limit": 1}, True), ({"score_threshold": 1.0}, False)):
        model.reset()
        config = knowing({"file": "handbook.md"}, agents={"worker": agent(knowledge_config=settings)})
        ended = harness.run(config)
        (found,) = ended.of("knowledge_retrieval_completed")
        assert ("lemon" in str(found.output)) is seen
        assert str(found.output).count("[handbook.md") == seen


@pytest.mark.parametrize(
    "died_at", ["knowledge handbook.md", "file handbook.md", EMBEDDER, "keep knowledge handbook.md"]
)
def test_an_attempt_that_dies_while_it_makes_chunks_pays_for_none_twice(
    harness: Harness, model: ScriptedModel, died_at: str
) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    harness.run(knowing({"file": "handbook.md"}))
    usual = embedded(model)
    second = Harness(model)
    upload(second, HANDBOOK.encode(), "handbook.md")
    model.reset()
    execution_id, write = second.submit(knowing({"file": "handbook.md"})), second.journal.write
    deaths: list[JournalEntry] = []

    def dying(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        kept = write(execution, entry, again=again)
        if entry.name == died_at and not deaths:
            deaths.append(entry)
            second.executions.change(execution_id, attempt=execution.attempt + 1)
        return kept

    second.journal.write = dying
    assert second.attempt(execution_id).outcome.value == "SUPERSEDED"
    assert deaths
    assert second.attempt(execution_id).outcome.value == "COMPLETED"
    assert embedded(model) == usual
    assert second.knowledge.has(GROUP, second.files.files(GROUP)[0].sha256, EMBEDDER)


def test_a_file_that_cannot_be_read_or_found_ends_the_crew_with_the_reason(harness: Harness) -> None:
    upload(harness, b"\xff\xfe", "handbook.md")
    for name, kind in (("handbook.md", "FileUnreadable"), ("none.md", "FileMissing")):
        ended = harness.run(knowing({"file": name}))
        assert ended.outcome == "FAILED"
        assert ended.execution.error is not None
        assert ended.execution.error.type == kind
        assert name in ended.execution.error.message


def test_making_chunks_is_limited_as_all_model_calls_are(harness: Harness) -> None:
    upload(harness, HANDBOOK.encode(), "handbook.md")
    ended = harness.run(knowing({"file": "handbook.md"}), limits=Limits(max_model_calls=1))
    assert ended.execution.error is not None
    assert ended.execution.error.type == "LimitReached"


def test_an_empty_file_is_known_and_says_nothing(harness: Harness) -> None:
    upload(harness, b"", "empty.txt")
    assert harness.run(knowing({"file": "empty.txt"})).outcome == "COMPLETED"
