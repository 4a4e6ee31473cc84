"""Each line that a function logs names the group and the execution it is about, and the attempt where there is one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, TRACEPARENT, Aws, emulated_aws, execution, submission
from tests.fakes.orchestrator import FakeOrchestrator
from tests.unit.api.harness import Harness as Api
from tests.unit.api.harness import api_harness, body
from tests.unit.functions.test_reconciler import Minutes
from tests.unit.functions.test_trace_sink import ROLE, Context, batch, message
from tests.unit.services.reconciling import Harness, MovableClock

from stepcrew.aws.items import item, plain
from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Status
from stepcrew.domain.senders import TraceSenders
from stepcrew.domain.webhook import WebhookMessage
from stepcrew.function_log import function_logger
from stepcrew.log_context import about
from stepcrew.services.send_trace import Sent
from stepcrew_announcer import handler as announcer
from stepcrew_exporter import handler as exporter
from stepcrew_reconciler import handler as reconciler
from stepcrew_trace_sink import handler as trace_sink
from stepcrew_trace_sink import wiring
from stepcrew_trigger import handler as trigger
from stepcrew_webhook_sender import handler as webhook_sender

FUNCTIONS = Path(__file__).parents[3] / "functions"
OF_EXECUTION: dict[str, object] = {"group_id": GROUP, "execution_id": ID}
OF_ATTEMPT: dict[str, object] = {**OF_EXECUTION, "attempt": 1}


def says_something(*_: object) -> Any:
    """As a module of the core does, which knows nothing of what its caller is about."""
    logging.getLogger("stepcrew.services.anything").warning("inside")


def does_nothing(*_: object) -> int:
    return 0


class Log:
    """Reads the lines that a function writes while it is called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def of(self, logger: Any, call: Callable[[], object]) -> list[dict[str, Any]]:
        written = io.StringIO()
        for each in (logger, logging.getLogger("stepcrew")):
            writers: list[Any] = [one for one in each.handlers if type(one) is logging.StreamHandler]
            for handler in writers:
                self._patch.setattr(handler, "stream", written)
        call()
        return [json.loads(line) for line in dict.fromkeys(written.getvalue().splitlines())]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(monkeypatch)


@pytest.fixture
def aws() -> Generator[Aws]:
    """With an execution whose first attempt runs."""
    with emulated_aws() as emulated:
        emulated.executions.create(execution(), submission(), None)
        emulated.executions.begin_attempt(GROUP, ID, NOW)
        yield emulated


def assert_about(lines: list[dict[str, Any]], keys: dict[str, Any], *messages: str) -> None:
    assert [line["message"] for line in lines] == list(messages)
    for line in lines:
        assert {name: line.get(name) for name in keys} == keys, line


def test_what_a_state_machine_asks_of_the_reconciler(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler, "reconciler", lambda: SimpleNamespace(keep_token=says_something))
    waits: dict[str, object] = {**OF_EXECUTION, "task_token": "t"}
    assert_about(log.of(reconciler.logger, lambda: reconciler.handler(waits, Minutes())), OF_EXECUTION, "inside")


