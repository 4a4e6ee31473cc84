"""Callbacks of an execution: what the table's stream tells of, who is told, what is posted, and when it ends."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from pydantic import JsonValue
from tests.aws_table import GROUP, ID, NOW, TABLE, emulated_aws, execution, submission
from tests.fakes.secrets import FakeSecrets
from tests.fakes.webhooks import FakeMailer, FakePoster, FakeWebhookQueue

from stepcrew.aws import keys
from stepcrew.aws.items import item
from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.domain.callback import CALLBACK_KINDS, CallbackKind, CallbackTerms, callback_name
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Status, TaskOutput, TaskState, Usage
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew.domain.webhook import WAITS, Answer, DeliveryState, Webhook
from stepcrew.services.send_webhook import SendWebhook
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.services.write_callback import WriteCallback
from stepcrew_announcer.changes import changes_in, work_in

META: dict[str, JsonValue] = {"requestId": "r-1"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OUTPUT = TaskOutput(
    index=0,
    name="haiku",
    agent_role="Poet",
    description="Write a haiku about rain in the old town of Kyoto at night.",
    expected_output="A haiku",
    raw="Rain.",
    json_dict={"lines": 3},
    ended_at=NOW,
)


class Harness:
    """An execution with all three callbacks, and what happens to its items."""

    def __init__(self, kinds: Sequence[CallbackKind] = CALLBACK_KINDS, secret: str | None = None) -> None:
        with_aws = emulated_aws()
        self.aws = with_aws.__enter__()
        self.close = with_aws.__exit__
        self.webhooks = TableWebhooks(self.aws.clients, TABLE, 30)
        self.queue, self.undelivered, self.poster = FakeWebhookQueue(), FakeWebhookQueue(), FakePoster()
        self.tell = TellWebhooks(self.webhooks, self.queue)
        self.secrets = FakeSecrets()
        self.send = SendWebhook(
            *(self.webhooks, self.secrets, self.aws.approvals, ParameterLinkKeys(self.aws.clients, "/stepcrew/test")),
            *(self.poster, FakeMailer(), self.undelivered),
            WriteCallback(self.aws.executions, self.aws.tasks, self.aws.traces, "https://api"),
            *(self.aws.clock, "https://console", "https://api"),
        )
        for kind in kinds:
            terms = CallbackTerms(execution_id=ID, kind=kind, meta=META)
            webhook = Webhook(
                name=callback_name(ID, kind),
                url=f"https://hooks.example.com/{kind}?token=t0ken",
                secret=secret,
                created_at=NOW,
                updated_at=NOW,
                callback=terms,
            )
            assert self.webhooks.save(GROUP, webhook, seen=None)
        made = execution().model_copy(update={"callbacks": list(kinds)})
        self.aws.executions.create(made, submission(), None)
        self.begun = self.aws.executions.begin_attempt(GROUP, ID, NOW)

    def stream(self) -> dict[str, Any]:
        """Every item of the execution, as the stream shows a new one that its filter passes on."""
        partition = {":key": {"S": keys.execution(GROUP, ID)}}
        found = self.aws.clients.dynamodb.query(
            TableName=TABLE, KeyConditionExpression="PK = :key", ExpressionAttributeValues=partition
        )["Items"]
        before = item({"status": Status.RUNNING})
        return {
            "Records": [
                {"dynamodb": {"NewImage": one, **({"OldImage": before} if "status" in one else {})}}
                for one in found
                if "callback" in one or "status" in one
            ]
        }

    def announced(self) -> int:
        event = self.stream()
        return self.tell.of_work(work_in(event, fail)) + self.tell(changes_in(event, fail))

    def posted(self) -> list[tuple[str, dict[str, Any]]]:
        """What all that waits in the queue leads to: the last part of the address and the body."""
        for message in self.queue.waiting:
            self.send(message)
        return [(url.split("/")[3].split("?")[0], json.loads(body)) for url, _, body in self.poster.posted]

    def record(self, *events: dict[str, Any], attempt: int = 1) -> None:
        common: dict[str, Any] = {"execution_id": ID, "group_id": GROUP, "attempt": attempt, "emitted_at": NOW}
        common |= {"agent_role": "Poet", "task_name": "haiku", "event_source": EventSource.AGENT}
        made = [TraceEvent(sequence=number, **common, **fields) for number, fields in enumerate(events, start=1)]
        self.aws.traces.record(GROUP, ID, made, [])

    def state(self, kind: CallbackKind) -> list[DeliveryState]:
        found = self.webhooks.deliveries(GROUP, callback_name(ID, kind), before=None, limit=100)
        return [one.state for one in found]

    def finish(self, status: Status = Status.COMPLETED, **changes: Any) -> Execution:
        return self.aws.executions.finish(
            self.begun, status, message="", now=NOW, traces_emitted=0, usage=Usage(total_tokens=30), **changes
        )


def fail(record: dict[str, Any]) -> None:
    raise AssertionError(record)


@pytest.fixture
def harness() -> Generator[Harness]:
    made = Harness()
    yield made
    made.close(None, None, None)


STEPS: list[dict[str, Any]] = [
    {"event_type": "agent_execution_started", "output": "Write about rain."},
    {"event_type": "llm_call_completed", "output": "I should look it up.", "parent_sequence": 1},
    {"event_type": "tool_usage_started", "parent_sequence": 1},
    {
        "event_type": "tool_usage_completed",
        "parent_sequence": 1,
        "started_sequence": 3,
        "output": "Wet.",
        "extra_data": {"tool_name": "search", "tool_args": {"query": "rain"}},
    },
    {"event_type": "agent_execution_completed", "started_sequence": 1, "output": "Rain."},
]


def test_steps_tasks_and_the_end_are_told_as_crewai_documents_it(harness: Harness) -> None:
    harness.record(*STEPS)
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.finish()
    assert harness.announced() == 4
    used, answered, task, end = sorted(harness.posted(), key=lambda one: ("step", "task", "crew").index(one[0]))
    about = {"kickoff_id": ID, "meta": META}
    assert used[1] == {
        "prompt": "Write about rain.",
        "thought": "I should look it up.",
        "tool": "search",
        "tool_input": {"query": "rain"},
        "result": "Wet.",
        **about,
    }
    assert (answered[1]["tool"], answered[1]["result"]) == (None, "Rain.")
    assert task[1] == {
        "description": OUTPUT.description,
        "name": "haiku",
        "expected_output": "A haiku",
        "summary": "Write a haiku about rain in the old town of...",
        "agent": "Poet",
        "output": "Rain.",
        "output_json": {"lines": 3},
        **about,
    }
    assert end[1] == {
        "result": "Rain.",
        "result_json": {"lines": 3},
        "token_usage": {"total_tokens": 30, "prompt_tokens": 0, "completion_tokens": 0},
        "status": "completed",
        "error": None,
        **about,
    }


def test_the_queue_has_references_only_and_the_stream_told_again_posts_nothing_more(harness: Harness) -> None:
    harness.record(*STEPS)
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.finish()
    for _ in range(2):
        harness.announced()
        assert len(harness.posted()) == 4
    told = "".join(one.model_dump_json() for one in harness.queue.sent)
    assert not [text for text in ("Rain", "Wet", "t0ken", "r-1") if text in told]


def test_a_step_that_the_next_attempt_comes_to_again_is_told_once_and_a_lost_one_then(harness: Harness) -> None:
    harness.record(*STEPS[:4])
    harness.announced()
    # The runner died before it told of the answer; the next attempt is answered from the journal.
    harness.record(*[{**step, "trace_metadata": {"replayed": True}} for step in STEPS], attempt=2)
    harness.announced()
    assert [body["result"] for _, body in harness.posted()] == ["Wet.", "Rain."]


def test_a_task_that_is_done_again_is_told_again_and_a_skipped_one_is_not(harness: Harness) -> None:
    skipped = OUTPUT.model_copy(update={"index": 1, "state": TaskState.SKIPPED, "ended_at": None})
    harness.aws.tasks.save_task_output(harness.begun, skipped)
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.announced()
    harness.posted()
    again = harness.aws.executions.begin_attempt(GROUP, ID, NOW)
    harness.aws.tasks.save_task_output(again, OUTPUT.model_copy(update={"raw": "More rain.", "attempt": 2}))
    harness.announced()
    assert [body["output"] for _, body in harness.posted()] == ["Rain.", "More rain."]


def test_a_failed_crew_is_told_with_its_error(harness: Harness) -> None:
    error = ExecutionError(category=Category.MODEL, type="Refused", message="No key.", retryable=False)
    harness.finish(Status.FAILED, error=error)
    harness.announced()
    [(_, body)] = harness.posted()
    assert (body["status"], body["error"], body["result"]) == ("error", "No key.", None)


def test_only_what_an_address_was_named_for_is_told() -> None:
    harness = Harness(["crew"])
    harness.record(*STEPS)
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.finish()
    assert harness.announced() == 1
    assert [kind for kind, _ in harness.posted()] == ["crew"]
    harness.close(None, None, None)


def test_a_large_output_is_told_by_its_beginning_and_its_address(harness: Harness) -> None:
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT.model_copy(update={"raw": "x" * 200_000}))
    harness.announced()
    [(_, body)] = harness.posted()
    assert body["output"].startswith("xxx")
    assert body["output"].endswith(f"… (whole: https://api/api/v1/executions/{ID}/tasks/0/output)")


def test_an_address_that_takes_nothing_for_a_day_is_given_up_with_what_waits_behind(harness: Harness) -> None:
    harness.record(*STEPS)
    harness.announced()
    first, second = harness.queue.waiting
    assert first.order == second.order
    harness.poster.answers = [Answer(status=500)] * (len(WAITS) + 1)
    for wait in WAITS:
        harness.send(first)
        harness.aws.clock.at += wait
    assert harness.send(first) is None
    assert harness.send(second) is None
    assert sorted(harness.state("step")) == [DeliveryState.FAILED, DeliveryState.SKIPPED]
    assert len(harness.poster.posted) == len(WAITS) + 1


def test_what_is_tried_again_is_posted_as_at_the_first_time(harness: Harness) -> None:
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.announced()
    harness.poster.answers = [Answer(status=500)]
    [message] = harness.queue.waiting
    assert harness.send(message) == WAITS[0]
    again = harness.aws.executions.begin_attempt(GROUP, ID, NOW)
    harness.aws.tasks.save_task_output(again, OUTPUT.model_copy(update={"raw": "More rain.", "attempt": 2}))
    harness.aws.clock.at += WAITS[0]
    harness.send(message)
    assert len({body for _, _, body in harness.poster.posted}) == 1


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_was_deleted_meanwhile_is_not_posted(harness: Harness, is_deleted: bool) -> None:
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.announced()
    harness.finish()
    if is_deleted:
        gone = harness.aws.executions.delete(GROUP, ID)
        assert gone["webhooks"] == 3
    else:
        place = item({"PK": keys.execution(GROUP, ID), "SK": keys.task(0)})
        harness.aws.clients.dynamodb.delete_item(TableName=TABLE, Key=place)
    assert harness.posted() == []
    assert harness.state("task") == ([] if is_deleted else [DeliveryState.SKIPPED])


def test_deliveries_go_with_their_execution_and_lie_where_no_attempt_reaches(harness: Harness) -> None:
    harness.aws.tasks.save_task_output(harness.begun, OUTPUT)
    harness.announced()
    harness.posted()
    assert keys.callbacks(GROUP, ID) != keys.execution(GROUP, ID)
    assert not keys.callbacks(GROUP, ID).startswith(keys.execution(GROUP, ID))
    harness.finish()
    assert harness.aws.executions.delete(GROUP, ID)["deliveries"] == 1
    assert harness.state("task") == []


def test_deliveries_are_signed_where_the_group_has_the_secret() -> None:
    harness = Harness(["crew"], secret="WEBHOOK_AMP")
    harness.secrets.groups[GROUP, "WEBHOOK_AMP"] = SECRET
    harness.finish()
    harness.announced()
    harness.posted()
    [(_, headers, _)] = harness.poster.posted
    assert "webhook-signature" in headers
    harness.close(None, None, None)
