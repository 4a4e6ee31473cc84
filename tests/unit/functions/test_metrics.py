"""Metrics: which there are, what is sent of them, and that the documents name each."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scripts import metrics as documented
from tests.aws_table import GROUP, ID, NOW, FixedClock, execution
from tests.unit.functions.test_announcer import Told
from tests.unit.functions.test_trace_sink import Context

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.metric_names import METRICS, OTHER, OUTCOMES, RESOURCES
from stepcrew_announcer import handler as announcer
from stepcrew_api.app import MODULES
from stepcrew_trace_sink import handler as sink
from stepcrew_trace_sink import wiring

ROOT = Path(__file__).parents[3]


def sent(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that become metrics, without what CloudWatch alone reads."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [{name: value for name, value in line.items() if name not in ("_aws", "service")} for line in lines]


def test_the_document_names_every_metric_as_the_code_has_it() -> None:
    assert documented.table() in (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize("service", sorted({metric.service for metric in METRICS.values()}))
def test_a_function_sends_its_own_metrics_and_no_others(service: str) -> None:
    sources = " ".join(file.read_text() for file in (ROOT / "functions" / service).rglob("*.py"))
    named = {name for name in re.findall(r'"([A-Za-z]+)"', sources) if name in METRICS}
    assert named == {name for name, metric in METRICS.items() if metric.service == service}


def test_the_values_of_dimensions_are_those_of_the_code() -> None:
    assert set(RESOURCES) == {*MODULES, OTHER}
    outcomes = (ROOT / "functions/runner/stepcrew_runner/attempt/ending.py").read_text().partition("class Outcome")[2]
    assert set(re.findall(r"^    ([A-Z]+) = ", outcomes.partition("\n\n\n")[0], re.MULTILINE)) == set(OUTCOMES)


def test_nothing_that_is_zero_is_sent_and_a_value_nobody_knows_is_other(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = FunctionMetrics()
    metrics.add("ExecutionsStuck", 0)
    metrics.send(group_id=GROUP)
    assert sent(capsys) == []
    metrics.add("Responses", of="2xx")
    metrics.add("Responses", of="2xx")
    metrics.add("ApiMilliseconds", 12.5, of="whatever-somebody-typed")
    metrics.send(group_id=GROUP, crew=None)
    assert sent(capsys) == [
        {"class": "2xx", "group_id": GROUP, "Responses": [1.0, 1.0]},
        {"resource": "other", "group_id": GROUP, "ApiMilliseconds": [12.5]},
    ]
    metrics.send()
    assert sent(capsys) == []
    with pytest.raises(KeyError):
        metrics.add("Odd")


def test_an_end_is_measured_once_though_it_is_told_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Once(Told):
        def count_usage(self, changes: list[Any]) -> int:
            return super().count_usage(changes) if changes[0] not in self.counted else 0

        def tell(self, changes: list[Any], bus: object, _webhooks: object) -> int:
            return 0

    made = Once()
    monkeypatch.setattr(announcer, "announcer", lambda: made)
    error = ExecutionError(category=Category.MODEL, type="Odd", message="")
    ended = execution().model_copy(
        update={
            "status": Status.FAILED,
            "attempt": 2,
            "error": error,
            "usage": Usage(model_calls=3, total_tokens=70),
            "started_at": NOW + timedelta(seconds=5),
            "ended_at": NOW + timedelta(seconds=65),
        }
    )

    def changes_in(event: object, unreadable: object) -> list[Execution]:
        return [ended]

    monkeypatch.setattr(announcer, "changes_in", changes_in)
    announcer.handler({"Records": []}, Context())
    first = sent(capsys)
    about = {"group_id": GROUP, "execution_id": ID}
    assert {"status": "FAILED", "Executions": [1.0], **about} in first
    assert {"category": "model", "ExecutionFailures": [1.0], **about} in first
    [times] = [line for line in first if "ExecutionSeconds" in line]
    assert (times["ExecutionSeconds"], times["StartSeconds"], times["AttemptsPerExecution"]) == ([65.0], [5.0], [2.0])
    assert (times["ModelCalls"], times["Tokens"], "ModelUsd" in times) == ([3.0], [70.0], False)
    announcer.handler({"Records": []}, Context())
    assert sent(capsys) == [{"ChangesAnnounced": [1.0]}]


def test_the_sink_tells_how_late_it_is_and_what_agents_and_tools_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FixedClock()
    clock.at = NOW + timedelta(seconds=3)
    monkeypatch.setattr(wiring, "clock", lambda: clock)

    def event(number: int, event_type: str, **more: Any) -> TraceEvent:
        own = {"execution_id": ID, "group_id": GROUP, "attempt": 1, "sequence": number, "emitted_at": NOW}
        return TraceEvent.model_validate({**own, "event_type": event_type, "event_source": EventSource.TOOL, **more})

    sink.measure(
        [
            event(1, "tool_usage_started"),
            event(2, "tool_usage_completed"),
            event(3, "tool_usage_failed"),
            event(4, "tool_failure"),  # the same once more
            event(5, "tool_usage_completed"),
            event(6, "tool_failure"),  # this one raised nothing
            event(7, "tool_usage_completed", trace_metadata={"replayed": True}),
            event(8, "tool_failure", trace_metadata={"replayed": True}),
            event(9, "llm_call_failed"),
            event(10, "agent_execution_completed", duration_ms=1500.0),
        ]
    )
    sink.metrics.send()
    assert sent(capsys) == [
        {
            "TraceEventsRecorded": [10.0],
            "TraceLag": [3.0],
            "ToolCalls": [1.0, 1.0, 1.0],
            "ToolFailures": [2.0],
            "ModelFailures": [1.0],
            "AgentSeconds": [1.5],
        }
    ]
