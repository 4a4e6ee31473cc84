"""Alarms and the dashboard show metrics that something really writes, and the operator finds each alarm in the
documentation."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.template.reading import metrics_of, of_type

from stepcrew.metric_names import METRICS
from stepcrew_local.layout import ROOT

ALARM = "AWS::CloudWatch::Alarm"
OWN = {"Fn::Sub": "Stepcrew/${AWS::StackName}"}
RUNBOOK = (ROOT / "docs/operations.md").read_text().partition("\n## Alarms\n")[2].partition("\n## ")[0]


def assert_written(name: str, metric: str, dimensions: dict[str, str]) -> None:
    known = METRICS[metric]
    expected = {"service": known.service} | ({known.dimension: dimensions[known.dimension]} if known.dimension else {})
    assert dimensions == expected, name
    assert not known.dimension or dimensions[known.dimension] in known.values, name


def test_an_alarm_on_a_metric_of_our_own_watches_one_that_its_function_writes(template: dict[str, Any]) -> None:
    assert template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"] == OWN
    found = [
        (name, one)
        for name, alarm in of_type(template, ALARM).items()
        for one in metrics_of(alarm)
        if one["Namespace"] == OWN
    ]
    assert {"TraceMessagesRefusedAlarm", "FailureRateAlarm"} <= {name for name, _ in found}
    for name, one in found:
        assert_written(name, one["MetricName"], {each["Name"]: each["Value"] for each in one["Dimensions"]})


def test_every_alarm_is_named_after_the_stack_and_tells_who_wants_to_hear(template: dict[str, Any]) -> None:
    for name, alarm in of_type(template, ALARM).items():
        words = re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Alarm")).lower()
        assert alarm["AlarmName"] == {"Fn::Sub": f"${{AWS::StackName}}-{words}"}, name
        assert "If" in str(alarm["AlarmActions"]), name


def test_the_runbook_has_symptom_place_and_remedy_for_every_alarm_and_no_other(template: dict[str, Any]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in RUNBOOK.splitlines() if line[:3] == "| `"
    ]
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    told = {row[0].strip("| `") for row in rows}
    assert told == {name.removesuffix("Alarm") for name in of_type(template, ALARM)}


@pytest.fixture
def widgets(template: dict[str, Any]) -> list[dict[str, Any]]:
    body, own = of_type(template, "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    for name, chosen in own.items():
        [with_export, without] = chosen["Fn::If"][1:]
        assert without == ""
        body = body.replace(f"${{{name}}}", with_export["Fn::Sub"])
    return [one["properties"] for one in json.loads(body)["widgets"]]


def test_the_dashboard_shows_every_alarm(template: dict[str, Any], widgets: list[dict[str, Any]]) -> None:
    [alarms] = [one["alarms"] for one in widgets if "alarms" in one]
    assert set(alarms) == {f"${{{name}.Arn}}" for name in of_type(template, ALARM)}


def test_the_dashboard_shows_the_dead_letters_of_every_queue(
    template: dict[str, Any], widgets: list[dict[str, Any]]
) -> None:
    [shown] = [one["metrics"] for one in widgets if one.get("title") == "Dead letters"]
    queues = [name for name in of_type(template, "AWS::SQS::Queue") if name.endswith("DeadLetterQueue")]
    assert {line[3] for line in shown} == {f"${{{name}.QueueName}}" for name in queues}


def test_the_dashboard_asks_the_apis_log_for_its_routes_as_the_document_says(widgets: list[dict[str, Any]]) -> None:
    [query] = [one["query"] for one in widgets if "query" in one]
    source, _, asked = query.partition(" | ")
    assert source == "SOURCE '${ApiLogGroup}'"
    assert asked in " ".join((ROOT / "docs/operations.md").read_text().split())


def test_the_dashboard_shows_metrics_that_functions_write(widgets: list[dict[str, Any]]) -> None:
    lines: list[list[Any]] = [line for one in widgets for line in one.get("metrics", [])]
    own = [line for line in lines if line[0] == OWN["Fn::Sub"]]
    assert len(own) > 10
    for _, metric, *rest in own:
        texts: list[str] = [part for part in rest if isinstance(part, str)]
        assert_written(metric, metric, dict(zip(texts[::2], texts[1::2], strict=True)))
    searched = [re.search(r",(\w+),service\} MetricName=\"(\w+)\"", str(line[0])) for line in lines if len(line) == 1]
    assert {(found[2], found[1]) for found in searched if found} == {
        (name, METRICS[name].dimension) for name in ("ExecutionFailures", "ApiMilliseconds")
    }
