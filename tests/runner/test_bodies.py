"""Texts of every kind and size."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripted_model import ScriptedModel
from scripted_model.script import Reply
from tests.runner.house import House, crew, task


def test_unicode_arrives_as_it_was(house: House, model: ScriptedModel) -> None:
    text = "Grüße 🐝 你好 \u202e\u0000 end"
    ended = house.run(crew(task(f"Say it. [[say {text}]]", "größe")))
    assert ended.outputs[0].raw == text
    assert ended.of("task_completed")[0].output == text


def test_half_a_surrogate_pair_breaks_nothing(
    house: House, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_body: dict[str, Any], _key: str | None, _provider: str) -> Reply:
        return Reply(text="a\ud83db")

    monkeypatch.setattr(model, "take", broken)
    ended = house.run(crew(task("Break it.")))
    assert ended.outcome == "COMPLETED"
    assert ended.outputs[0].raw == "a?b"
    assert ended.of("task_completed")[0].output == "a?b"


def test_sixty_tasks_complete(house: House, model: ScriptedModel) -> None:
    ended = house.run(crew(*(task(f"Task {n}. [[say OUT-{n}]]", f"t{n}", context=[]) for n in range(60))))
    assert [output.raw for output in ended.outputs] == [f"OUT-{n}" for n in range(60)]
    assert len(model.requests) == 60
    assert [event.sequence for event in ended.events] == list(range(1, len(ended.events) + 1))


def test_a_two_megabyte_output_is_kept_whole(house: House, model: ScriptedModel) -> None:
    ended = house.run(crew(task("Big. [[size 2000000]]", "big"), task("Small. [[say s]]", "small")))
    assert len(ended.outputs[0].raw) == 2_000_000
    completed = ended.of("task_completed")[0]
    assert completed.output is None
    assert completed.output_reference is not None
    body = house.payloads.get("group-a", completed.execution_id, completed.output_reference.payload_id)
    assert json.loads(body or b"") == "x" * 2_000_000
