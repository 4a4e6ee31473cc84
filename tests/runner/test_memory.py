"""Crews remember from one execution to the next, whatever dies in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Limits
from stepcrew.domain.journal import EntryKind, JournalEntry
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope
from stepcrew.domain.vectors import pack
from tests.runner.harness import EMBEDDER, GROUP, Ended, Harness, agent, crew, task

FACT = "ADA PREFERS TEA"
SHOP = "/crews/shop"
NOTE = "Note what the customer prefers."


def noting(text: str = FACT, **more: Any) -> dict[str, Any]:
    """A crew that remembers what its one task says."""
    return {**crew(task(f"{NOTE} [[say {text}]]"), name="shop", memory=True), **more}


def contents(harness: Harness, path: str = SHOP, group_id: str = GROUP) -> list[str]:
    return [record.content for record in harness.memory.records(group_id, path)]


def asked_with(harness: Harness, text: str) -> bool:
    """Whether an agent was told this as something it remembers."""
    return any("Relevant memories" in one.text and text in one.text for one in harness.model.requests)


def begin_again(harness: Harness, execution_id: str) -> Ended:
    """Another attempt of an execution of which nothing but its journal and its memory was kept."""
    harness.tasks.restore({})
    deadline = harness.clock.now() + timedelta(hours=1)
    harness.executions.change(execution_id, status="RUNNING", ended_at=None, deadline=deadline)
    return harness.ended(execution_id, harness.attempt(execution_id))


def test_what_one_execution_remembers_the_next_one_recalls(harness: Harness, model: ScriptedModel) -> None:
    first = harness.run(noting())
    assert first.outcome == "COMPLETED", first.execution.error
    (record,) = harness.memory.records(GROUP, SHOP)
    assert FACT in record.content
    assert record.execution_id == first.execution.execution_id
    assert record.scope.startswith(f"{SHOP}/agent/worker")
    model.reset()
    assert harness.run(noting("NOTED")).outcome == "COMPLETED"
    assert asked_with(harness, FACT)


def test_a_group_a_crew_and_a_crew_without_memory_recall_nothing_of_another(
    harness: Harness, model: ScriptedModel
) -> None:
    harness.run(noting())
    for config, group_id in (
        (noting("NOTED"), "group-ab"),
        (noting("NOTED", name="shop2"), GROUP),
        (noting("NOTED", memory=False), GROUP),
    ):
        model.reset()
        execution_id = harness.submit(config, group_id=group_id)
        assert harness.attempt(execution_id, group_id).outcome.value == "COMPLETED"
        assert not asked_with(harness, FACT)
    assert len(contents(harness)) == 1
    assert [FACT in one for one in contents(harness, group_id="group-ab")] == [False]


def test_crews_share_what_they_put_into_the_groups_memory(harness: Harness, model: ScriptedModel) -> None:
    harness.run(noting(memory={"scope": "shared"}))
    assert len(contents(harness, "/shared")) == 1
    model.reset()
    harness.run(noting("NOTED", name="another", memory={"scope": "shared", "read_only": True}))
    assert asked_with(harness, FACT)
    assert len(contents(harness, "/shared")) == 1, "Who only reads remembers nothing."


def test_an_agents_own_memory_lies_below_its_crew_and_no_other_agent_has_it(
    harness: Harness, model: ScriptedModel
) -> None:
    agents = {"worker": agent(memory=True), "other": agent("Other", memory=True)}
    tasks = [task(f"{NOTE} [[say {FACT}]]"), task(f"{NOTE} [[say NOTED]]", "two", agent="other")]
    harness.run({"agents": agents, "tasks": tasks, "name": "shop"})
    scopes = sorted(record.scope for record in harness.memory.records(GROUP, SHOP))
    assert [scope.split("/")[1:5] for scope in scopes] == [
        ["crews", "shop", "agent", "other"],
        ["crews", "shop", "agent", "worker"],
    ]
    model.reset()
    harness.run({"agents": agents, "tasks": [tasks[1] | {"name": "three"}], "name": "shop"})
    assert not asked_with(harness, f"Result: {FACT}")


def test_the_trace_shows_what_was_asked_and_found(harness: Harness) -> None:
    harness.run(noting())
    ended = harness.run(noting("NOTED"))
    (found,) = ended.of("memory_retrieval_completed")
    assert FACT in str(found.output)
    queries = ended.of("memory_query_completed")
    assert queries
    assert all(FACT in str(query.output) for query in queries)
    assert len(ended.of("memory_save_started")) == len(ended.of("memory_save_completed")) == 1
    assert {event.task_name for event in [found, *queries, *ended.of("memory_save_completed")]} == {"task"}


def test_calls_of_memory_are_counted_and_limited(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(noting())
    assert ended.execution.usage.model_calls == len(model.requests) > 2
    assert ended.execution.usage.cost_usd is not None
    limited = harness.run(noting("NOTED"), limits=Limits(max_model_calls=1))
    assert limited.execution.error is not None
    assert limited.execution.error.type == "LimitReached"


def test_no_text_is_embedded_twice(harness: Harness) -> None:
    def vectors(ended: Ended) -> int:
        entries = harness.journal.entries(GROUP, ended.execution.execution_id)
        return sum(1 for one in entries if one.kind is EntryKind.MODEL and one.name == EMBEDDER)

    assert vectors(harness.run(noting())) > 0
    harness.memory.close_root(GROUP, SHOP)  # what is remembered is as at the beginning
    for record in harness.memory.records(GROUP, SHOP):
        harness.memory.forget(GROUP, SHOP, record.record_id)
    assert vectors(harness.run(noting())) == 0


def test_an_attempt_decides_by_what_was_read_before_whatever_others_remembered(
    harness: Harness, model: ScriptedModel
) -> None:
    first = harness.run(noting())
    harness.run(noting("SOMETHING ELSE"))
    remembered = harness.memory.kept()
    model.reset()
    harness.clock.advance(90 * 24 * 3600)
    again = begin_again(harness, first.execution.execution_id)
    assert again.outcome == "COMPLETED"
    assert model.requests == []
    assert harness.memory.kept() == remembered


@pytest.mark.parametrize("died_at", ["memory save", "memory search", "memory scopes", "vectors", "keep_vectors"])
def test_an_attempt_that_dies_before_it_wrote_down_what_memory_did_remembers_once(
    harness: Harness, died_at: str
) -> None:
    execution_id, write = harness.submit(noting()), harness.journal.write
    deaths: list[JournalEntry] = []

    def dying(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.name == died_at and not deaths:
            deaths.append(entry)
            harness.executions.change(execution_id, attempt=execution.attempt + 1)
            return entry
        return write(execution, entry, again=again)

    harness.journal.write = dying
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    assert deaths
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert len(contents(harness)) == 1


def test_a_table_that_does_not_answer_loses_nothing(harness: Harness) -> None:
    execution_id = harness.submit(noting())
    harness.memory.outages = 1
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert len(contents(harness)) == 1


def test_two_executions_at_once_lose_nothing(harness: Harness) -> None:
    submitted = [harness.submit(noting(f"FACT {number}")) for number in range(2)]
    running = [harness.in_background(execution_id) for execution_id in submitted]
    assert [one.ended().outcome for one in running] == ["COMPLETED", "COMPLETED"]
    kept = " ".join(contents(harness))
    assert "[[say FACT 0]]" in kept
    assert "[[say FACT 1]]" in kept


def test_another_embedding_model_is_refused_with_what_can_be_done(harness: Harness) -> None:
    harness.run(noting())
    ended = harness.run(noting("NOTED", embedder="openai/text-embedding-3-large"))
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert error.type == "EmbedderChanged"
    assert EMBEDDER in error.remedy
    assert len(contents(harness)) == 1


def test_an_embedding_model_that_refuses_ends_the_crew(harness: Harness) -> None:
    config = crew(task("Note it. [[fail 401]]"), name="shop", memory=True)
    ended = harness.run(config)
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "model"


def test_vectors_of_another_dimension_that_got_in_are_passed_by(harness: Harness) -> None:
    harness.run(noting())
    root = harness.memory.root(GROUP, SHOP)
    assert root is not None
    now = harness.clock.now()
    odd = MemoryRecord(record_id="odd", scope=SHOP, content="ODD", created_at=now, updated_at=now)
    assert harness.memory.add(GROUP, RootScope(**root.model_dump()), Remembered(odd, pack([1])))
    assert harness.run(noting("NOTED")).outcome == "COMPLETED"


def test_vectors_may_come_from_bedrock_with_keys_that_only_call_models(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", model.url.removesuffix("/v1"))
    harness.run(noting(embedder="bedrock/amazon.titan-embed-text-v2:0"))
    ended = harness.run(noting("NOTED", embedder="bedrock/amazon.titan-embed-text-v2:0"))
    assert ended.outcome == "COMPLETED", ended.execution.error
    root = harness.memory.root(GROUP, SHOP)
    assert root is not None
    assert (root.embedder, root.dimension) == ("bedrock/amazon.titan-embed-text-v2:0", 2)
    asked = [one for one in model.requests if one.provider == "bedrock"]
    assert asked
    assert all("ASIA" in (one.authorization or "") for one in asked)
    assert asked_with(harness, FACT)
