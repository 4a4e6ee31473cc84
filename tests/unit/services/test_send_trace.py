"""What of a trace the collector gets, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, emulated_aws, execution, submission
from tests.fakes.collector import FakeCollector
from tests.unit.domain.test_otlp import story

from stepcrew.domain.execution import Status
from stepcrew.domain.exporting import TRIES_FOR_THE_REST, CollectorAnswer, ExportMessage, TracePart
from stepcrew.services import read_trace, send_trace
from stepcrew.services.send_trace import SendTrace

WHOLE = ExportMessage(group_id=GROUP, execution_id=ID)
PART = ExportMessage(group_id=GROUP, execution_id=ID, part=TracePart(attempt=1, first=2, last=6))
ALL = ["invoke_workflow haiku", "task haiku", "invoke_agent Poet", "chat gpt-4.1-mini", "execute_tool SearchTool"]


class Harness(NamedTuple):
    aws: Aws
    collector: FakeCollector
    send: SendTrace

    def end(self, emitted: int = 8) -> None:
        running = self.aws.executions.get(GROUP, ID)
        self.aws.executions.finish(running, Status.COMPLETED, message="", now=NOW, traces_emitted=emitted)


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        aws.executions.create(execution(), submission(), None)
        aws.executions.begin_attempt(GROUP, ID, NOW)
        aws.traces.record(GROUP, ID, story(), [])
        collector = FakeCollector()
        yield Harness(aws, collector, SendTrace(aws.executions, aws.traces, collector))


def test_what_ended_is_sent_whole_and_again_with_the_same_ids(harness: Harness) -> None:
    harness.end()
    assert harness.send(WHOLE, 1).spans == 5
    assert harness.send(WHOLE, 2).spans == 5
    assert harness.collector.names == [ALL, ALL]
    assert harness.collector.taken[0] == harness.collector.taken[1]


def test_of_what_goes_on_only_what_is_over_is_sent(harness: Harness) -> None:
    assert harness.send(WHOLE, 1).spans == 3
    assert harness.collector.names == [ALL[2:]]
    early = harness.collector.taken[0]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    harness.end()
    harness.send(WHOLE, 1)
    assert harness.collector.taken[1]["resourceSpans"][0]["scopeSpans"][0]["spans"][2:] == early


def test_a_part_is_read_and_sent_alone(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_trace, "AT_ONCE", 2)
    assert harness.send(PART, 1).spans == 2
    assert harness.collector.names == [ALL[3:]]
    harness.end()  # it is not sent as a whole for that
    assert harness.send(PART, 1).spans == 2


def test_a_long_trace_comes_in_several_requests(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_trace, "MOST_SPANS", 2)
    harness.end()
    assert harness.send(WHOLE, 1).spans == 5
    assert harness.collector.names == [ALL[:2], ALL[2:4], ALL[4:]]


def test_an_end_waits_for_its_last_events_but_not_for_ever(harness: Harness) -> None:
    harness.end(emitted=9)
    assert "not recorded yet" in harness.send(WHOLE, 1).failure
    assert harness.collector.taken == []
    assert harness.send(WHOLE, TRIES_FOR_THE_REST).spans == 5


@pytest.mark.parametrize(
    ("answer", "told", "is_final"),
    [
        *((CollectorAnswer(n, "Busy"), f"The collector answered {n}: Busy", False) for n in (429, 502, 503, 504)),
        *((CollectorAnswer(n, "What?"), f"The collector answered {n}: What?", True) for n in (307, 400, 401, 415, 500)),
        (CollectorAnswer(None, "No answer: OSError"), "No answer: OSError", False),
    ],
)
def test_what_the_collector_does_not_take_is_said(
    harness: Harness, answer: CollectorAnswer, told: str, is_final: bool
) -> None:
    harness.end()
    harness.collector.answers = [answer]
    sent = harness.send(WHOLE, 1)
    assert (sent.failure, sent.is_final) == (told, is_final)


def test_what_the_collector_leaves_out_is_counted_and_remarked(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_trace, "MOST_SPANS", 2)
    harness.end()
    harness.collector.answers = [CollectorAnswer(200, "too old", rejected=2), CollectorAnswer(200, rejected=1)]
    assert harness.send(WHOLE, 1) == send_trace.Sent(spans=2, rejected=3, remark="too old")


def test_a_collector_that_left_out_more_than_it_got_left_out_that(harness: Harness) -> None:
    harness.end()
    harness.collector.answers = [CollectorAnswer(200, rejected=10**9)]
    all_left_out = harness.send(WHOLE, 1)
    harness.collector.answers = [CollectorAnswer(200, rejected=-10)]
    assert harness.send(WHOLE, 1) == send_trace.Sent(spans=all_left_out.rejected)
    assert all_left_out.spans == 0


def test_the_collector_says_when_it_wants_the_next_try(harness: Harness) -> None:
    harness.end()
    harness.collector.answers = [CollectorAnswer(429, retry_after=90)]
    assert harness.send(WHOLE, 1).retry_after == 90


def test_of_what_was_deleted_nothing_is_sent(harness: Harness) -> None:
    sent = harness.send(WHOLE.model_copy(update={"execution_id": "01936a3c-0000-7000-8000-0000000000ff"}), 1)
    assert sent == send_trace.Sent()
