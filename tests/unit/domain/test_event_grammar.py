from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stepcrew.domain.event_grammar import Grammar, Phase, grammar_of
from stepcrew.domain.trace import EventSource, TraceEvent


def event(name: str, **fields: object) -> TraceEvent:
    about = {"execution_id": "e", "group_id": "g", "attempt": 2, "sequence": 9, "event_source": EventSource.LLM}
    return TraceEvent.model_validate({**about, "emitted_at": datetime.now(UTC), "event_type": name, **fields})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llm_call_started", Grammar("llm_call", Phase.START, False, None)),
        ("llm_call_completed", Grammar("llm_call", Phase.END, False, "2.4")),
        ("llm_call_failed", Grammar("llm_call", Phase.END, True, "2.4")),
        ("crew_interrupted", Grammar("crew", Phase.END, False, "2.4")),
        ("tool_usage_held", Grammar("tool_usage", Phase.END, False, "2.4")),
        ("tool_failure", Grammar("tool_failure", Phase.POINT, True, None)),
        ("error", Grammar("error", Phase.POINT, True, None)),
        ("cancelled", Grammar("cancelled", Phase.POINT, False, None)),
        ("plan_refinement", Grammar("plan_refinement", Phase.POINT, False, None)),
        ("human_feedback_requested", Grammar("human_feedback", Phase.START, False, None)),
    ],
)
def test_every_kind_of_event_is_a_start_an_end_or_a_point(name: str, expected: Grammar) -> None:
    assert grammar_of(event(name, started_sequence=4)) == expected


@pytest.mark.parametrize("name", ["task_skipped", "human_feedback_received"])
def test_an_end_whose_start_is_not_in_its_attempt_pairs_with_nothing(name: str) -> None:
    assert grammar_of(event(name))[1:] == (Phase.END, False, None)


@pytest.mark.parametrize(("success", "failed"), [(True, False), (False, True), (None, False)])
def test_an_end_without_success_is_a_failure(success: bool | None, failed: bool) -> None:
    assert grammar_of(event("guardrail_completed", extra_data={"success": success})).failed is failed
