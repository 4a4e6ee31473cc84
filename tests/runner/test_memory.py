"""Crews remember from one execution to the next, whatever dies in between."""

from __future__ import annotations

from typing import Any

from tests.runner.harness import GROUP, Harness, crew, task

FACT = "The customer Ada prefers tea."


def remembering(text: str, **more: Any) -> dict[str, Any]:
    return crew(task(f"Note what the customer prefers. [[say {text}]]"), memory=True, name="shop", **more)


def contents(harness: Harness, path: str = "/crews/shop", group_id: str = GROUP) -> list[str]:
    return [record.content for record in harness.memory.records(group_id, path)]


def test_what_one_execution_remembers_the_next_one_recalls(harness: Harness) -> None:
    first = harness.run(remembering(FACT))
    assert first.outcome == "COMPLETED", first.execution.error
    assert any(FACT in content for content in contents(harness))
    asked = len(harness.model.requests)
    second = harness.run(remembering("Noted."))
    assert second.outcome == "COMPLETED"
    prompts = [request.text for request in harness.model.requests[asked:]]
    assert any("Relevant memories" in prompt and FACT in prompt for prompt in prompts)
