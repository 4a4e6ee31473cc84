"""What is made of the trace: safe text, the outline, the time breakdown, the following loop."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from rich.console import Console

from stepcrew_cli.client import Client
from stepcrew_cli.event_lines import details, preview
from stepcrew_cli.follow import TRACE_GRACE_SECONDS, Clock, follow
from stepcrew_cli.outline import SHOWN_EVENTS, Outline
from stepcrew_cli.text import one_line, safe, seconds
from stepcrew_cli.timing import time_breakdown
from stepcrew_cli.wire import Execution, TraceEvent
from tests.unit.cli.fake_api import event, execution

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
NOW = START + timedelta(hours=1)


def at(offset: float) -> str:
    return (START + timedelta(seconds=offset)).isoformat()


def span(source: str, began: float, ended: float) -> TraceEvent:
    fields = {"emitted_at": at(ended), "duration_ms": (ended - began) * 1000}
    return TraceEvent.model_validate(event(1, "x", source) | fields)


def ended_execution() -> Execution:
    times = {"created_at": at(0), "started_at": at(2), "ended_at": at(12)}
    return Execution.model_validate(execution("COMPLETED") | times)


def test_the_parts_of_the_time_add_up_to_the_total() -> None:
    spans = [span("llm", 3, 5), span("tool", 5, 6), span("human", 6, 9), span("agent", 2, 12)]
    time = time_breakdown(ended_execution(), spans, NOW)
    assert (time.total, time.waiting, time.model, time.tools, time.people, time.platform) == (12, 2, 2, 1, 3, 4)


def test_parallel_model_calls_count_once() -> None:
    time = time_breakdown(ended_execution(), [span("llm", 3, 7), span("llm", 4, 8), span("llm", 5, 6)], NOW)
    assert time.model == 5


def test_a_model_call_inside_a_tool_is_model_time() -> None:
    time = time_breakdown(ended_execution(), [span("tool", 3, 9), span("llm", 4, 8)], NOW)
    assert (time.model, time.tools) == (4, 2)


def test_an_execution_cancelled_before_its_start_only_waited() -> None:
    pending = Execution.model_validate(
        execution("CANCELLED") | {"created_at": at(0), "started_at": None, "ended_at": at(3)}
    )
    assert time_breakdown(pending, [], NOW).waiting == 3


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "a\rb", "\x07", "\u202eevil", "\x7f"])
def test_no_control_survives(text: str) -> None:
    shown = safe(text)
    assert all(char.isprintable() for char in shown)


def test_lines_tabs_and_letters_of_all_languages_stay() -> None:
    assert safe("häß\t日本\n👍🏽") == "häß\t日本\n👍🏽"


def test_a_long_text_becomes_one_short_line() -> None:
    assert one_line("a\n" * 500, 10) == "a a a a a…"


def test_durations_are_readable() -> None:
    assert [seconds(value) for value in (0.034, 12.34, 125)] == ["0.03 s", "12.3 s", "2 min 05 s"]


def drawn(outline: Outline) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(outline.tree())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_outline_of_a_flow_puts_its_crews_under_its_methods() -> None:
    outline = Outline()
    nobody: dict[str, Any] = {"agent_role": None, "task_name": None}
    within = {**nobody, "parent_sequence": 1}
    route = {**within, "event_context": "route"}
    told = [
        event(1, "flow_started", "flow", event_context="City", **nobody),
        event(2, "flow_method_started", "flow", **route),
        event(3, "llm_call_started", "llm", **{**nobody, "parent_sequence": 2}),
        event(4, "flow_method_completed", "flow", started_sequence=2, extra_data={"route": "small"}, **route),
        event(5, "flow_method_started", "flow", event_context="describe", **within),
        event(6, "crew_started", "crew", **{**nobody, "parent_sequence": 5}),
        event(7, "task_started", "task", parent_sequence=6, agent_role="Guide", task_name="look"),
    ]
    for one in told:
        outline.add(TraceEvent.model_validate(one))
    lines = [line.strip(" │├└─") for line in drawn(outline).splitlines()]
    assert lines[:2] == ["▸ City", "✔ route  → small"]
    assert lines[2].startswith("llm_call_started")
    assert lines[3:] == ["▸ describe", "Guide", "▸ look"]


def test_the_outline_puts_tasks_under_their_agent_and_pairs_events() -> None:
    outline = Outline()
    outline.add(TraceEvent.model_validate(event(1, "task_started", "task", agent_role=None)))
    outline.add(TraceEvent.model_validate(event(2, "llm_call_started", "llm")))
    outline.add(TraceEvent.model_validate(event(3, "llm_call_completed", "llm", started_sequence=2, duration_ms=1500)))
    outline.add(TraceEvent.model_validate(event(4, "task_completed", "task", agent_role=None, duration_ms=2000)))
    text = drawn(outline)
    assert [text.count(part) for part in ("Writer", "✔ write  2.00 s", "llm_call_completed", "llm_call_started")] == [
        1,
        1,
        1,
        0,
    ]
    assert "(crew)" not in text


@pytest.mark.parametrize("name", ["error", "tool_failure", "something_new"])
def test_an_event_is_shown_as_a_failure_when_the_server_says_so(name: str) -> None:
    told = event(1, name, "system") | {"failed": True}
    assert details(TraceEvent.model_validate(told)).style == "red"


def test_a_skipped_task_is_done_and_an_interrupted_one_runs_on() -> None:
    outline = Outline()
    for name in ("task_started", "task_interrupted"):
        outline.add(TraceEvent.model_validate(event(1, name, "task")))
    outline.add(TraceEvent.model_validate(event(1, "task_skipped", "task", task_name="check")))
    text = drawn(outline)
    assert ("▸ write" in text, "✔ check" in text) == (True, True)


def test_the_outline_keeps_only_the_newest_events_of_a_task() -> None:
    outline = Outline()
    for sequence in range(1, 40):
        outline.add(TraceEvent.model_validate(event(sequence, "tool_usage_started", "tool")))
    text = drawn(outline)
    assert text.count("tool_usage_started") == SHOWN_EVENTS
    assert f"… {39 - SHOWN_EVENTS} earlier" in text


def test_rich_markup_in_model_output_stays_text() -> None:
    outline = Outline()
    outline.add(TraceEvent.model_validate(event(1, "tool_usage_started", "tool", output="[red]x[/]")))
    assert "[red]x[/]" in drawn(outline)


class Hands:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.time = 0.0
        self.naps: list[float] = []

    def sleep(self, duration: float) -> None:
        self.naps.append(duration)
        self.time += duration


def client(trace: dict[str, Any], record: dict[str, Any], headers: dict[str, str]) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/traces"):
            return httpx.Response(200, json=trace)
        if request.headers.get("If-None-Match") == '"1"':
            return httpx.Response(304)
        return httpx.Response(200, json=record, headers={"ETag": '"1"', **headers})

    return Client(httpx.Client(base_url="http://api.invalid", transport=httpx.MockTransport(answer)))


def test_following_gives_up_on_events_that_never_arrive_and_names_them() -> None:
    gap = {"attempt": 1, "first": 3, "last": 4}
    trace = {"events": [], "cursor": "2", "more": False, "complete": False, "gaps": [gap], "status": "COMPLETED"}
    hands = Hands()
    updates = list(follow(client(trace, execution("COMPLETED"), {}), "e", clock=Clock(lambda: hands.time, hands.sleep)))
    assert (updates[-1].complete, updates[-1].gaps[0].first) == (False, 3)
    assert TRACE_GRACE_SECONDS < hands.time < TRACE_GRACE_SECONDS + 6


def test_following_slows_down_while_nothing_happens() -> None:
    trace: dict[str, Any] = {"cursor": "0", "complete": False, "status": "RUNNING"}
    hands = Hands()

    class Enough(Exception):
        pass

    def sleep(duration: float) -> None:
        hands.sleep(duration)
        if len(hands.naps) == 12:
            raise Enough

    with pytest.raises(Enough):
        list(
            follow(
                client(trace, execution("RUNNING"), {"Retry-After": "2"}), "e", clock=Clock(lambda: hands.time, sleep)
            )
        )
    assert (hands.naps[0], hands.naps[-1]) == (2.0, 5.0)
    assert hands.naps == sorted(hands.naps)


def test_a_model_call_that_begins_shows_the_newest_message() -> None:
    messages = [{"role": "system", "content": "You are Writer."}, {"role": "user", "content": "\nCurrent Task: Write."}]
    begun = TraceEvent.model_validate(event(2, "llm_call_started", "llm", output=messages))
    assert preview(begun) == "Current Task: Write."
    asked = TraceEvent.model_validate(event(2, "llm_call_started", "llm", output=[{"role": "assistant"}]))
    assert preview(asked) == '[{"role": "assistant"}]'
