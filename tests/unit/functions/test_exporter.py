"""What the exporter makes of the messages of its queue, and which messages the sink puts there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.aws_table import GROUP, ID, emulated_aws, execution, submission
from tests.unit.domain.test_otlp import event
from tests.unit.functions.test_trace_sink import ROLE, Context, deliver, message

from stepcrew.aws.export_queue import SqsExportQueue
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.exporting import ExportMessage, TracePart
from stepcrew.domain.senders import TraceSenders
from stepcrew.domain.trace import TraceBatch
from stepcrew.services.send_trace import Sent
from stepcrew_exporter import handler as exporter
from stepcrew_trace_sink import wiring as sink

MESSAGE = ExportMessage(group_id=GROUP, execution_id=ID)
PART = ExportMessage(group_id=GROUP, execution_id=ID, part=TracePart(attempt=1, first=1, last=2))


class Exports:
    """What the handler works with, remembering."""

    def __init__(self) -> None:
        self.answer = Sent(spans=5)
        self.sent: list[tuple[ExportMessage, int]] = []
        self.hidden: list[tuple[str, int]] = []
        self.kept: list[str] = []
        self.queue = self

    def send(self, message: ExportMessage, tries: int) -> Sent:
        self.sent.append((message, tries))
        return self.answer

    def hide(self, receipt: str, seconds: int) -> None:
        self.hidden.append((receipt, seconds))

    def keep(self, body: str) -> None:
        self.kept.append(body)


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> Exports:
    made = Exports()
    monkeypatch.setattr(exporter, "exporter", lambda: made)
    return made


def call(body: str, tries: int = 1) -> list[str]:
    record = {"messageId": "m", "receiptHandle": "r", "body": body}
    attributes: dict[str, Any] = {"ApproximateReceiveCount": str(tries)}
    answer = exporter.handler({"Records": [{**record, "attributes": attributes}]}, Context())
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_what_was_taken_leaves_the_queue(exports: Exports) -> None:
    assert call(PART.model_dump_json()) == []
    assert (exports.sent, exports.hidden, exports.kept) == ([(PART, 1)], [], [])


def test_what_was_not_taken_waits_longer_each_time(exports: Exports) -> None:
    exports.answer = Sent(failure="Busy.", retry_after=20)
    assert call(MESSAGE.model_dump_json(), 1) == call(MESSAGE.model_dump_json(), 4) == ["m"]
    assert exports.hidden == [("r", 20), ("r", 40)]


def test_what_the_collector_left_out_is_counted_and_logged(
    exports: Exports, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    exports.answer = Sent(spans=3, rejected=2, remark="too old")
    assert call(MESSAGE.model_dump_json()) == []
    assert '"SpansRejected":[2.0]' in capsys.readouterr().out
    assert "The collector left spans out, or warned" in caplog.text


def test_what_a_collector_took_of_a_message_that_is_tried_again_counts_once(
    exports: Exports, capsys: pytest.CaptureFixture[str]
) -> None:
    exports.answer = Sent(spans=512, rejected=2, failure="Busy.")
    assert call(MESSAGE.model_dump_json()) == ["m"]
    assert '"ExportsPutOff"' in (put_off := capsys.readouterr().out)
    assert "Spans" not in put_off
    exports.answer = Sent(spans=600, rejected=2)
    assert call(MESSAGE.model_dump_json(), 2) == []
    assert '"SpansExported":[600.0]' in capsys.readouterr().out
    exports.answer = Sent(spans=512, failure="Invalid.", is_final=True)
    assert call(MESSAGE.model_dump_json()) == []
    assert '"SpansExported":[512.0]' in capsys.readouterr().out


@pytest.mark.parametrize("body", [MESSAGE.model_dump_json(), "{}", "no message"])
def test_what_is_refused_for_good_or_cannot_be_read_is_kept_for_a_person(exports: Exports, body: str) -> None:
    exports.answer = Sent(failure="Invalid.", is_final=True)
    assert call(body) == []
    assert exports.kept == [body]


def batch() -> str:
    events = [event(1, "task_started", "task"), event(2, "task_completed", "task", started_sequence=1)]
    return TraceBatch(group_id=GROUP, execution_id=ID, attempt=1, events=events).model_dump_json()


def test_the_sink_tells_of_a_task_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with emulated_aws() as aws:
        aws.executions.create(execution(), submission(), None)
        url = aws.clients.sqs.create_queue(QueueName="exports")["QueueUrl"]
        monkeypatch.setattr(sink, "traces", lambda: aws.traces)
        monkeypatch.setattr(sink, "senders", lambda: TraceSenders(ROLE, ""))
        monkeypatch.setattr(sink, "export_queue", lambda: SqsExportQueue(aws.clients, url))
        assert deliver(message(1, batch())) == []
        [told] = aws.clients.sqs.receive_message(QueueUrl=url)["Messages"]
    assert ExportMessage.model_validate_json(told["Body"]) == PART  # pyright: ignore[reportTypedDictNotRequiredAccess]


def test_a_queue_of_exports_that_does_not_answer_holds_up_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    class Out:
        def send(self, _: ExportMessage) -> None:
            raise PlatformUnavailable("The queue is away.")

    with emulated_aws() as aws:
        aws.executions.create(execution(), submission(), None)
        monkeypatch.setattr(sink, "traces", lambda: aws.traces)
        monkeypatch.setattr(sink, "senders", lambda: TraceSenders(ROLE, ""))
        monkeypatch.setattr(sink, "export_queue", Out)
        assert deliver(message(1, batch())) == []
        assert len(aws.traces.events(GROUP, ID, after=(0, 0), limit=9)) == 2
