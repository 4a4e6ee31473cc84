"""Alarms watch metrics that something really writes, and the operator finds each of them in the documentation."""

from __future__ import annotations

from typing import Any

from tests.template.reading import of_type

from stepcrew_local.layout import ROOT

ALARM = "AWS::CloudWatch::Alarm"


def test_an_alarm_on_a_metric_of_our_own_watches_one_that_its_function_writes(template: dict[str, Any]) -> None:
    namespace = template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    own = {name: alarm for name, alarm in of_type(template, ALARM).items() if alarm["Namespace"] == namespace}
    functions = of_type(template, "AWS::Serverless::Function")
    services = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: function["CodeUri"]
        for function in functions.values()
        if "CodeUri" in function
    }

    assert "TraceMessagesRefusedAlarm" in own
    for name, alarm in own.items():
        [dimension] = alarm["Dimensions"]
        assert dimension["Name"] == "service", name
        sources = (ROOT / services[dimension["Value"]]).rglob("*.py")
        written = any(f'"{alarm["MetricName"]}"' in source.read_text() for source in sources)
        assert written, f"{name}: nothing in {dimension['Value']} writes {alarm['MetricName']}"


def test_the_operator_reads_what_to_do_about_each_alarm(template: dict[str, Any]) -> None:
    told = (ROOT / "docs/operations.md").read_text()
    named = {
        "TraceDeadLetterAlarm": "alarm on the dead-letter queue",
        "TriggerDeadLetterAlarm": "alarm `TriggerDeadLetter`",
        "AnnouncementDeadLetterAlarm": "alarm `AnnouncementDeadLetter`",
        "WebhookDeadLetterAlarm": "alarm `WebhookDeadLetter`",
        "ReconcilerFailingAlarm": "`ReconcilerFailing`",
    }

    for name, alarm in of_type(template, ALARM).items():
        assert named.get(name, f"alarm `{alarm['MetricName']}`") in told, name
        assert "If" in str(alarm["AlarmActions"]), name
