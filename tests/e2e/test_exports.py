"""A collector of traces beside a stack that is told of it: what it gets by itself, and when."""

from __future__ import annotations

import gzip
import json
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from scripted_model import scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.conftest import RECEIVER_PORT
from tests.e2e.receiver import Received, Receiver, Reply, receiving
from tests.e2e.user import PATIENCE_SECONDS, User, crew, task


def unpacked(request: Received) -> bytes:
    assert request.headers["content-type"] == "application/x-protobuf"
    return gzip.decompress(request.body)


def spans(body: bytes) -> list[Span]:
    [resource] = ExportTraceServiceRequest.FromString(body).resource_spans
    return list(resource.scope_spans[0].spans)


def until_taken(collector: Receiver, text: bytes) -> bytes:
    """The first request with this text; the collector does not take the very first of all."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := [body for body in map(unpacked, collector.received[1:]) if text in body]):
        assert time.monotonic() < deadline, collector.received
        time.sleep(0.1)
    return found[0]


def until_measured(stack: Stack, function: str, *names: str) -> None:
    """Waits for these metrics in the function's log, where CloudWatch would find them."""
    file, deadline = stack.data / "logs" / f"{function}.log", time.monotonic() + PATIENCE_SECONDS
    while not set(names) <= {name for line in file.read_text().splitlines() for name in measured(line)}:
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.1)


def measured(line: str) -> list[str]:
    if '"_aws"' not in line:
        return []
    [directive] = json.loads(line)["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"].startswith("Stepcrew/")
    return [metric["Name"] for metric in directive["Metrics"]]


def test_a_trace_comes_by_itself_though_the_collector_was_out_at_first() -> None:
    with (
        receiving() as collector,
        scripted_model() as model,
        running_stack(
            StackOptions(
                port=0,
                model=external_model(model.url),
                environment={
                    "EXPORT_ENDPOINT": f"http://127.0.0.1:{RECEIVER_PORT}",
                    "OTLP_HEADERS": "authorization=Bearer%20KEY",
                },
            )
        ) as stack,
    ):
        collector.behave = lambda _, before: Reply(200 if before else 503)
        stack.wait_until_healthy()
        with User(stack.url, "ada") as ada:
            two = crew(task("First. [[say ONE]]", "first"), task("Ask me. [[say TWO]]", "asked", human_input=True))
            execution_id = ada.submit(two)
            ada.until(execution_id, lambda record: record["status"] == "WAITING")
            early = until_taken(collector, b"first")
            assert not any(b"invoke_workflow" in unpacked(one) for one in collector.received)
            assert ada.post(f"/executions/{execution_id}/feedback", json={"decision": "approve"}).status_code == 202
            ada.ended(execution_id)
            whole = until_taken(collector, b"invoke_workflow")
            packed = {"Accept": "application/x-protobuf"}
            assert "export" in {one["name"] for one in ada.get("/operator/stack").json()["queues"]}
            asked_for = ada.get(f"/executions/{execution_id}/otlp", headers=packed).content
        until_measured(stack, "ExporterFunction", "SpansExported", "ExportsPutOff")
        until_measured(stack, "AnnouncerFunction", "Executions", "ExecutionSeconds", "ExecutionsWaiting", "ModelCalls")
        until_measured(stack, "TraceSinkFunction", "TraceEventsRecorded", "TraceLag", "AgentSeconds")
        until_measured(stack, "RunnerFunction", "ExecutionsBegun", "Attempts", "AttemptSeconds", "MemoryUsed")
        alarms = {one["AlarmName"] for one in stack.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        assert {"stepcrew-local-export-dead-letter", "stepcrew-local-trace-lag"} <= alarms
    assert spans(whole) == spans(asked_for)
    assert all(span in spans(whole) for span in spans(early))
    assert {one.headers["authorization"] for one in collector.received} == {"Bearer KEY"}
    assert b"ONE" not in b"".join(unpacked(one) for one in collector.received)