def test_what_the_reconciler_ends(log: Log, monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    made = Harness(aws, FakeOrchestrator(), MovableClock())
    monkeypatch.setattr(reconciler, "reconciler", lambda: made)
    failed: dict[str, object] = {**OF_EXECUTION, "failure": {"error": "Runtime.ExitError", "cause": ""}}
    lines = log.of(reconciler.logger, lambda: reconciler.handler(failed, Minutes()))
    assert_about(lines, OF_ATTEMPT, "The execution was ended for its runner")


def test_what_a_sweep_cannot_see_to(log: Log, monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    orchestrator, clock = FakeOrchestrator(), MovableClock()
    made = Harness(aws, orchestrator, clock)
    clock.time, orchestrator.outages = NOW + timedelta(minutes=30), 9
    monkeypatch.setattr(reconciler, "reconciler", lambda: made)
    swept: dict[str, object] = {"detail-type": "Scheduled Event"}
    lines = log.of(reconciler.logger, lambda: reconciler.handler(swept, Minutes()))
    assert_about(lines[:1], OF_ATTEMPT, f"Execution {ID} could not be reconciled")


def test_a_message_of_the_trace_queue(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    class Out:
        def record(self, *_: object) -> None:
            says_something()
            raise PlatformUnavailable("The table did not answer.")

    monkeypatch.setattr(wiring, "traces", Out)
    monkeypatch.setattr(wiring, "senders", lambda: TraceSenders(ROLE, ""))
    records = {"Records": [message(1, batch(1, 2)), message(2, batch(1, 2), "other", "AROA:nobody")]}

    def call() -> None:
        with pytest.raises(Exception, match="All records failed"):
            trace_sink.handler(records, Context())

    told = ("inside", "A message was not stored; the queue brings it again")
    lines = log.of(trace_sink.logger, call)
    assert_about(lines[:3], OF_ATTEMPT, *told, "A message was not sent by an attempt of its execution")


def test_a_delivery_of_a_webhook(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "sender", lambda: SimpleNamespace(send=says_something))
    sent = WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(execution()))
    records: dict[str, Any] = {"Records": [{"messageId": "m", "receiptHandle": "r", "body": sent.model_dump_json()}]}
    lines = log.of(webhook_sender.logger, lambda: webhook_sender.handler(records, Context()))
    assert_about(lines[:1], {**OF_EXECUTION, "webhook": "ops", "delivery_id": sent.delivery_id}, "inside")


def test_an_export(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Sent:
        says_something()
        return Sent(failure="Invalid.", is_final=True)

    made = SimpleNamespace(send=refused, queue=SimpleNamespace(keep=does_nothing))
    monkeypatch.setattr(exporter, "exporter", lambda: made)
    record = {"messageId": "m", "body": json.dumps(OF_EXECUTION), "attributes": {"ApproximateReceiveCount": "1"}}
    lines = log.of(exporter.logger, lambda: exporter.handler({"Records": [record]}, Context()))
    assert_about(lines, OF_EXECUTION, "inside", "The collector refused a trace")


def test_a_change_that_is_announced(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = execution().model_copy(update={"status": Status.FAILED, "attempt": 1, "ended_at": NOW})
    nothing = SimpleNamespace(put=does_nothing, tell=does_nothing)
    uses: dict[str, object] = dict.fromkeys(("fill_slots", "tell_webhooks", "tell_work", "count_usage"), does_nothing)
    uses |= {"bus": nothing, "watch_budgets": nothing, "end_row": SimpleNamespace(of_execution=says_something)}
    made = SimpleNamespace(**uses)
    monkeypatch.setattr(announcer, "announcer", lambda: made)
    image = item({"SK": "EXECUTION", **plain(ended)})
    record = {"dynamodb": {"NewImage": image, "OldImage": item({"status": "RUNNING"})}}
    lines = log.of(announcer.logger, lambda: announcer.handler({"Records": [record]}, Context()))
    assert_about(lines[:2], OF_ATTEMPT, "inside", "Status changed")


def test_a_cause_of_a_trigger(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigger, "triggers", lambda: SimpleNamespace(take_event=says_something))
    told = message(1, json.dumps({"group_id": GROUP, "trigger": "orders", "event": {"id": "e-1"}}))
    lines = log.of(trigger.logger, lambda: trigger.handler({"Records": [told]}, Context()))
    assert_about(lines, {"group_id": GROUP, "trigger": "orders"}, "inside")


def test_a_step_of_a_batch(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = SimpleNamespace(wait=says_something)
    monkeypatch.setattr(trigger, "triggers", lambda: SimpleNamespace(end_batch=ends))
    step = {"group_id": GROUP, "batch_id": "b-1", "round": 1, "task_token": "t"}
    lines = log.of(trigger.logger, lambda: trigger.handler(step, Context()))
    assert_about(lines, {"group_id": GROUP, "batch_id": "b-1"}, "inside")


def test_requests_of_the_api(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "api")
    logger, made = function_logger(), list[str]()

    def refuse(*_: object) -> None:
        raise RuntimeError("a bug")

    def call(api: Api) -> None:
        client = api.client()
        accepted = client.post("/executions", json=body(), headers={"traceparent": TRACEPARENT})
        made.append(accepted.json()["execution_id"])
        assert client.get(f"/executions/{made[0]}").json()["traceparent"] == TRACEPARENT
        monkeypatch.setattr(type(api.aws.executions), "get", refuse)
        assert client.get(f"/executions/{made[0]}").status_code == 500

    with api_harness() as api:
        lines = log.of(logger, lambda: call(api))
    assert_about(lines, {"group_id": GROUP, "execution_id": made[0]}, "Execution accepted", "Unexpected error")
    assert lines[0]["trace_id"] == "a" * 32


def test_what_a_line_says_itself_goes_before_and_what_is_around_stays(log: Log) -> None:
    def call() -> None:
        with about(group_id=GROUP), about(execution_id=ID, attempt=None):
            reconciler.logger.info("own", extra={"execution_id": "other"})
        reconciler.logger.info("outside")

    inside, outside = log.of(reconciler.logger, call)
    assert (inside["group_id"], inside["execution_id"], "attempt" in inside) == (GROUP, "other", False)
    assert "group_id" not in outside


def test_every_function_has_a_log_of_this_kind() -> None:
    """But that of a group's own tool, which writes none."""
    handlers = {
        one: one.read_text() for one in FUNCTIONS.glob("*/stepcrew_*/*handler.py") if one.stem != "tool_handler"
    }
    assert len(handlers) >= 8
    assert [str(one) for one, source in handlers.items() if "= function_logger(" not in source] == []
